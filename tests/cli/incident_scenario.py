"""Registers, revisions, links and sums."""
import json
import os

from scenario import FAILURE, FIXTURES, NO, Result, Scenario, main

REGISTER = os.path.join(FIXTURES, "incidents", "snhr-2017-09.json")


class Registers(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()

    def entries(self):
        return self.dalil("log", "--json", "--limit", "0").summary["entries"]

    def register(self, name, text):
        return self.write(name, text.encode(), below=self.dir)

    def test_import_is_idempotent(self):
        summary = self.dalil("incident", "import", REGISTER, "--json").summary
        self.assertEqual((summary["new"], summary["changed"], summary["unchanged"]), (43, 0, 0))
        before = self.entries()
        summary = self.dalil("incident", "import", REGISTER, "--json").summary
        self.assertEqual((summary["new"], summary["changed"], summary["unchanged"]), (0, 0, 43))
        self.assertEqual(self.entries(), before)

    def test_dry_run_imports_nothing(self):
        self.assertEqual(self.dalil("incident", "import", REGISTER, "--dry-run", "--json").summary["new"], 43)
        self.dalil("incident", "list", expect=NO)

    def test_a_bad_row_is_named_and_nothing_is_imported(self):
        path = self.register("bad.csv", "id,date,killed\nA-1,2017-09-11,5\nA-2,2017-13-40,many\n")
        result = self.fails("incident", "import", path, expect=FAILURE, message="row 2", hint="nothing was imported")
        self.assertIn("line 3", result.err)
        self.assertIn("'date'", result.err)
        self.assertIn("'killed'", result.err)
        self.dalil("incident", "list", expect=NO)

    def test_misspelt_fields_are_refused_and_own_ones_named(self):
        path = self.register("bad.json", '[{"id": "A-1", "goverorate": "Idlib", "kild": 3}, {"id": "A-2", "kild": 1}]')
        result = self.fails("incident", "import", path, expect=FAILURE, message="3 problems", hint="nothing was imported")
        self.assertIn("row 1 (line 1), field 'goverorate'", result.err)
        self.assertIn("did you mean 'killed'?", result.err)
        path = self.register("bad.csv", "id,date,kiled\nA-1,2017-09-11,5\n")
        self.fails("incident", "import", path, expect=FAILURE, message="column 'kiled'", hint="nothing was imported")
        self.dalil("incident", "list", expect=NO)
        path = self.register("own.csv", "id,case_number,subdistrict\nA-1,7,x\nA-2,8,\n")
        result = self.dalil("incident", "import", path)
        self.assertIn("'case_number' of 2 incidents is no field of the register", result.err)
        self.assertIn("'subdistrict' of 1 incident is no field of the register, and is kept as your own; did you mean "
                      "'subdistrict_text'?", result.err)
        self.assertEqual(self.dalil("incident", "import", path, "--json").summary["own_fields"],
                         {"case_number": 2, "subdistrict": 1})
        self.assertEqual(self.dalil("incident", "import", REGISTER, "--json").summary["own_fields"], {})
        self.assertEqual(self.dalil("incident", "import", REGISTER).err, "")

    def test_a_file_that_is_no_register(self):
        path = self.register("bad.json", '{"incidents": [')
        self.fails("incident", "import", path, expect=FAILURE, message="bad.json", hint="nothing was imported")

    def test_a_differing_incident_needs_update(self):
        first = self.register("one.csv", "id,date,killed\nA-1,2017-09-11,5\nA-2,2017-09-12,1\n")
        self.dalil("incident", "import", first)
        second = self.register("two.csv", "id,date,killed\nA-1,2017-09-11,6\nA-3,2017-09-13,1\n")
        self.fails("incident", "import", second, expect=FAILURE, message="'A-1' (killed)", hint="--update")
        self.dalil("incident", "show", "A-3", expect=FAILURE)
        summary = self.dalil("incident", "import", second, "--update", "--reason", "the group's count", "--json").summary
        self.assertEqual((summary["new"], summary["changed"], summary["unchanged"]), (1, 1, 0))
        history = self.dalil("incident", "show", "A-1", "--history", "--json").of("revision")
        self.assertEqual(len(history), 2)
        self.assertEqual(history[1]["changes"], [{"field": "killed", "before": "5", "after": "6"}])
        self.assertEqual(history[1]["reason"], "the group's count")

    def test_adding_and_editing_by_hand(self):
        self.dalil("incident", "add", "--set", "id=A-1", "--set", "date=2017-09", "--set", "place=الخوين")
        self.fails("incident", "add", "--set", "id=A-1", expect=FAILURE, message="exists already", hint="incident edit")
        self.dalil("incident", "edit", "A-1", "--set", "killed=7", "--set", "date=2017-09-11", "--reason", "a witness")
        text = self.dalil("incident", "show", "A-1", "--history").out
        self.assertIn("killed: (not stated) -> 7", text)
        self.assertIn("date: 2017-09 -> 2017-09-11", text)
        self.assertIn("a witness", text)
        self.assertIn("الخوين", text)

    def test_editing_needs_a_reason_and_a_valid_value(self):
        self.dalil("incident", "add", "--set", "id=A-1")
        self.fails("incident", "edit", "A-1", "--set", "killed=7", expect=FAILURE, message="--reason")
        self.fails("incident", "edit", "A-1", "--set", "killed=-7", "--reason", "x", expect=FAILURE, message="'killed'")
        self.fails("incident", "edit", "A-1", "--set", "kiled=7", "--reason", "x", expect=FAILURE, message="'kiled'",
                   hint="killed")
        self.fails("incident", "edit", "A-1", "--set", "id=B", "--reason", "x", expect=FAILURE, message="id")
        self.fails("incident", "edit", "A-2", "--set", "killed=7", "--reason", "x", expect=FAILURE,
                   message="no incident 'A-2'", hint="incident list")
        self.assertEqual(len(self.dalil("incident", "show", "A-1", "--history", "--json").of("revision")), 1)

    def test_adding_from_json(self):
        path = self.register("one.json", json.dumps({"id": "A-9", "date": "2017-09-11", "wounded": 3}))
        self.dalil("incident", "add", "--from-json", path)
        shown = self.dalil("incident", "show", "A-9", "--json").of("incident")[0]
        self.assertEqual(shown["incident"]["wounded"], 3)

    def test_list_filters(self):
        self.dalil("incident", "import", REGISTER)
        every = self.dalil("incident", "list", "--json").summary
        self.assertEqual((every["matched"], every["incidents"]), (43, 43))
        matched = lambda *filters: self.dalil("incident", "list", "--json", *filters).summary["matched"]
        self.assertEqual(matched("--party", "russian"), 14)
        self.assertEqual(matched("--governorate", "idlib"), 6)
        self.assertEqual(matched("--without-evidence"), 43)
        self.assertEqual(matched("--from", "2017-09", "--to", "2017-09"), 41)
        self.dalil("incident", "list", "--party", "nobody at all", expect=NO)

    def test_stats_add_up_to_the_published_totals(self):
        self.dalil("incident", "import", REGISTER)
        rows = self.dalil("incident", "stats", "--by", "party", "--json").of("stats")
        by_party = {row["by"]["party"]: row for row in rows if not row["total"]}
        self.assertEqual(by_party["ISIS"]["killed"]["sum"], 5)
        total = [row for row in rows if row["total"]][0]
        self.assertEqual((total["incidents"], total["killed"]["sum"]), (43, 430))
        compared = self.dalil("incident", "stats", "--register", REGISTER, "--json", expect=NO)
        figures = {one["figure"]: one for one in compared.of("published_figure")}
        self.assertTrue(figures["killed"]["follows"])
        self.assertFalse(all(one["follows"] for one in figures.values()))


class Links(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for day in (11, 12):
            self.dalil("incident", "add", "--set", f"id=INC-2017-09-{day}", "--set", f"date=2017-09-{day}",
                       "--set", "place=Khan Sheikhoun")
        self.write("INC-2017-09-11/a.bin", b"a")
        self.write("INC-2017-09-99/b.bin", b"b")
        self.write("2017-09-12_Khan-Sheikhoun/c.bin", b"c")
        self.write("d.bin", b"d")

    def linked(self, incident):
        found = self.dalil("find", "--incident", incident, "--json", expect=None).of("item")
        return sorted(copy["path"] for one in found for copy in one["copies"])

    def dalil(self, *arguments, expect=0, **options):
        if expect is None:
            process = self.start(*arguments)
            out, err = process.communicate(timeout=60)
            return Result(process.returncode, out, err)
        return super().dalil(*arguments, expect=expect, **options)

    def test_incident_of_a_whole_folder(self):
        self.scan("--incident", "INC-2017-09-11", "--type", "aftermath")
        self.assertEqual(len(self.linked("INC-2017-09-11")), 4)
        self.assertEqual(self.dalil("find", "--type", "aftermath", "--count").out.strip(), "4")

    def test_incident_by_id_in_the_path(self):
        result = self.scan("--incident-from", r"INC-\d{4}-\d{2}-\d{2}")
        self.assertEqual(self.linked("INC-2017-09-11"), ["INC-2017-09-11/a.bin"])
        notes = result.of("not_linked")
        self.assertEqual([note["reason"] for note in notes], ["no incident 'INC-2017-09-99'"])

    def test_incident_by_date_and_place_in_the_path(self):
        self.scan("--incident-from", r"(\d{4}-\d\d-\d\d)_([^/]+)/")
        self.assertEqual(self.linked("INC-2017-09-12"), ["2017-09-12_Khan-Sheikhoun/c.bin"])

    def test_an_ambiguous_place_is_reported_and_not_guessed(self):
        self.dalil("incident", "add", "--set", "id=TWIN", "--set", "date=2017-09-12", "--set", "place=KHAN  SHEIKHOUN")
        result = self.scan("--incident-from", r"(\d{4}-\d\d-\d\d)_([^/]+)/")
        self.assertEqual(self.linked("INC-2017-09-12"), [])
        self.assertIn("several incidents fit", result.of("not_linked")[0]["reason"])
        self.assertIn("several incidents fit", result.err)

    def test_incidents_by_a_map(self):
        path = self.write("map.csv", b"pattern,incident,type\n*/c.bin,INC-2017-09-12,geolocates\n", below=self.dir)
        self.scan("--map", path)
        self.assertEqual(self.linked("INC-2017-09-12"), ["2017-09-12_Khan-Sheikhoun/c.bin"])
        self.assertEqual(self.dalil("find", "--type", "geolocates", "--count").out.strip(), "1")

    def test_a_map_with_an_unknown_incident_is_refused_before_anything_is_read(self):
        path = self.write("map.csv", b"*/c.bin,NOSUCH\n", below=self.dir)
        self.fails("scan", self.tree, "--volume", "disk", "--map", path, expect=FAILURE, message="no incident 'NOSUCH'")
        self.dalil("find", "--count", expect=NO)

    def test_a_bad_expression_is_refused(self):
        self.fails("scan", self.tree, "--volume", "disk", "--incident-from", "(", expect=FAILURE,
                   message="no regular expression")
        self.fails("scan", self.tree, "--volume", "disk", "--incident-from", "(a)(b)(c)", expect=FAILURE,
                   message="more than two groups")

    def test_linking_by_digest_prefix_copy_and_file(self):
        self.scan()
        digest = self.dalil("find", "--path", "d.bin", "--json").of("item")[0]["digest"]
        self.dalil("link", digest[:8], "disk:INC-2017-09-11/a.bin", f"{self.tree}/INC-2017-09-99/b.bin",
                   "INC-2017-09-12", "--type", "context", "--why", "same street")
        self.assertEqual(len(self.linked("INC-2017-09-12")), 3)
        again = self.dalil("link", digest, "INC-2017-09-12", "--type", "context", "--json").summary
        self.assertEqual((again["links"], again["unchanged"]), (0, 1))

    def test_unlinking_keeps_the_record(self):
        self.scan("--incident", "INC-2017-09-11")
        self.dalil("unlink", "disk:d.bin", "INC-2017-09-11", "--why", "another town")
        self.assertNotIn("d.bin", self.linked("INC-2017-09-11"))
        link = self.dalil("show", "disk:d.bin", "--json").of("link")[0]
        self.assertTrue(link["withdrawn"])
        self.assertEqual(link["withdrawn_why"], "another town")
        self.fails("unlink", "disk:d.bin", "INC-2017-09-11", "--why", "again", expect=FAILURE, message="no such link")

    def test_what_cannot_be_linked_is_refused_whole(self):
        self.scan()
        self.fails("link", "disk:d.bin", "ffffffff", "INC-2017-09-11", "--type", "depicts", expect=FAILURE,
                   message="'ffffffff'")
        self.assertEqual(self.linked("INC-2017-09-11"), [])
        self.fails("link", "disk:d.bin", "INC-2017-09-11", "--type", "nosuch", expect=FAILURE, message="no link type",
                   hint="depicts")
        self.fails("link", "disk:d.bin", "INC-2017-09-11", "--type", "depicts", "--from", "2:00", "--to", "1:00",
                   expect=FAILURE, message="ends before it begins")
        self.fails("link", "disk:d.bin", "INC-2017-09-11", "--type", "depicts", "--from", "1:99", expect=FAILURE,
                   message="'1:99'", hint="00:42")

    def test_find_filters_and_answers_no(self):
        self.scan("--incident-from", r"INC-\d{4}-\d{2}-\d{2}")
        count = lambda *filters: self.dalil("find", "--json", *filters, expect=None).summary["matched"]
        self.assertEqual(count(), 4)
        self.assertEqual(count("--linked"), 1)
        self.assertEqual(count("--unlinked"), 3)
        self.assertEqual(count("--incident-date", "2017-09-11"), 1)
        self.assertEqual(count("--min-size", "2"), 0)
        limited = self.dalil("find", "--limit", "2", "--json").summary
        self.assertEqual((limited["matched"], limited["shown"]), (4, 2))
        self.assertEqual(count("--volume", "disk"), 4)
        self.dalil("find", "--path", "nothing like it", expect=NO)
        self.fails("find", "--incident", "NOSUCH", expect=FAILURE, message="no incident 'NOSUCH'")
        self.fails("find", "--date", "yesterday", expect=FAILURE, message="'yesterday'", hint="2017-09")
        self.fails("find", "--min-size", "big", expect=FAILURE, message="'big'", hint="10M")
        self.fails("find", "--kind", "film", expect=FAILURE, message="'film'", hint="video")
        self.fails("find", "--linked", "--unlinked", expect=FAILURE, message="--")


if __name__ == "__main__":
    main()
