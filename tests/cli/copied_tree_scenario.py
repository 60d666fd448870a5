"""A tree that another system copied, with its names in another Unicode form or case: renames are told apart from loss."""
import os
import unicodedata

from scenario import NO, Scenario, main

NAMES = ["Été à Alep/Ångström.JPG", "Été à Alep/vidéo ñ.mp4", "حَلَب/صُورَة آ.jpg", "Ελλάδα/Άλφα.JPG", "İstanbul/Iğdır.jpg",
         "plain/IMG_0001.JPG", "plain/img_0002.jpg", "각하/한글.jpg"]


class CopiedTree(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for i, name in enumerate(NAMES):
            self.write(unicodedata.normalize("NFC", name), b"content %d" % i)
        self.scan("--no-metadata")

    def copied(self, change):
        to = os.path.join(self.dir, "copy")
        for i, name in enumerate(NAMES):
            self.write(change(name), b"content %d" % i, below=to)
        return to

    def assert_told_apart(self, change):
        copy = self.copied(change)
        found = self.dalil("verify", copy, "--volume", "disk", "--no-record", "--json")
        self.assertEqual((found.summary["result"], found.summary["checked"]), ("PASS", len(NAMES)))
        kinds = {one["verdict"] for one in found.of("verdict")}
        self.assertTrue(kinds and kinds <= {"renamed", "moved"}, kinds)
        # One that is really gone is missing, whatever its name.
        os.remove(os.path.join(os.fsencode(copy), os.fsencode(change(NAMES[0]))))
        found = self.dalil("verify", copy, "--volume", "disk", "--no-record", "--json", expect=NO)
        self.assertEqual([one["verdict"] for one in found.of("verdict")].count("missing"), 1)
        self.assertEqual(found.summary["verdicts"]["missing"], 1)

    def test_decomposed(self):
        self.assert_told_apart(lambda name: unicodedata.normalize("NFD", name))

    def test_composed_for_compatibility(self):
        self.assert_told_apart(lambda name: unicodedata.normalize("NFKD", name))

    def test_in_capitals(self):
        self.assert_told_apart(str.upper)

    def test_in_small_letters(self):
        self.assert_told_apart(str.lower)

    def test_the_same_names_are_no_renames(self):
        copy = self.copied(lambda name: unicodedata.normalize("NFC", name))
        found = self.dalil("verify", copy, "--volume", "disk", "--no-record", "--json")
        self.assertEqual((found.summary["result"], found.of("verdict")), ("PASS", []))


if __name__ == "__main__":
    main()
