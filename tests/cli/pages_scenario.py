"""Timelines and maps: pages and pictures that stand for themselves."""
import os
import re

from scenario import FAILURE, FIXTURES, NO, Scenario, main

REGISTER = os.path.join(FIXTURES, "incidents", "snhr-2017-09.json")


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


class Pages(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk")
        self.dalil("incident", "import", REGISTER)
        self.out = lambda name: os.path.join(self.dir, name)

    def page(self, command, *arguments):
        path = self.out("page.html")
        self.dalil(command, "--out", path, *arguments)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        page = read(path)
        self.assertIn("default-src 'none'", page)
        self.assertIsNone(re.search(r'<script|\son\w+="|\ssrc="|\shref="|url\(', page))
        return page

    def test_a_timeline_of_the_register(self):
        steps = self.dalil("timeline", "--by", "day", "--json").of("step")
        self.assertEqual(sum(one["incidents"] for one in steps), 43)
        self.assertEqual({one["name"]: one["incidents"] for one in steps}["2017-09-29"], 8)
        self.assertIn("2017-09-12 03:00", self.dalil("timeline", "--by", "hour").out)
        page = self.page("timeline")
        self.assertEqual(page.count("<div class=\"incident\">"), 43)
        self.assertIn("Khan Sheikhoun", page)
        self.dalil("timeline", "--out", self.out("t.svg"), "--by", "day")
        self.assertTrue(read(self.out("t.svg")).startswith("<?xml"))

    def test_only_what_was_asked_for(self):
        page = self.page("timeline", "--incident", "SNHR-2017-09-29-HAREM")
        self.assertEqual(page.count("<div class=\"incident\">"), 1)
        page = self.page("timeline", "--incident-date", "2017-08")
        self.assertEqual(page.count("<div class=\"incident\">"), 2)
        self.dalil("timeline", "--unlinked", "--kind", "video", expect=NO)
        self.fails("timeline", "--incident", "NO-SUCH", expect=FAILURE, message="NO-SUCH")
        self.fails("timeline", "--by", "week", expect=FAILURE, message="'week'", hint="month")

    def test_a_map_of_the_register(self):
        summary = self.dalil("map", "--out", self.out("m.svg"), "--json").summary
        self.assertEqual((summary["incidents"], summary["unplaced_incidents"]), (43, 0))
        picture = read(self.out("m.svg"))
        self.assertEqual(picture.count("<path"), 15)
        self.assertIn("Deir-ez-Zor", picture)
        page = self.page("map")
        self.assertIn("only the area is known", page)  # of villages whose coordinates nobody could name

    def test_pages_in_arabic_run_from_right_to_left(self):
        for command in ("timeline", "map"):
            page = self.page(command, "--language", "ar", "--title", "أيلول 2017")
            self.assertIn('dir="rtl"', page)
            self.assertIn("الحوادث", page)
        self.assertIn("دير الزور", page)
        self.fails("map", "--out", self.out("x.html"), "--language", "fr", expect=FAILURE, message="'fr'", hint="ar")

    def test_a_coordinate_of_the_register_goes_before_the_gazetteer(self):
        self.dalil("incident", "add", "--set", "id=A-1", "--set", "governorate=Idlib", "--set", "place=Khan Sheikhoun",
                   "--set", "latitude=35.5", "--set", "longitude=36.5")
        self.dalil("incident", "add", "--set", "id=A-2", "--set", "place=nowhere in particular")
        summary = self.dalil("map", "--out", self.out("m.html"), "--json").summary
        self.assertEqual(summary["unplaced_incidents"], 1)
        self.assertIn("its own coordinates", read(self.out("m.html")))

    def test_a_wrong_name_leaves_no_file(self):
        self.fails("map", "--out", self.out("m.png"), expect=FAILURE, message="m.png", hint=".svg")
        self.fails("timeline", "--out", self.out("t.pdf"), expect=FAILURE, message="t.pdf", hint=".html")
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith(("m.", "t."))], [])


if __name__ == "__main__":
    main()
