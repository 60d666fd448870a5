"""What evidence there is of each incident, and what is missing."""
import os

from pictures import jpeg
from scenario import FAILURE, FIXTURES, NO, Scenario, main

BUQRUS = "SNHR-2017-09-14-BUQRUS-TAHTANI"


class Cover(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk")
        self.dalil("incident", "import", os.path.join(FIXTURES, "incidents", "snhr-2017-09.json"))
        self.write("a.jpg", jpeg("2017:09:14 12:00:00"))
        self.write("b.bin", b"b")
        self.scan()

    def cover(self, *arguments, expect=NO):
        return self.dalil("cover", *arguments, "--json", expect=expect)

    def test_nineteen_of_the_43_have_no_evidence_in_the_register(self):
        summary = self.cover().summary
        self.assertEqual((summary["incidents"], summary["without_evidence"]), (43, 43))
        self.assertEqual((summary["register_links"], summary["register_links_none"]), (24, 19))
        self.assertEqual((summary["without_evidence_register_links"], summary["without_evidence_register_links_none"],
                          summary["without_evidence_register_silent"]), (24, 19, 0))
        text = self.dalil("cover", expect=NO).out
        self.assertIn("43  without evidence", text)
        self.assertIn("19 whose text in the register links to none", text)
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "depicts")
        summary = self.cover().summary
        self.assertEqual((summary["without_evidence"], summary["without_evidence_register_links"]), (42, 23))

    def test_one_incident_is_shown_with_all_that_is_known(self):
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "depicts")
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "geolocates")
        self.dalil("link", "disk:b.bin", BUQRUS, "--type", "candidate")
        one = self.cover(BUQRUS).of("cover")
        self.assertEqual(len(one), 1)
        self.assertEqual({key: one[0][key] for key in ("items", "candidates", "links", "reviewed", "one_volume_only",
                                                       "by_type", "by_kind", "on_volume", "register_links", "missing")},
                         {"items": 1, "candidates": 1, "links": 2, "reviewed": 0, "one_volume_only": 1,
                          "by_type": {"depicts": 1, "geolocates": 1}, "by_kind": {"photo": 1}, "on_volume": {"disk": 1},
                          "register_links": 1, "missing": ["unreviewed", "one-volume"]})
        text = self.dalil("cover", BUQRUS, expect=NO).out
        for line in ("1: 1 photo; 1 more, candidates only", "1 depicts, 1 geolocates", "1 on disk",
                     "its text links to 1 piece of evidence", "1 not reviewed, 1 on one volume only"):
            self.assertIn(line, text)

    def test_gaps_close_one_by_one(self):
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "candidate")
        self.assertEqual(self.cover(BUQRUS).of("cover")[0]["missing"], ["no-evidence", "fewer-than-told"])
        self.assertIn("no evidence yet, 1 candidate", self.dalil("cover", "--gap", "no-evidence", expect=NO).out)
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "depicts")
        self.dalil("review", "disk:a.jpg", "--state", "verified")
        drive = os.path.join(self.dir, "drive")
        os.mkdir(drive)
        self.dalil("backup", "disk", "--to", drive, "--volume", "drive")
        self.assertEqual(self.cover(BUQRUS, expect=0).of("cover")[0]["missing"], [])
        self.assertIn("missing    nothing", self.dalil("cover", BUQRUS).out)
        self.dalil("policy", "set", "--copies", "3")
        self.assertEqual(self.cover(BUQRUS).of("cover")[0]["missing"], ["below-policy"])
        self.dalil("review", "disk:a.jpg", "--state", "in-progress")
        self.assertEqual(self.cover(BUQRUS).of("cover")[0]["missing"], ["unreviewed", "below-policy"])

    def test_what_was_rejected_is_no_evidence(self):
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "depicts")
        self.dalil("review", "disk:a.jpg", "--state", "rejected", "--note", "another town")
        cover = self.cover(BUQRUS)
        one = cover.of("cover")[0]
        self.assertEqual((one["items"], one["candidates"], one["rejected"]), (0, 0, 1))
        self.assertEqual(one["missing"], ["no-evidence", "fewer-than-told"])
        self.assertEqual((cover.summary["without_evidence"], cover.summary["rejected_only"]), (1, 1))
        text = self.dalil("cover", BUQRUS, expect=NO).out
        self.assertIn("0; 1 more, rejected", text)
        self.assertIn("no evidence but 1 rejected", text)
        self.assertIn("1 of them with nothing but what was rejected", text)
        self.assertEqual(self.dalil("status", "--json", expect=None).summary["incidents_without_evidence"], 43)
        listed = self.dalil("incident", "list", "--without-evidence", "--json")
        self.assertEqual([(entry["items"], entry["rejected"]) for entry in listed.of("incident") if entry["id"] == BUQRUS],
                         [(0, 1)])
        self.dalil("link", "disk:b.bin", BUQRUS, "--type", "candidate")
        self.assertIn("no evidence yet, 1 candidate, 1 rejected", self.dalil("cover", BUQRUS, expect=NO).out)
        self.dalil("link", "disk:b.bin", BUQRUS, "--type", "depicts")
        link = [one for one in self.dalil("show", "disk:b.bin", "--json").of("link") if one["link_type"] == "depicts"][0]["seq"]
        self.assertEqual(self.cover(BUQRUS).of("cover")[0]["items"], 1)
        self.dalil("review", "--link", str(link), "--state", "rejected")
        self.dalil("unlink", "disk:b.bin", BUQRUS, "--type", "candidate", "--why", "looked at")
        self.assertEqual(self.cover(BUQRUS).of("cover")[0]["rejected"], 2)

    def test_damage_and_loss_are_gaps(self):
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "depicts")
        os.remove(os.path.join(self.tree, "a.jpg"))
        self.dalil("scan", self.tree, "--volume", "disk", "--allow-vanished", expect=NO)
        self.assertIn("no-copy", self.cover(BUQRUS).of("cover")[0]["missing"])

    def test_only_what_was_asked_for_is_listed_and_decides(self):
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "depicts")
        self.assertEqual(len(self.cover("--gap", "one-volume").of("cover")), 1)
        self.assertEqual(len(self.cover("--gap", "one-volume", "--gap", "no-evidence").of("cover")), 43)
        self.assertEqual(self.cover("--gap", "no-copy", expect=0).of("cover"), [])
        self.assertEqual(len(self.cover("--missing").of("cover")), 43)
        self.fails("cover", "--gap", "nothing", expect=FAILURE, message="'nothing'", hint="no-evidence")
        self.fails("cover", "NONE", expect=FAILURE, message="'NONE'", hint="dalil incident list")

    def test_status_counts_candidates_as_no_evidence_either(self):
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "candidate")
        self.assertEqual(self.dalil("status", "--json", expect=None).summary["incidents_without_evidence"], 43)
        listed = self.dalil("incident", "list", "--without-evidence", "--json")
        self.assertEqual(listed.summary["matched"], 43)
        self.assertEqual([(one["items"], one["candidates"]) for one in listed.of("incident") if one["id"] == BUQRUS], [(0, 1)])
        self.dalil("link", "disk:a.jpg", BUQRUS, "--type", "depicts")
        self.assertEqual(self.dalil("incident", "list", "--without-evidence", "--json").summary["matched"], 42)


if __name__ == "__main__":
    main()
