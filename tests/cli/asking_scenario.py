"""Asking: counts that count all, limits, words that are no options, outputs that replace nothing, and what is not visible."""
import os

from pictures import jpeg
from scenario import FAILURE, FIXTURES, NO, WRONG_KEY, Scenario, main

REGISTER = os.path.join(FIXTURES, "incidents", "snhr-2017-09.json")
SHELLING = "SNHR-2017-09-11-HAWAYEJ-THYAB-CROSSING"


class Asking(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.dalil("incident", "import", REGISTER)
        for i in range(1, 6):
            self.write(f"a/{i}.jpg", jpeg(f"2017:09:1{i} 12:00:00", "+03:00"))
        self.write("b/barrel.txt", b"text")
        self.scan()

    def count(self, *query):
        return int(self.dalil("find", *query, "--count", expect=None).out)

    def test_a_limit_is_on_what_is_listed_and_not_on_what_is_counted(self):
        self.assertEqual(self.count("--limit", "2"), 6)
        self.assertEqual(len(self.dalil("find", "--limit", "2", "--paths").out.splitlines()), 2)
        shown = self.dalil("find", "--count-by", "day", "--limit", "2")
        self.assertIn("2017-09-11", shown.out)
        self.assertNotIn("2017-09-12", shown.out)
        self.assertIn("4 more lines were left out by --limit", shown.out)
        whole = self.dalil("find", "--count-by", "kind", "--limit", "1", "--json")
        self.assertEqual([one["items"] for one in whole.of("count")], [5])
        self.assertEqual((whole.summary["matched"], whole.summary["values_left_out"]), (6, 1))

    def test_counts_are_decimal_digits(self):
        commands = (["find"], ["log"], ["suggest"], ["duplicates"], ["review", "list"], ["similar", "disk:a/1.jpg"])
        for command in commands:
            for bad in ("-1", "0x10", "1e3", "", "many"):
                with self.subTest(command=command, bad=bad):
                    self.fails(*command, f"--limit={bad}", expect=FAILURE, message="--limit")
        for command in (["suggest"], ["duplicates"], ["review", "list"], ["similar", "disk:a/1.jpg"]):
            self.fails(*command, "--limit", "0", expect=FAILURE, message="0 would leave nothing")
        self.fails("find", "--limit", "-1", expect=FAILURE, message="below zero")

    def test_a_dash_before_a_field_is_a_negation(self):
        self.assertEqual(self.count("-kind:photo"), 1)
        self.assertEqual(self.count("path:a/", "-made>2017-09-13", "-(kind:video)"), 3)
        self.assertEqual(self.count('-"barrel"'), 5)
        self.assertEqual(self.dalil("find", "--count", "--", "-barrel").out.strip(), "5")
        self.dalil("query", "save", "photos", "kind:photo")
        self.assertEqual(self.count("-@photos"), 1)
        self.fails("find", "-barrel", expect=FAILURE, message="-barrel", hint="not WORD")
        self.fails("find", "-limit", "5", expect=FAILURE, message="-limit")
        self.fails("scan", "-kind:photo", self.tree, "--volume", "disk", expect=FAILURE, message="-kind:photo")

    def test_a_second_incident_is_no_text(self):
        other = "SNHR-2017-09-29-HAREM"
        for command in (["find"], ["timeline"]):
            self.fails(*command, "--incident", SHELLING, other, expect=FAILURE, message=other, hint="--incident A --incident B")
        self.dalil("timeline", "--incident", SHELLING, "--incident", other)

    def test_a_query_does_not_lead_back_to_itself(self):
        self.dalil("query", "save", "q", "kind:photo")
        self.fails("query", "save", "q", "@q", expect=FAILURE, message="lead back to itself")
        self.dalil("query", "save", "q2", "(@q or kind:video)")
        self.fails("query", "save", "q", "-@q2", expect=FAILURE, message="lead back to itself", hint="nothing was saved")
        self.fails("query", "save", "q3", "@nowhere", expect=FAILURE, message="'nowhere'")
        self.assertEqual(self.count("@q"), 5)

    def test_outputs_replace_nothing(self):
        evidence = self.write("a/evidence.html", b"the only copy")
        os.chmod(evidence, 0o444)
        commands = (["vocabulary", "export", "parties"], ["map", "--out"], ["timeline", "--out"], ["incident", "stats", "--out"],
                    ["prove", SHELLING, "--out"], ["checkpoint", "export"], ["snapshot", "--out"])
        for command in commands:
            with self.subTest(command=command):
                self.fails(*command, evidence, expect=FAILURE, message="exists already", hint="may be evidence")
        link = os.path.join(self.dir, "link.svg")
        os.symlink("nowhere.svg", link)
        self.fails("map", "--out", link, expect=FAILURE, message="exists already")
        with open(evidence, "rb") as file:
            self.assertEqual(file.read(), b"the only copy")
        self.assertEqual(sorted(os.listdir(os.path.join(self.tree, "a"))),
                         [f"{i}.jpg" for i in range(1, 6)] + ["evidence.html"])

    def test_a_chart_needs_a_page_to_be_on(self):
        self.fails("incident", "stats", "--chart", "women", expect=FAILURE, message="--chart", hint="--out FILE.svg")
        self.fails("incident", "stats", "--chart", "women", "--out", os.path.join(self.dir, "a.csv"), expect=FAILURE,
                   message="--chart")

    def test_a_timeline_says_how_many_have_no_date(self):
        said = self.dalil("timeline", "--out", os.path.join(self.dir, "t.html")).out
        self.assertIn("without a date: 0 incidents, 1 item", said)

    def test_suggestions_are_accepted_of_the_best_incident_only(self):
        for number, day in (("1", 11), ("2", 12)):
            self.dalil("incident", "add", "--set", "id=D-" + number, "--set", f"date=2017-09-{day}", "--set",
                       "local_time=12:00", "--set", "place=nowhere")
        suggested = [one for one in self.dalil("suggest", "disk:a/2.jpg", "--limit", "100", "--min-score", "1", "--json").of("suggestion")
                     if one["incident"].startswith("D-")]
        self.assertEqual([one["incident"] for one in suggested], ["D-2", "D-1"])
        result = self.dalil("suggest", "--accept", "--min-score", "1", "--incident", "D-1", "--json", "--dry-run")
        self.assertEqual(len(result.of("link")), 1)
        self.assertGreater(result.summary["another_likelier"], 0)

    def test_what_an_auditor_cannot_see_is_no_zero(self):
        key = os.path.join(self.dir, "auditor.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", key)
        sealed = sum(1 for one in self.dalil("log", "--limit", "0", "--json").of("entry") if one["class"] == "evidence")
        self.assertGreater(sealed, 43)
        self.dalil("log", "--kind", "review_stated", expect=NO)
        self.env["DALIL_KEY_FILE"] = key
        for kind in ("link_made", "review_stated", "incident_revised", "source_identity"):
            self.fails("log", "--kind", kind, expect=WRONG_KEY, message="not visible to this role", hint="archivist")
        shown = self.dalil("log", "--item", "disk:a/1.jpg")
        self.assertIn("copy", shown.out)
        self.assertIn(f"{sealed} entries of class evidence: not visible to this role", " ".join(shown.err.split()))
        self.assertEqual(self.dalil("log", "--item", "disk:a/1.jpg", "--json").summary["not_visible"], sealed)
        self.assertEqual({one["own"] for one in self.dalil("vocabulary", "list", "--json").of("vocabulary")}, {None})
        summary = self.dalil("find", "--json").summary
        self.assertEqual([summary[name] for name in ("unknown_zone", "utc_claimed", "by_date_alone", "may_match")], [None] * 4)


if __name__ == "__main__":
    main()
