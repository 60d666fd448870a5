"""Sealed drives of earlier versions, which had no note, are verified, restored from and gone on with (fixtures/drives)."""
import os
import shutil

from backup_scenario import content_of
from scenario import FAILURE, FIXTURES, Scenario, main

MOMENT = 1505908800  # 2017-09-20 12:00:00 UTC, the time of all files of the source


class WithoutNote(Scenario):
    def setUp(self):
        super().setUp()
        fixture = os.path.join(FIXTURES, "drives", "v1-sealed")
        shutil.copytree(os.path.join(fixture, "archive"), self.archive)
        shutil.copy(os.path.join(fixture, "key.txt"), self.key)
        shutil.copytree(os.path.join(fixture, "disk"), self.tree)
        for folder, _, names in os.walk(self.tree):
            for name in names:
                os.utime(os.path.join(folder, name), (MOMENT, MOMENT))
        self.drive = os.path.join(self.dir, "drive")
        shutil.copytree(os.path.join(fixture, "drive"), self.drive)
        self.recovery = os.path.join(fixture, "recovery.txt")
        self.dalil("rebuild")

    def backup(self, *arguments, **options):
        return self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "vault", "--json",
                          *arguments, **options)

    def restored(self):
        out = os.path.join(self.dir, "out")
        os.mkdir(out)
        self.dalil("restore", "--from", "vault=" + self.drive, "--recovery-key", self.recovery, "--all", "--to", out)
        return content_of(os.path.join(out, "disk"))

    def test_it_is_verified_and_restored_from_as_it_is(self):
        summary = self.dalil("verify", self.drive, "--volume", "vault", "--json").summary
        self.assertEqual((summary["result"], summary["checked"]), ("PASS", 4))
        self.assertEqual(self.restored(), content_of(self.tree))

    def test_the_next_backup_goes_on_with_it_and_gives_it_a_note(self):
        self.write("later.jpg", b"later")
        self.scan("--no-metadata")
        result = self.backup()
        self.assertTrue(result.summary["complete"])
        drive = result.of("drive")[0]
        # The objects of a checkout are younger than was recorded, so that they are read.
        self.assertEqual((drive["copied"], drive["there"] + drive["adopted"], drive["set_aside"]), (1, 4, 0))
        self.assertTrue(drive["sealed"])
        self.assertEqual(sorted(os.listdir(self.drive)),
                         ["dalil", "dalil-sealed.txt", "index.age", "objects", "objects.sha256", "partial"])
        self.assertEqual(os.listdir(os.path.join(self.drive, "partial")), [])
        summary = self.dalil("verify", self.drive, "--volume", "vault", "--sha256", "--json").summary
        self.assertEqual((summary["result"], summary["checked"]), ("PASS", 5))
        again = self.backup().of("drive")[0]
        self.assertEqual((again["copied"], again["there"]), (0, 5))
        self.assertEqual(self.restored(), content_of(self.tree))
        self.assert_sound()

    def test_another_drive_is_not_taken_for_it(self):
        shutil.rmtree(os.path.join(self.drive, "objects"))
        os.mkdir(os.path.join(self.drive, "objects"))
        self.fails("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "vault", expect=FAILURE,
                   message="is not the drive of volume")
        self.assertFalse(os.path.exists(os.path.join(self.drive, "dalil")))


if __name__ == "__main__":
    main()
