"""What analysts found of items and links: stated, kept, shown, listed."""
import os
import time

from scenario import FAILURE, NO, Scenario, main


class Reviews(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for name in "abc":
            self.write(f"card/{name}.bin", name.encode())
        self.dalil("incident", "add", "--set", "id=INC-1", "--set", "date=2017-09-11")
        self.scan()
        self.dalil("link", "disk:card/a.bin", "INC-1", "--type", "depicts")
        self.link = self.dalil("show", "disk:card/a.bin", "--json").of("link")[0]["seq"]

    def review(self, *arguments, item="disk:card/a.bin"):
        return self.dalil("review", item, *arguments, "--json").of("review")

    def shown(self, item="disk:card/a.bin"):
        return self.dalil("show", item, "--json")

    def test_what_is_yet_to_come_is_no_time_of_anything(self):
        ahead = lambda hours: time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(time.time() + hours * 3600))
        self.fails("review", "disk:card/a.bin", "--time", "2130-01-01Z", expect=FAILURE, message="yet to come", hint="a day ahead")
        self.fails("review", "disk:card/a.bin", "--time", ahead(26), expect=FAILURE, message="yet to come")
        self.dalil("review", "disk:card/a.bin", "--time", ahead(22))
        # The year began, whatever of it is yet to come.
        self.dalil("review", "disk:card/a.bin", "--time", time.strftime("%Y", time.gmtime()), "--zone", "+00:00")

    def test_a_review_says_how_and_what_was_found(self):
        made = self.review("--analysis", "content", "--method", "compared with satellite pictures", "--result",
                           "dome and minarets fit", "--confidence", "high", "--state", "verified", "--note", "from north",
                           "--time", "2017-09-11T08:30+03:00", "--made", "35.3312,40.1425,500m", "--made-name", "a roof",
                           "--shown", "35.34,40.15")
        self.assertEqual(len(made), 1)
        one = self.shown().of("review")[0]
        self.assertEqual(one, made[0])
        self.assertEqual([one[key] for key in ("analysis", "state", "confidence", "method", "result", "note")],
                         ["content", "verified", "high", "compared with satellite pictures", "dome and minarets fit",
                          "from north"])
        self.assertEqual(one["verified_time"], {"from": "2017-09-11T05:30:00.000Z", "to": "2017-09-11T05:30:59.999Z",
                                                "precision": "minute", "offset": "+03:00"})
        self.assertEqual(one["verified_made"], {"latitude": 35.3312, "longitude": 40.1425, "radius_m": 500, "name": "a roof"})
        self.assertEqual(one["verified_shown"], {"latitude": 35.34, "longitude": 40.15})
        text = self.dalil("show", "disk:card/a.bin").out
        for line in ("reviews: verified", "verified time      2017-09-11 08:30 +03:00",
                     "verified made at   35.331200, 40.142500, within 500 m (a roof)",
                     "verified (content analysis, high confidence)", "result   dome and minarets fit"):
            self.assertIn(line, text)
        self.assertIn("review of", self.dalil("log", "--kind", "review-stated").out)
        self.assertEqual(len(self.dalil("log", "--item", "disk:card/a.bin", "--kind", "review-stated", "--json").of("entry")), 1)

    def test_what_is_not_stated_stays(self):
        self.assertEqual(self.shown().summary["review_state"], "unreviewed")
        self.assertIn("reviewed by nobody yet", self.dalil("show", "disk:card/a.bin").out)
        self.assertNotIn("state", self.review("--note", "first look")[0])
        self.assertEqual(self.shown().summary["review_state"], "in-progress")
        self.assertIn("in-progress, no state", self.dalil("review", "list").out)
        self.review("--state", "verified", "--time", "2017-09-11", "--zone", "+03:00")
        self.assertNotIn("state", self.review("--note", "a doubt")[0])
        self.assertEqual(self.shown().summary["review_state"], "verified")
        self.assertIn("no state", self.dalil("show", "disk:card/a.bin").out)
        self.assertIn(": no state", self.dalil("log", "--kind", "review-stated").out)
        self.review("--state", "disputed")
        summary = self.shown().summary
        self.assertEqual(summary["review_state"], "disputed")
        self.assertEqual(summary["verified_time"]["to"], "2017-09-11T20:59:59.999Z")
        self.review("--time", "none")
        self.assertNotIn("verified_time", self.shown().summary)
        self.assertIn("no longer verified", self.dalil("show", "disk:card/a.bin").out)
        self.assertEqual(len(self.shown().of("review")), 5)
        self.assert_sound()
        before = self.shown().out
        self.dalil("rebuild")
        self.assertEqual(self.shown().out, before)

    def test_a_review_without_a_state_states_none_in_its_authors_name(self):
        key = os.path.join(self.dir, "investigator.key")
        self.dalil("key", "add", "--role", "investigator", "--name", "Huda", "--key-file", key)
        self.review("--state", "disputed")
        verified = self.review("--state", "verified")[0]["seq"]
        noted = self.dalil("review", "disk:card/a.bin", "--note", "asked the source", "--json",
                           env={"DALIL_KEY_FILE": key}).of("review")[0]
        self.assertNotIn("state", noted)
        listed = self.dalil("review", "list", "--json").of("reviewed")[0]
        self.assertEqual((listed["review_state"], listed["state_seq"], listed["author"]), ("verified", verified, "Huda"))
        self.assertNotEqual(listed["state_author"], "Huda")
        self.dalil("redact", str(verified), "--why", "of another file")
        self.assertEqual(self.shown().summary["review_state"], "disputed")
        self.assertEqual(self.dalil("find", "state:disputed", "--count").out.strip(), "1")
        self.assert_sound()
        proof = os.path.join(self.dir, "proof.json")
        self.dalil("prove", "--entry", str(noted["seq"]), "--out", proof)
        self.assertIn("without stating in which state", " ".join(self.dalil("check-proof", proof).out.split()))

    def test_a_link_is_reviewed_on_its_own(self):
        made = self.dalil("review", "--link", str(self.link), "--state", "rejected", "--result", "another street", "--json")
        self.assertEqual((made.summary["items"], made.summary["links"]), (0, 1))
        self.assertEqual(made.of("review")[0]["incident"], "INC-1")
        shown = self.shown()
        self.assertEqual(shown.of("link")[0]["review_state"], "rejected")
        self.assertEqual(shown.summary["review_state"], "unreviewed")
        self.assertIn("another street", self.dalil("show", "disk:card/a.bin").out)
        for ask in (["--incident", "INC-1"], ["--item", "disk:card/a.bin"]):
            self.assertEqual(len(self.dalil("log", *ask, "--kind", "review-stated", "--json").of("entry")), 1)
        self.fails("review", "--link", str(self.link), "--made", "1,2", expect=FAILURE, message="of items, not of links")
        self.fails("review", "--link", "0", "--state", "verified", expect=FAILURE, message="entry 0 made no link")

    def test_the_list_is_by_state(self):
        self.dalil("review", "list", expect=NO)
        self.dalil("review", "disk:card/a.bin", "disk:card/b.bin", "--state", "verified")
        self.dalil("review", "--link", str(self.link), "--state", "verified")
        self.dalil("review", "disk:card/b.bin", "--state", "superseded")
        summary = self.dalil("review", "list", "--json").summary
        self.assertEqual((summary["items"], summary["links"]), (2, 1))
        verified = self.dalil("review", "list", "--state", "verified", "--json").of("reviewed")
        self.assertEqual([one.get("link_seq") for one in verified], [None, self.link])
        self.assertEqual(self.dalil("review", "list", "--state", "superseded", "--json").of("reviewed")[0]["reviews"], 2)
        fresh = self.dalil("review", "list", "--state", "unreviewed", "--items", "--json").of("reviewed")
        self.assertEqual(len(fresh), 1)
        self.assertIn("disk:card/c.bin", self.dalil("review", "list", "--state", "unreviewed").out)
        self.dalil("review", "list", "--state", "rejected", expect=NO)
        self.assertEqual(self.dalil("review", "list", "--limit", "1", "--json").summary["items"], 1)
        self.dalil("unlink", "disk:card/a.bin", "INC-1", "--why", "wrong")
        self.assertEqual(self.dalil("review", "list", "--json").summary["links"], 0)

    def test_long_words_come_from_files(self):
        note = self.write("note.txt", "two\nlines أ\n".encode(), below=self.dir)
        self.assertEqual(self.review("--note-file", note, "--result-file", "/dev/null")[0]["note"], "two\nlines أ")
        self.fails("review", "disk:card/a.bin", "--note", "x", "--note-file", note, expect=FAILURE, message="exclude")

    def test_a_zone_is_never_guessed(self):
        self.fails("review", "disk:card/a.bin", "--time", "2017-09-11T08:30", expect=FAILURE,
                   message="the zone of '2017-09-11T08:30' is not stated", hint="+03:00")
        for bad in ("yesterday", "2017-13", "2017-09-11T25:00Z", "2017-09T08:00Z", "2017-09-11T08:30:15:10Z"):
            self.fails("review", "disk:card/a.bin", "--time", bad, expect=FAILURE, message="is no time")
        self.fails("review", "disk:card/a.bin", "--time", "2017-09-12..2017-09-11Z", expect=FAILURE, message="ends before")

    def test_mistakes_are_named(self):
        item = "disk:card/a.bin"
        self.fails("review", expect=FAILURE, message="a review of what", hint="--link N")
        self.fails("review", item, expect=FAILURE, message="says nothing", hint="--state")
        self.fails("review", item, "--state", "done", expect=FAILURE, message="'done'", hint="superseded")
        self.fails("review", item, "--confidence", "80", expect=FAILURE, message="'80'", hint="moderate")
        self.fails("review", item, "--analysis", "x", expect=FAILURE, message="'x'", hint="technical")
        for bad in ("35", "35,x", "95,40", "35,40,far", "35,40,-5"):
            self.fails("review", item, "--made", bad, expect=FAILURE, message="is no place for --made", hint="500m")
        self.fails("review", item, "--made-name", "x", expect=FAILURE, message="--made-name without --made")
        self.fails("review", "list", "--note", "x", expect=FAILURE, message="has no meaning here")
        self.fails("review", "ffffffff", "--state", "verified", expect=FAILURE, message="'ffffffff'")
        self.dalil("review", "list", expect=NO)

    def test_a_destroyed_review_is_gone(self):
        self.review("--state", "verified")
        seq = self.review("--made", "35.1,40.2", "--made-name", "house of a friend")[0]["seq"]
        self.dalil("redact", str(seq), "--why", "tells where somebody lives")
        shown = self.shown()
        self.assertNotIn("house of a friend", shown.out)
        self.assertEqual((shown.summary["review_state"], "verified_made" in shown.summary), ("verified", False))
        self.assert_sound()

    def test_investigators_review_and_a_review_can_be_proven(self):
        key = os.path.join(self.dir, "investigator.key")
        self.dalil("key", "add", "--role", "investigator", "--name", "Huda", "--key-file", key)
        made = self.dalil("review", "disk:card/a.bin", "--state", "verified", "--result", "fits", "--json",
                          env={"DALIL_KEY_FILE": key}).of("review")[0]
        self.assertEqual(made["author"], "Huda")
        proof = os.path.join(self.dir, "proof.json")
        self.dalil("prove", "--entry", str(made["seq"]), "--out", proof)
        checked = self.dalil("check-proof", proof)
        self.assertIn("was assessed as 'verified'", " ".join(checked.out.split()))
        self.dalil("source", "add", "W7")
        self.dalil("source", "assign", "W7", "disk:card/a.bin")
        self.dalil("prove", "--entry", str(made["seq"]), "--out", proof + "2", expect=FAILURE)
        self.assert_sound()


if __name__ == "__main__":
    main()
