"""One mistyped folder must not turn a damaged volume green, nor make a volume's files vanish."""
import os
import shutil
import unittest

from scenario import FAILURE, NO, PARTIAL, Scenario, main


class Places(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk")
        for i in range(6):
            self.write(f"d/f{i}", b"content %d" % i)
        self.other = os.path.join(self.dir, "copy")
        shutil.copytree(self.tree, self.other)
        self.scan()
        self.dalil("volume", "add", "copy", "--kind", "backup")
        self.dalil("scan", self.other, "--volume", "copy")

    def damage(self):
        with open(os.path.join(self.other, "d", "f3"), "r+b") as file:
            file.write(b"X")
        os.utime(os.path.join(self.other, "d", "f3"), (0, 0))
        self.dalil("verify", self.other, "--volume", "copy", expect=NO)

    def test_the_folder_of_another_volume_is_refused(self):
        self.damage()
        for command in ("verify", "scan"):
            self.fails(command, self.tree, "--volume", "copy", expect=FAILURE, message="that of volume 'disk'",
                       hint="--moved-here")
        self.dalil("status", expect=NO)
        # By a link, too.
        link = os.path.join(self.dir, "link")
        os.symlink(self.tree, link)
        self.fails("verify", link + "/.", "--volume", "copy", expect=FAILURE, message="that of volume 'disk'")
        self.dalil("verify", self.tree, "--volume", "copy", "--moved-here")

    def test_what_is_a_volume_already_does_not_become_another_one(self):
        """Each of its files would count as two copies, and perhaps in two places."""
        self.dalil("volume", "add", "twice", "--kind", "backup")
        for folder in (self.tree, os.path.join(self.tree, "d"), self.other, self.dir):
            for command in ("scan", "verify"):
                self.fails(command, folder, "--volume", "twice", expect=FAILURE, message="would count as second copies")
        self.assertEqual(self.dalil("volume", "show", "twice", "--json").of("volume")[0]["live_copies"], 0)
        # Another medium at the same mount point is none of that.
        os.rename(self.tree, self.tree + ".away")
        shutil.copytree(self.tree + ".away", self.tree)
        found = self.dalil("scan", self.tree, "--volume", "twice", "--json").summary
        self.assertEqual(found["indexed"], 6)

    def test_another_file_system_is_refused(self):
        self.dalil("volume", "edit", "copy", "--root", self.other)
        volume = self.dalil("volume", "show", "copy", "--json").of("volume")[0]
        elsewhere = "/dev/shm" if os.path.isdir("/dev/shm") else None
        if not volume.get("uuid") or not elsewhere or os.stat(elsewhere).st_dev == os.stat(self.other).st_dev:
            self.skipTest("one file system here, or none with a UUID")
        moved = os.path.join(elsewhere, os.path.basename(self.dir))
        self.addCleanup(shutil.rmtree, moved, True)
        shutil.copytree(self.other, moved)
        for command in ("verify", "scan"):
            self.fails(command, moved, "--volume", "copy", expect=FAILURE, message="its file system was",
                       hint="--moved-here")
        self.dalil("verify", moved, "--volume", "copy", "--moved-here", "--quick")
        self.dalil("volume", "edit", "copy", "--root", moved)
        self.dalil("verify", moved, "--volume", "copy", "--quick")

    def test_another_backup_drive_is_refused_in_any_case(self):
        drives = [os.path.join(self.dir, name) for name in ("one", "two")]
        for drive in drives:
            os.mkdir(drive)
            self.dalil("backup", "disk", "--to", drive, "--volume", os.path.basename(drive))
        for more in ([], ["--moved-here"]):
            self.fails("verify", drives[0], "--volume", "two", *more, expect=FAILURE,
                       message="another backup drive")
            self.fails("verify", os.path.join(drives[0], "data/disk"), "--volume", "two", "--below", "data/disk", *more,
                       expect=FAILURE, message="another backup drive")
            self.fails("volume", "edit", "two", "--root", drives[0], expect=FAILURE, message="another backup drive")
        self.dalil("verify", os.path.join(drives[0], "data/disk"), "--volume", "one", "--below", "data/disk")
        self.fails("volume", "edit", "disk", "--root", drives[0], expect=FAILURE, message="it is backup drive 'one'")
        self.dalil("volume", "edit", "one", "--root", drives[0])
        self.dalil("verify", drives[0], "--volume", "one")

    def test_an_empty_folder_makes_nothing_vanish(self):
        empty = os.path.join(self.dir, "empty")
        os.mkdir(empty)
        for dry in ([], ["--dry-run"]):
            found = self.dalil("scan", empty, "--volume", "copy", "--json", *dry, expect=PARTIAL).summary
            self.assertEqual((found["vanished"], found["not_believed"]), (0, 6))
        self.assertIn("is this the right folder", self.dalil("scan", empty, "--volume", "copy", expect=PARTIAL).out)
        self.dalil("verify", self.other, "--volume", "copy")
        found = self.dalil("scan", empty, "--volume", "copy", "--allow-vanished", "--json").summary
        self.assertEqual((found["vanished"], found["not_believed"]), (6, 0))

    def test_what_was_moved_and_what_is_the_lesser_part_is_believed(self):
        os.rename(os.path.join(self.tree, "d"), os.path.join(self.tree, "e"))
        os.remove(os.path.join(self.tree, "e", "f1"))
        found = self.scan(expect=PARTIAL).summary
        self.assertEqual((found["moved"], found["vanished"], found["not_believed"]), (5, 0, 1))
        self.write("e/f1", b"content 1")
        self.assertEqual(self.scan().summary["moved"], 1)
        os.remove(os.path.join(self.tree, "e", "f2"))
        self.assertEqual(self.scan().summary["vanished"], 1)


if __name__ == "__main__":
    main()
