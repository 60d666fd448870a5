"""Files that were taken in without metadata, or could not be looked into then, get it later."""
import os

from pictures import jpeg
from scenario import FAILURE, NO, Scenario, main


class LookAgain(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()

    def failing_parser(self):
        path = os.path.join(self.dir, "failing-parser")
        with open(path, "w") as file:
            file.write("#!/bin/sh\nsleep 0.1\n")
        os.chmod(path, 0o755)
        return {"DALIL_PARSER": path}

    def test_what_was_taken_in_without_metadata_is_looked_into_later(self):
        self.write("a/IMG_20170404_063000.jpg", jpeg("2017:04:04 06:30:00"))
        self.write("b/copy of it.jpg", jpeg("2017:04:04 06:30:00"))
        self.write("notes.txt", b"no picture")
        self.scan("--no-metadata")
        made = ["find", "made:2017-04-04", "--count"]
        self.assertEqual(self.scan().summary["unchanged"], 3)
        self.dalil(*made, expect=NO)
        summary = self.scan("--look-again", "missing").summary
        self.assertEqual((summary["indexed"], summary["media"], summary["new_items"]), (3, 1, 0))
        self.assertEqual(self.dalil(*made).out, "1\n")
        self.assertEqual(self.dalil("find", "made:2017-04-04", "--count").out, "1\n")
        # What is known is no news, and a time that one of the names tells is not lost by looking at the other.
        before = self.dalil("log", "--json", "--limit", "0", "--kind", "facts_stated").of("entry")
        self.assertEqual(self.scan("--look-again", "all").summary["media"], 0)
        self.assertEqual(self.dalil("log", "--json", "--limit", "0", "--kind", "facts_stated").of("entry"), before)
        self.assertEqual(self.scan("--look-again", "missing").summary["indexed"], 1, "the notes only")
        self.fails("scan", self.tree, "--volume", "disk", "--look-again", "some", expect=FAILURE, message="look-again")
        self.dalil("rebuild")
        self.assertEqual(self.dalil(*made).out, "1\n")
        self.assert_sound()

    def test_a_redaction_is_not_undone_by_an_ordinary_scan(self):
        self.write("a.jpg", jpeg("2017:04:04 06:30:00", place=(35.5, 36.5)))
        self.scan()
        here = ["find", "box:35,36..36,37", "--count"]
        self.assertEqual(self.dalil(*here).out, "1\n")
        stated = self.dalil("log", "--json", "--limit", "0", "--kind", "facts_stated").of("entry")[0]["seq"]
        self.assertIn("--look-again", self.dalil("redact", str(stated), "--why", "they asked").out)
        self.write("copy.jpg", jpeg("2017:04:04 06:30:00", place=(35.5, 36.5)))
        self.scan()
        self.scan("--rehash")
        self.dalil(*here, expect=NO)
        self.scan("--look-again", "missing")
        self.assertEqual(self.dalil(*here).out, "1\n")

    def test_a_reading_that_fails_takes_nothing_away(self):
        self.write("a.jpg", jpeg("2017:04:04 06:30:00"))
        self.scan()
        self.scan("--look-again", "all", env=self.failing_parser(), expect=None)
        self.assertEqual(self.dalil("find", "made:2017-04-04", "--count").out, "1\n")

    def test_what_could_not_be_read_then_is_read_later(self):
        self.write("a.jpg", jpeg("2017:04:04 06:30:00"))
        self.scan(env=self.failing_parser(), expect=None)
        self.scan("--look-again", "missing")
        self.assertEqual(self.dalil("find", "made:2017-04-04", "--count").out, "1\n")


if __name__ == "__main__":
    main()
