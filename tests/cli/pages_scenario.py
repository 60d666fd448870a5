"""Timelines and maps: pages and pictures that stand for themselves."""
import datetime
import os
import re

from pictures import jpeg
from scenario import FAILURE, FIXTURES, NO, Scenario, main

REGISTER = os.path.join(FIXTURES, "incidents", "snhr-2017-09.json")


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def page_words(page):
    """What a page says itself: without descriptions and names that the archive holds."""
    lines = re.findall(r"<td[^>]*>(.*?)</td>", page) + re.findall(r'<br><span dir="auto">([^<]*القتلى[^<]*)</span>', page)
    return "\n".join(line for line in lines if "disk:" not in line)


class Pages(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk")
        self.dalil("incident", "import", REGISTER)
        self.out = lambda name: os.path.join(self.dir, name)

    def page(self, command, *arguments):
        path = self.out("page.html")
        if os.path.exists(path):
            os.unlink(path)
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
        picture = read(self.out("t.svg"))
        self.assertTrue(picture.startswith("<?xml"))
        days = [datetime.date.fromisoformat(one["name"]) for one in steps if len(one["name"]) == 10]
        gaps = [(b - a).days - 1 for a, b in zip(days, days[1:]) if (b - a).days > 1]
        self.assertTrue(gaps)
        self.assertEqual([int(n) for n in re.findall("Steps between without any: ([0-9]+)", picture)], gaps)

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
            self.assertIn("القتلى", page)
            for word in ("killed", "children", "women", "wounded", "photo", "zone unknown", "file-name"):
                self.assertNotIn(word, page_words(page))
        self.assertIn("دير الزور", page)
        self.fails("map", "--out", self.out("x.html"), "--language", "fr", expect=FAILURE, message="'fr'", hint="ar")

    def test_an_arabic_page_speaks_arabic_of_evidence(self):
        self.write("IMG-20170911-WA0003.jpg", jpeg())
        self.write("b.jpg", jpeg("2017:09:12 08:00:00"))
        self.scan()
        page = self.page("timeline", "--language", "ar")
        self.assertIn("صورة", page)
        self.assertIn("(من اسم الملف)", page)
        self.assertIn("(المنطقة الزمنية غير معروفة)", page)
        for word in ("photo", "file-name", "zone unknown", "Timeline"):
            self.assertNotIn(word, page)
        self.assertIn("photo", self.page("timeline"))

    def test_what_is_known_by_its_day_is_in_no_hour(self):
        self.write("IMG-20170911-WA0003.jpg", jpeg())  # a name with a day and no hour
        self.write("b.jpg", jpeg("2017:09:11 00:30:00", "+03:00"))
        self.scan()
        steps = {one["name"]: one["items"] for one in
                 self.dalil("timeline", "kind:photo", "--by", "hour", "--json").of("step") if one["items"]}
        self.assertEqual(steps, {"2017-09-11": 1, "2017-09-11 00:00": 1})

    def test_verified_times_and_places_go_before_those_of_the_file(self):
        self.write("a.jpg", jpeg("2011:01:01 12:00:00", "+03:00", (36.2, 37.15)))
        self.write("b.bin", b"no facts")
        self.write("c.bin", b"neither")
        self.scan()
        self.dalil("review", "disk:a.jpg", "--time", "2017-09-11T08:30+03:00", "--made", "35.44,36.65,500m")
        self.dalil("review", "disk:b.bin", "--time", "2017", "--zone", "+03:00", "--made", "35.45,36.65")
        found = lambda *query: [one["copies"][0]["path"] for one in self.dalil("find", *query, "--json", expect=None).of("item")]
        self.assertEqual(found("has:time"), ["a.jpg", "b.bin"])
        self.assertEqual(found("has:place"), ["a.jpg", "b.bin"])
        self.assertEqual(found("--sort", "made"), ["b.bin", "a.jpg", "c.bin"])
        counts = lambda by: {one["value"]: one["items"] for one in self.dalil("find", "--count-by", by, "--json").of("count")}
        self.assertEqual(counts("year"), {"2017": 2, None: 1})
        self.assertEqual(counts("month"), {"2017-09": 1, "2017": 1, None: 1})
        self.assertEqual(counts("day"), {"2017-09-11": 1, "2017": 1, None: 1})
        self.assertIn("2017-09-11 08:30 +03:00 (verified)", self.dalil("find").out)
        time = self.dalil("find", "path:a.jpg", "--json").of("item")[0]["time"]
        self.assertEqual((time["origin"], time["from"], time["precision"]), ("verified", "2017-09-11T05:30:00.000Z", "minute"))
        result = self.dalil("find", "made:2017-09-11T08:00..09:00", "--json")
        self.assertEqual(result.summary["matched"], 2)
        self.assertEqual(result.summary["by_date_alone"], 1)  # the whole year holds that hour
        items = lambda step: {one["name"]: one["items"] for one in
                              self.dalil("timeline", "has:time", "--by", step, "--json").of("step") if one["items"]}
        self.assertEqual(items("hour"), {"2017": 1, "2017-09-11 08:00": 1})
        self.assertIn("(verified)", self.page("timeline", "has:time"))
        summary = self.dalil("map", "has:place", "--out", self.out("m2.svg"), "--json").summary
        self.assertEqual((summary["items"], summary["verified_items"]), (2, 2))

    def test_near_an_incident_whose_place_the_gazetteer_knows(self):
        self.dalil("incident", "add", "--set", "id=K-1", "--set", "governorate=Idlib", "--set", "place=Khan Sheikhoun")
        self.dalil("incident", "add", "--set", "id=K-2", "--set", "place=nowhere in particular")
        place = self.dalil("vocabulary", "show", "gazetteer", "Khan Sheikhoun", "--json").of("place")[0]
        self.write("near.jpg", jpeg("2017:09:11 12:00:00", "+03:00", (place["latitude"], place["longitude"])))
        self.write("far.jpg", jpeg("2017:09:11 12:00:00", "+03:00", (33.5, 36.3)))
        self.scan()
        found = self.dalil("find", "near:incident:K-1~5km", "--paths").out
        self.assertEqual(found.strip(), "disk:near.jpg")
        self.fails("find", "near:incident:K-2~5km", expect=FAILURE, message="'K-2'", hint="name a place or a point")

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
