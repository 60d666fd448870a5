"""Sums over incidents by any field, as they are known on a day, beside published figures, as tables and charts."""
import csv
import io
import os

from scenario import FAILURE, FIXTURES, NO, Scenario, main

REGISTER = os.path.join(FIXTURES, "incidents", "snhr-2017-09.json")
OTHERS = os.path.join(FIXTURES, "incidents", "snhr-other-incidents.json")


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


class Counting(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.dalil("incident", "import", REGISTER)

    def stats(self, *arguments, expect=0):
        return self.dalil("incident", "stats", "--json", *arguments, expect=expect)

    def rows(self, field, *arguments):
        return {row["by"][field]: row for row in self.stats("--by", field, *arguments).of("stats") if not row["total"]}

    def total(self, *arguments):
        return [row for row in self.stats(*arguments).of("stats") if row["total"]][0]

    def test_by_any_field_and_by_place(self):
        self.assertEqual(self.rows("target")["residential building"]["incidents"],
                         sum(1 for line in read(REGISTER).splitlines() if '"target": "residential building"' in line))
        districts = self.rows("district")
        self.assertEqual(districts["Abu Kamal"]["incidents"], 4)
        self.assertEqual(districts["Al Mayadin"]["incidents"], 1)
        self.assertEqual(self.rows("quarter")["2017-Q3"]["incidents"], 43)
        self.fails("incident", "stats", "--by", "shoe_size", expect=FAILURE, message="'shoe_size'", hint="district")

    def test_only_some_by_the_words_that_a_person_uses(self):
        count = lambda *where: self.total(*[word for one in where for word in ("--where", one)])["incidents"]
        self.assertEqual(count("governorate=إدلب"), 6)
        self.assertEqual(count("governorate=Rif Dimashq"), 2)
        self.assertEqual(count("place=Khan Shaykhun"), 1)
        self.assertEqual(count("party=Syrian regime"), 18)
        self.assertEqual(count("weapon=air strike"), 38)
        self.assertEqual(count("area=HTS"), 5)
        self.assertEqual(count("area=HTS", "party=Russia"), 3)
        self.assertEqual(count("attribution=BELIEVED"), 14)
        self.assertEqual(count("party=regime"), 18)
        self.assertEqual(count("party=russian"), 15)  # one paragraph names the Syrian-Russian alliance
        self.assertGreater(count("weapon=missile"), 0)
        self.assertGreater(count("area=opposition"), 0)
        self.assertEqual(count("place=Hawayej"), count("place=hawayej"))
        for field, word in (("party", "Nobody"), ("weapon", "spears"), ("area", "Atlantis"), ("target", "moon"),
                            ("attribution", "certainly"), ("governorate", "Nowhere"), ("place", "Atlantis"),
                            ("district", "Atlantis"), ("perpetrator_text", "nobody at all"), ("killed", "99999")):
            self.fails("incident", "stats", "--where", f"{field}={word}", expect=FAILURE,
                       message=f"no incident has '{word}' as its {field}", hint=f"incident stats --by {field}")
        self.fails("incident", "stats", "--where", "party=", expect=FAILURE, message="names no value")
        self.fails("incident", "stats", "--where", "governorate=Edleb", expect=FAILURE, message="'Edleb'", hint="Idleb")
        self.fails("incident", "stats", "--where", "governorate", expect=FAILURE, message="FIELD=VALUE")
        self.fails("incident", "stats", "--where", "colour=red", expect=FAILURE, message="'colour'")

    def test_each_published_figure_says_what_it_needs(self):
        self.dalil("incident", "import", OTHERS)  # has no part in this report's totals
        compared = self.stats("--register", REGISTER, expect=NO)
        figures = {one["figure"]: one for one in compared.of("published_figure")}
        self.assertEqual([name for name, one in figures.items() if not one["follows"]],
                         ["note: women_and_children_percent"])
        self.assertEqual((figures["note: women_and_children_percent"]["computed"]), "52.09")
        needs = {need["reading"]: need["without"] for need in figures["children"]["needs"]}
        self.assertEqual(needs, {"fetuses_as_children": "137", "confirmed": "133"})
        text = self.dalil("incident", "stats", "--register", REGISTER, expect=NO).out
        self.assertIn("a (137)", text)
        self.assertIn("of 2017-09-01 to 2017-09-30", text)

    def test_related_incidents_are_not_counted_twice(self):
        self.dalil("incident", "import", OTHERS)
        total = self.total("--where", "place=Latakia")
        self.assertEqual(total["incidents"], 2)
        everything = self.total()
        self.assertEqual(everything["incidents"], 57)
        self.assertLess(everything["events"], 57)
        self.assertEqual(everything["killed"]["in_whole"], 3)
        once = self.total("--chains-once")
        self.assertEqual(everything["killed"]["sum"] - once["killed"]["sum"], 115)  # of which 125 came

    def test_as_known_on_a_day(self):
        self.dalil("incident", "edit", "SNHR-2017-09-20-QALAT-AL-MADIQ-MARKET", "--set", "killed=10", "--set",
                   "perpetrator_group=Syrian-Russian alliance", "--reason", "a witness")
        now = self.dalil("log", "--json", "--limit", "1").of("entry")[0]["time"]
        self.dalil("incident", "add", "--set", "id=NEW-1", "--set", "date=2017-09-30", "--set", "killed=1")
        first = self.dalil("log", "--json", "--limit", "0").of("entry")
        imported = max(one["time"] for one in first if one.get("kind") == "incident_revised" and one["time"] < now)
        self.assertEqual(self.total()["killed"]["sum"], 430)
        self.assertIn("nothing matched", self.dalil("incident", "stats", "--as-of", "2017-10-09", expect=NO).err)
        before = self.total("--as-of", imported)
        self.assertEqual((before["incidents"], before["killed"]["sum"]), (43, 430))
        self.assertEqual(self.total("--as-of", now)["killed"]["sum"], 429)
        self.assertEqual(self.rows("party", "--as-of", imported)["Syrian regime forces"]["incidents"], 18)
        self.assertEqual(self.rows("party")["Syrian regime forces"]["incidents"], 17)
        changed = self.stats("--as-of", imported, "--changes").of("reclassified")
        self.assertEqual(len(changed), 1)
        self.assertEqual(changed[0]["reason"], "a witness")
        self.assertEqual({one["field"] for one in changed[0]["changes"]}, {"killed", "perpetrator_group"})
        key = os.path.join(self.dir, "investigator.key")
        self.dalil("key", "add", "--role", "investigator", "--name", "Huda", "--key-file", key)
        self.dalil("incident", "edit", "SNHR-2017-09-20-QALAT-AL-MADIQ-MARKET", "--set", "killed=11", "--reason",
                   "another witness", env={"DALIL_KEY_FILE": key})
        changed = self.stats("--as-of", imported, "--changes").of("reclassified")
        self.assertEqual([one["reason"] for one in changed], ["a witness", "another witness"])
        self.assertEqual(changed[1]["author"], "Huda")
        self.assertNotEqual(changed[0]["author"], "Huda")
        self.assertEqual(changed[1]["changes"], [{"field": "killed", "before": "10", "after": "11"}])
        self.assertIn("1 incident was revised since (2 revisions)",
                      self.dalil("incident", "stats", "--as-of", imported, "--changes").out)
        self.fails("incident", "stats", "--as-of", "yesterday", expect=FAILURE, message="--as-of", hint="2017-10-09")
        self.fails("incident", "stats", "--changes", expect=FAILURE, message="--as-of")

    def test_about_is_no_lower_bound(self):
        before = self.total()["killed"]["sum"]
        self.assertNotIn("approximate", self.total()["killed"])
        self.dalil("incident", "add", "--set", "id=Q-1", "--set", "killed=125", "--set", "killed_qualifier=around")
        killed = self.total()["killed"]
        self.assertEqual((killed["sum"], killed["inexact"], killed["approximate"]), (before + 125, 1, 1))
        text = self.dalil("incident", "stats").out
        self.assertIn(f"~{before + 125}", text)
        self.assertNotIn(f">={before + 125}", text)
        self.assertIn("killed: of 1 incident the number is approximate, and so is the sum", " ".join(text.split()))
        self.dalil("incident", "add", "--set", "id=Q-2", "--set", "killed=5", "--set", "killed_qualifier=at least")
        killed = self.total()["killed"]
        self.assertEqual((killed["inexact"], killed["approximate"], killed["at_least"]), (2, 1, 1))
        text = self.dalil("incident", "stats").out
        self.assertIn(f">=~{before + 130}", text)
        self.assertIn("of 1 incident the number is approximate and of 1 a lower bound", " ".join(text.split()))

    def test_tables_and_charts(self):
        out = lambda name: os.path.join(self.dir, name)
        self.dalil("incident", "stats", "--by", "party", "--out", out("a.csv"))
        rows = list(csv.DictReader(io.StringIO(read(out("a.csv")))))
        self.assertEqual({row["party"]: row["killed"] for row in rows}["Russian forces"], "152")
        self.assertEqual(os.stat(out("a.csv")).st_mode & 0o777, 0o600)
        self.dalil("incident", "stats", "--by", "governorate,party", "--chart", "children", "--out", out("a.svg"))
        self.assertIn("Deir Ez-Zour", read(out("a.svg")))
        self.dalil("incident", "stats", "--by", "party", "--register", REGISTER, "--out", out("a.html"), expect=NO)
        page = read(out("a.html"))
        self.assertIn("default-src 'none'", page)
        self.assertNotIn("<script", page)
        self.assertIn("52.09", page)
        for words in ("killed: 43 incidents give a number, 0 none", "women:", "absent is not zero"):
            self.assertIn(words, page)
        self.dalil("incident", "stats", "--by", "party", "--chart", "women", "--out", out("w.svg"))
        chart = read(out("w.svg"))
        self.assertIn("women: 36 incidents give a number, 7 none", chart)
        self.assertNotIn("killed", chart)
        text = self.dalil("incident", "stats").out
        for name in ("killed", "children", "women", "fetuses"):
            self.assertRegex(text, rf"(?m)^{name}: \d+ incidents? gives? a number, \d+ none$")
        self.dalil("incident", "add", "--set", "id=F-1", "--set", "perpetrator_group==cmd|calc", "--set", "killed=1")
        self.dalil("incident", "stats", "--by", "party", "--out", out("f.csv"))
        self.assertIn("\"'=cmd|calc\",1,", read(out("f.csv")))
        self.fails("incident", "stats", "--out", out("a.pdf"), expect=FAILURE, message="a.pdf", hint=".svg")
        self.assertFalse(os.path.exists(out("a.pdf")))
        self.fails("incident", "stats", "--chart", "shoes", expect=FAILURE, message="'shoes'", hint="killed")


if __name__ == "__main__":
    main()
