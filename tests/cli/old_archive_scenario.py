"""Archives of earlier versions open, hold what they held, and can be made anew (fixtures/archives)."""
import os
import shutil

from scenario import FAILURE, FIXTURES, NO, Scenario, main

MOMENT = 1505908800  # 2017-09-20 12:00:00 UTC, the time of all files
LONG = bytes(1_200_000)


class FirstVersion(Scenario):
    def setUp(self):
        super().setUp()
        fixture = os.path.join(FIXTURES, "archives", "v1-first")
        shutil.copytree(os.path.join(fixture, "archive"), self.archive)
        shutil.copy(os.path.join(fixture, "key.txt"), self.key)
        self.backup = os.path.join(self.dir, "backup")
        shutil.copytree(os.path.join(fixture, "disk"), self.tree)
        self.write("papers/long.bin", LONG)
        shutil.copytree(self.tree, self.backup)
        os.remove(os.path.join(self.backup, "papers", "notes.txt"))
        self.write("papers/long.bin", LONG[:1_100_000] + b"XXXX" + LONG[1_100_004:], below=self.backup)
        for tree in (self.tree, self.backup):
            for folder, _, names in os.walk(tree):
                for name in names:
                    os.utime(os.path.join(folder, name), (MOMENT, MOMENT))

    def paths(self, *filters, expect=0):
        return sorted(self.dalil("find", *filters, "--volume", "disk", "--paths", expect=expect).out.splitlines())

    def assert_holds_what_it_held(self):
        self.assertEqual(self.paths("--incident", "market"),
                         ["market/IMG-20170914-WA0003.jpg", "market/IMG_0001.jpg", "market/IMG_0002.jpg",
                          "market/clip.mp4", "papers/copy.jpg"])
        self.assertEqual(self.paths("--incident", "market", "--type", "aftermath"), ["market/clip.mp4"])
        self.assertEqual(self.paths("--camera", "80D"),
                         ["market/IMG_0001.jpg", "market/IMG_0002.jpg", "papers/copy.jpg"])
        self.assertEqual(self.paths("--date", "2017-09-19"), ["حلب/صورة.jpg"])
        self.assertEqual(self.paths("--claimed", "2017-09-14"), ["market/IMG-20170914-WA0003.jpg"])
        self.assertEqual(self.paths("--path", "صوره"), ["حلب/صورة.jpg"])
        self.assertEqual(self.paths("--kind", "video", "--min-size", "1K"), ["market/clip.mp4"])
        self.assertEqual(self.paths("--unlinked"),
                         ["papers/empty", "papers/long.bin", "papers/notes.txt", "حلب/صورة.jpg"])
        self.assertEqual(self.paths("--incident", "قرية-1", expect=NO), [])

        incident = self.dalil("incident", "show", "market", "--history", "--json")
        self.assertEqual(incident.of("incident")[0]["incident"]["killed"], 16)
        self.assertIn("a second list of names", incident.out)
        picture = self.dalil("show", "disk:market/IMG_0001.jpg", "--json").out
        for text in ("012345", "a person", "taken in for the fixture"):
            self.assertIn(text, picture)
        withdrawn = self.dalil("show", "disk:حلب/صورة.jpg", "--json").out
        self.assertIn("another town", withdrawn)
        volumes = {one["label"]: one for one in self.dalil("volume", "list", "--json").of("volume")}
        self.assertEqual({label: (one["live_copies"], one["last_verification_result"])
                          for label, one in volumes.items()}, {"disk": (9, "PASS"), "backup": (8, "FAIL")})

    def test_it_says_that_its_tables_are_old(self):
        for command in (["find", "--incident", "market"], ["status"], ["check"], ["scan", self.tree, "--volume", "disk"]):
            self.fails(*command, expect=FAILURE, message="an older Dalil made the archive's tables", hint="dalil rebuild")

    def test_it_is_made_anew_from_its_ledger_and_holds_what_it_held(self):
        self.dalil("rebuild")
        self.assertEqual(self.dalil("check", "--json").summary["entries"], 42)
        self.assert_sound()
        self.assert_holds_what_it_held()

    def test_its_key_cannot_be_given_new_ones_and_another_can(self):
        self.dalil("rebuild")
        self.fails("key", "rotate", "--why", "x", expect=FAILURE, message="cannot be given new keys", hint="key add")
        new_key = os.path.join(self.dir, "new.key")
        self.dalil("key", "add", "--role", "archivist", "--name", "Amal again", "--key-file", new_key)
        new = {"DALIL_KEY_FILE": new_key}
        first = self.dalil("key", "list", "--json").of("key")[0]["actor"]
        self.dalil("key", "remove", first, "--why", "an older version made it", env=new)
        self.dalil("key", "rotate", "--why", "new keys for all", env=new)
        passed = self.dalil("verify", self.tree, "--volume", "disk", "--json", env=new).summary
        self.assertEqual((passed["result"], passed["verdicts"]), ("PASS", {"intact": 9}))
        self.assertTrue(self.dalil("check", "--json", env=new).summary["sound"])

    def test_its_tags_and_digests_still_judge_the_volumes(self):
        self.dalil("rebuild")
        for mode in ([], ["--sha256"]):
            passed = self.dalil("verify", self.tree, "--volume", "disk", "--json", *mode).summary
            self.assertEqual((passed["result"], passed["checked"], passed["verdicts"]), ("PASS", 9, {"intact": 9}))
        failed = self.dalil("verify", self.backup, "--volume", "backup", "--json", expect=NO)
        self.assertEqual(failed.summary["verdicts"], {"intact": 7, "corrupt": 1})
        corrupt, = (one for one in failed.of("verdict") if one["verdict"] == "corrupt")
        self.assertEqual((corrupt["path"], corrupt["ranges"]),
                         ("papers/long.bin", [{"offset": 1_048_576, "size": 151_424}]))

    def test_it_takes_in_more(self):
        self.dalil("rebuild")
        self.write("new.txt", b"later")
        summary = self.scan().summary
        self.assertEqual((summary["indexed"], summary["new_items"], summary["vanished"]), (10, 1, 0))
        self.dalil("link", "disk:new.txt", "market", "--type", "context")
        self.assert_sound()


if __name__ == "__main__":
    main()
