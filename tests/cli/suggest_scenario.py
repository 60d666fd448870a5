"""Where to look next: incidents that evidence may be of, with reasons; candidate links."""
import os

from pictures import jpeg
from scenario import FAILURE, NO, WRONG_KEY, Scenario, main

MAYADEEN = (35.017, 40.45)


class Suggestions(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.write("register.csv",
                   b"id,date,place,latitude,longitude\n"
                   b"M-14,2017-09-14,Mayadeen,35.017,40.45\n"
                   b"R-14,2017-09-14,Raqqa,35.951,39.01\n"
                   b"M-20,2017-09-20,Mayadeen,35.017,40.45\n", below=self.dir)
        self.dalil("incident", "import", os.path.join(self.dir, "register.csv"))
        self.write("a/known.jpg", jpeg("2017:09:14 12:00:00", "+03:00", (35.02, 40.45)))
        self.write("b/zone unknown.jpg", jpeg("2017:09:14 12:00:00", camera=("Nikon", "D750", "9")))
        self.write("2017-09-20 Mayadeen/plain.bin", b"plain")
        self.write("c/other year.jpg", jpeg("2015:01:01 12:00:00", "+03:00"))
        self.scan()

    def suggested(self, *arguments, expect=0):
        result = self.dalil("suggest", *arguments, "--json", expect=expect)
        names = {one["digest"]: one["copies"][0]["path"] for one in self.dalil("find", "--json").of("item")}
        return [(names[one["item"]], one["incident"], one["score"]) for one in result.of("suggestion")]

    def links(self, item):
        return [(one["incident"], one["link_type"]) for one in self.dalil("show", item, "--json").of("link")]

    def test_incidents_near_in_time_and_place_are_named_with_reasons(self):
        self.assertEqual(self.suggested(),
                         [("2017-09-20 Mayadeen/plain.bin", "M-20", 35), ("a/known.jpg", "M-14", 74),
                          ("b/zone unknown.jpg", "M-14", 28), ("b/zone unknown.jpg", "R-14", 28)])
        text = self.dalil("suggest").out
        for line in ("disk:a/known.jpg", " 74  M-14", "+40  made 0.3 km from its place", "+34  made on its day",
                     "+28  may have been made on its day (zone unknown)", "+35  its path names the day and the place",
                     "4 suggestions for 3 of 4 items"):
            self.assertIn(line, text)
        self.assertTrue(all(len(line) <= 100 for line in text.splitlines()))
        self.assertEqual(self.suggested("--min-score", "60"), [("a/known.jpg", "M-14", 74)])
        self.assertEqual(self.suggested("--incident", "R-14"), [("b/zone unknown.jpg", "R-14", 28)])
        self.assertEqual(len(self.suggested("--limit", "1")), 3)
        self.assertEqual(self.suggested("disk:c/other year.jpg", expect=NO), [])

    def test_accepting_makes_a_candidate_with_its_reasons(self):
        said = self.dalil("suggest", "--accept", "disk:a/known.jpg", "M-14", "--dry-run").out
        self.assertIn("would link", said)
        self.assertEqual(self.links("disk:a/known.jpg"), [])
        self.dalil("suggest", "--accept", "disk:a/known.jpg", "M-14")
        link = self.dalil("show", "disk:a/known.jpg", "--json").of("link")[0]
        self.assertEqual((link["incident"], link["link_type"]), ("M-14", "candidate"))
        self.assertEqual(link["why"], "suggested (score 74): made 0.3 km from its place; made on its day")
        self.assertNotIn("a/known.jpg", [one[0] for one in self.suggested()])
        self.fails("suggest", "--accept", "disk:a/known.jpg", "M-14", expect=FAILURE, message="nothing suggests",
                   hint="linked already")
        self.fails("suggest", "--accept", "disk:c/other year.jpg", "M-14", expect=FAILURE, message="nothing suggests")
        self.assert_sound()

    def test_a_candidate_is_marked_wherever_its_incident_is_shown(self):
        self.dalil("suggest", "--accept", "disk:a/known.jpg", "M-14")
        self.dalil("link", "disk:b/zone unknown.jpg", "M-14", "--type", "depicts")
        listed = {line.split()[-1]: line for line in self.dalil("find").out.splitlines() if "jpg" in line}
        self.assertIn(" M-14 (candidate) ", listed["disk:a/known.jpg"])
        self.assertNotIn("candidate", self.dalil("find", "--path", "zone").out)
        self.assertIn("M-14 (candidate)", self.dalil("find", "--incident", "M-14").out)
        items = {one["copies"][0]["path"]: one for one in self.dalil("find", "is:linked", "--json").of("item")}
        self.assertEqual([(items[path]["incidents"], items[path]["candidate_incidents"])
                          for path in ("a/known.jpg", "b/zone unknown.jpg")], [(["M-14"], ["M-14"]), (["M-14"], [])])
        counts = self.dalil("find", "--count-by", "incident", "--json").of("count")
        self.assertEqual([(one["value"], one["items"], one["candidates"]) for one in counts],
                         [(None, 2, 0), ("M-14", 2, 1)])
        self.assertIn("candidates", self.dalil("find", "--count-by", "incident").out.splitlines()[0])
        page = os.path.join(self.dir, "page.html")
        self.dalil("timeline", "--out", page)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("<bdi>M-14</bdi> (candidate)", text)
        self.assertIn("<bdi>evidence: 1</bdi> · <bdi>candidates: 1</bdi>", text)

    def test_a_search_says_what_rests_on_candidates_alone_and_can_leave_them_out(self):
        def asked(*query, expect=0):
            found = self.dalil("find", *query, "--json", expect=expect).summary
            return found["matched"], found["by_candidates_alone"], found["left_out_by_candidates"]
        self.assertEqual(asked("place:Mayadeen", expect=NO), (0, 0, 0))
        self.dalil("suggest", "--accept", "disk:a/known.jpg", "M-14")
        self.dalil("link", "disk:b/zone unknown.jpg", "M-14", "--type", "depicts")
        self.assertEqual(asked("place:Mayadeen"), (2, 1, 0))
        self.assertEqual(asked("--incident", "M-14"), (2, 1, 0))
        self.assertEqual(asked("kind:photo"), (3, 0, 0))
        self.assertEqual(asked("is:linked"), (2, 1, 0))
        self.assertEqual(asked("is:unlinked"), (2, 0, 1))
        self.assertEqual(asked("not place:Mayadeen"), (2, 0, 1))
        self.assertEqual(asked("link(place:Mayadeen not type:candidate)"), (1, 0, 0))
        self.assertEqual(asked("not link(not type:candidate)"), (3, 0, 0))
        self.assertEqual(asked("type:candidate"), (1, 0, 0))
        said = self.dalil("find", "place:Mayadeen").err
        self.assertIn("1 of them by candidate links alone", said)
        self.assertIn("not type:candidate", said)
        self.assertIn("1 more would match if candidate links did not count", self.dalil("find", "is:unlinked").err)
        # Another link to the same incident: it rests on no candidate any more.
        self.dalil("link", "disk:a/known.jpg", "M-14", "--type", "aftermath")
        self.assertEqual(asked("place:Mayadeen"), (2, 0, 0))

    def test_damage_to_what_is_only_a_candidate_endangers_no_evidence(self):
        self.dalil("suggest", "--accept", "disk:a/known.jpg", "M-14")
        self.dalil("link", "disk:b/zone unknown.jpg", "R-14", "--type", "depicts")
        for path in ("a/known.jpg", "b/zone unknown.jpg"):
            os.remove(os.path.join(self.tree, path))
        result = self.dalil("verify", self.tree, "--volume", "disk", "--json", expect=None)
        self.assertEqual([one["incident"] for one in result.of("endangered")], ["R-14"])
        self.assertEqual({one["path"]: (one["incidents"], one["candidate_incidents"]) for one in result.of("verdict")},
                         {"a/known.jpg": (["M-14"], ["M-14"]), "b/zone unknown.jpg": (["R-14"], [])})
        said = self.dalil("verify", self.tree, "--volume", "disk", expect=None).out
        self.assertIn("may be evidence of M-14 (candidate)", said)
        self.assertIn("evidence of R-14", said)
        status = self.dalil("status", "--json", expect=None)
        self.assertEqual([one["incident"] for one in status.of("endangered")], ["R-14"])

    def test_a_place_is_known_by_any_spelling_together_with_the_day(self):
        self.write("2017-09-20 الميادين/more.bin", b"more")
        self.write("2017-09-21 الميادين/another day.bin", b"another day")
        self.scan()
        found = self.suggested("--min-score", "1")
        self.assertIn(("2017-09-20 الميادين/more.bin", "M-20", 35), found)
        self.assertNotIn("2017-09-21 الميادين/another day.bin", [one[0] for one in found])

    def test_what_was_withdrawn_is_not_suggested_again(self):
        self.dalil("suggest", "--accept", "disk:a/known.jpg", "M-14")
        self.dalil("unlink", "disk:a/known.jpg", "M-14", "--why", "another village")
        self.assertNotIn("a/known.jpg", [one[0] for one in self.suggested()])

    def test_many_are_accepted_by_a_threshold_and_none_where_two_are_as_likely(self):
        self.fails("suggest", "--accept", expect=FAILURE, message="which suggestions", hint="--min-score")
        dry = self.dalil("suggest", "--accept", "--min-score", "20", "--dry-run", "--json").summary
        self.assertEqual((dry["links"], dry["undecided"], dry["dry_run"]), (2, 1, True))
        done = self.dalil("suggest", "--accept", "--min-score", "20", "--json")
        self.assertEqual({one["incident"] for one in done.of("link")}, {"M-14", "M-20"})
        self.assertEqual(self.links("disk:b/zone unknown.jpg"), [])
        self.assertEqual(self.links("disk:2017-09-20 Mayadeen/plain.bin"), [("M-20", "candidate")])
        self.dalil("suggest", "--accept", "--min-score", "20", expect=NO)
        self.assert_sound()

    def test_evidence_of_the_same_batch_speaks_for_its_incident(self):
        self.write("b/another.jpg", jpeg("2017:09:14 13:00:00", camera=("Nikon", "D750", "9")))
        self.scan()
        self.dalil("link", "disk:b/another.jpg", "R-14", "--type", "depicts")
        best = [one for one in self.dalil("suggest", "disk:b/zone unknown.jpg", "--json").of("suggestion")][0]
        self.assertEqual(best["incident"], "R-14")
        self.assertEqual({one["ground"]: one["points"] for one in best["reasons"]}, {"folder": 30, "time": 28, "camera": 17})

    def test_verified_times_come_before_what_files_say(self):
        self.dalil("review", "disk:c/other year.jpg", "--time", "2017-09-20T10:00+03:00", "--shown", "35.017,40.45,200m")
        self.assertIn(("c/other year.jpg", "M-20", 83), self.suggested())

    def test_mistakes_are_named_and_auditors_told_nothing(self):
        self.fails("suggest", "--dry-run", expect=FAILURE, message="--dry-run goes with --accept")
        self.fails("suggest", "--min-score", "0", expect=FAILURE, message="--min-score 0")
        self.fails("suggest", "--limit", "0", expect=FAILURE, message="--limit: 0 would leave nothing")
        self.fails("suggest", "--incident", "NONE", expect=FAILURE, message="'NONE'")
        self.fails("suggest", "--accept", "disk:a/known.jpg", "NONE", expect=FAILURE, message="'NONE'")
        auditor = os.path.join(self.dir, "auditor.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Aya", "--key-file", auditor)
        for ask in (["suggest"], ["suggest", "--accept", "--min-score", "50"], ["cover"]):
            self.fails(*ask, env={"DALIL_KEY_FILE": auditor}, expect=WRONG_KEY, message="not visible to this role")


if __name__ == "__main__":
    main()
