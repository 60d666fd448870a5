"""Files that are replaced by others of the same name: nothing that was known is lost without a word."""
import os
import shutil
import subprocess

from pictures import jpeg
from scenario import FAILURE, NO, PARTIAL, Scenario, main


class Replaced(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("card", "source")

    def scan(self, *arguments, **options):
        return super().scan(*arguments, volume="card", **options)

    def card(self, letter, count=20):
        shutil.rmtree(self.tree, ignore_errors=True)
        for i in range(count):
            self.write(f"DCIM/IMG_{i:04}.JPG", letter * (1000 + 7 * i + 100 * letter[0]))

    def test_another_card_with_the_same_names_is_not_believed(self):
        self.card(b"A")
        self.scan()
        self.card(b"B")
        self.write("DCIM/NEW.JPG", b"new")
        result = self.scan(expect=PARTIAL)
        self.assert_accounted(result.summary)
        self.assertEqual((result.summary["not_taken"], result.summary["changed"], result.summary["indexed"]), (20, 0, 1))
        self.assertIn("--allow-changed", self.dalil("scan", self.tree, "--volume", "card", expect=PARTIAL).out)
        self.assertEqual(self.dalil("find", "is:lost", "--json", expect=NO).summary["matched"], 0)
        result = self.scan("--allow-changed", expect=NO)
        self.assertEqual((result.summary["changed"], result.summary["without_copy"]), (20, 20))
        self.assertEqual({(one["path"], one["overwritten"]) for one in result.of("last_copy")},
                         {(f"DCIM/IMG_{i:04}.JPG", True) for i in range(20)})
        self.assert_sound()

    def test_few_changes_are_believed_and_a_known_size_is_no_other_card(self):
        self.card(b"A", 30)
        self.scan()
        for i in range(10):
            self.write(f"DCIM/IMG_{i:04}.JPG", b"edited %d" % i)
        for i in range(10, 30):
            os.utime(f"{self.tree}/DCIM/IMG_{i:04}.JPG", (1, 1))  # a clock of another zone, as on FAT
        summary = self.scan(expect=NO).summary
        self.assertEqual((summary["not_taken"], summary["changed"], summary["without_copy"]), (0, 30, 10))

    def test_what_was_overwritten_keeps_its_path_and_where_it_came_from(self):
        self.write("case/shot.jpg", b"the first content")
        self.write("case/gone.jpg", b"another")
        self.dalil("incident", "add", "--set", "id=INC1", "--set", "date=2017-09-11")
        self.scan("--incident", "INC1")
        digest = self.dalil("find", "--path", "shot", "--json").of("item")[0]["digest"]
        self.write("case/shot.jpg", b"edited in place")
        os.remove(f"{self.tree}/case/gone.jpg")
        told = self.scan(expect=NO)
        self.assertEqual({(one["path"], one["overwritten"]) for one in told.of("last_copy")},
                         {("case/shot.jpg", True), ("case/gone.jpg", False)})
        shown = self.dalil("show", digest, "--json")
        self.assertEqual([(one["path"], one["state"]) for one in shown.of("copy")], [("case/shot.jpg", "vanished")])
        self.assertEqual(len(shown.of("provenance")), 1)
        lost = self.dalil("find", "is:lost")
        self.assertIn("case/shot.jpg", lost.out)
        self.assertIn("case/gone.jpg", lost.out)
        # The same content once more, under another name: it is no loss any more.
        self.write("case/again.jpg", b"the first content")
        self.scan()
        states = {one["path"]: one["state"] for one in self.dalil("show", digest, "--json").of("copy")}
        self.assertEqual(states, {"case/shot.jpg": "vanished", "case/again.jpg": "live"})
        # Written there anew, the path is one copy.
        self.write("case/shot.jpg", b"the first content")
        self.scan(expect=NO)  # what was edited in place has no copy now
        states = [(one["path"], one["state"]) for one in self.dalil("show", digest, "--json").of("copy")]
        self.assertEqual(sorted(states), [("case/again.jpg", "live"), ("case/shot.jpg", "live")])
        self.dalil("rebuild")
        self.assert_sound()

    def test_each_name_of_one_content_tells_its_time(self):
        picture = jpeg(None)
        self.write("phone/IMG-20170911-WA0003.jpg", picture)
        self.scan()
        self.write("card/IMG_20150101_120000.jpg", picture)
        self.write("card/IMG_20140101_120000.jpg", picture)
        self.scan()
        facts = self.dalil("show", "card:phone/IMG-20170911-WA0003.jpg", "--json").of("facts")[0]
        self.assertEqual(sorted(one["time"][:10] for one in facts["times"] if one["origin"] == "file-name"),
                         ["2014-01-01", "2015-01-01", "2017-09-11"])
        entries = self.dalil("log", "--json", "--limit", "0").summary["entries"]
        self.scan("--rehash")  # no news
        self.assertLessEqual(self.dalil("log", "--json", "--limit", "0").summary["entries"], entries + 4)

    def test_secret_keys_are_not_taken_in(self):
        self.write("one.jpg", b"evidence")
        self.scan()
        self.dalil("recovery-key", "make")
        self.fails("recovery-key", "export", "--out", os.path.join(self.tree, "rk.txt"), expect=FAILURE,
                   message="lies in volume 'card'")
        self.dalil("recovery-key", "export", "--out", os.path.join(self.dir, "rk.txt"))
        for path in (os.path.join(self.dir, "rk.txt"), self.key):
            shutil.copy(path, self.tree)
        self.write("notes.txt", b"keys of age begin with AGE-SECRET-KEY-1, as everybody knows")
        result = self.scan(expect=PARTIAL)
        self.assertEqual((result.summary["failed"], result.summary["indexed"]), (2, 1))
        self.assertEqual(sorted(one["path"] for one in result.of("problem")), ["key.txt", "rk.txt"])
        self.assertIn("secret key", result.of("problem")[0]["detail"])

    def test_an_archive_on_a_medium_that_cannot_be_written_is_read(self):
        self.write("one.jpg", b"evidence")
        self.scan()
        frozen = os.path.join(self.dir, "frozen")
        os.mkdir(frozen)
        mounted = os.geteuid() == 0 and subprocess.run(["mount", "--bind", self.archive, frozen],
                                                       capture_output=True).returncode == 0
        if not mounted:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", frozen], capture_output=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", frozen], check=True)
        self.env["DALIL_ARCHIVE"] = frozen
        self.assertEqual(self.dalil("find", "--json").summary["matched"], 1)
        for command in (["status"], ["log"], ["show", "card:one.jpg"], ["verify", self.tree, "--volume", "card", "--no-record"]):
            self.dalil(*command)
        self.fails("tag", "card:one.jpg", "--add", "x", expect=FAILURE, message="Read-only")


if __name__ == "__main__":
    main()
