"""What befalls drives between backups: things moved, removed, begun and not ended; and what is advised then."""
import os
import shlex
import shutil
import signal
import subprocess
import unicodedata

from backup_scenario import content_of
from parity_scenario import Parity
from repair_scenario import Repair
from scenario import DALIL, FAILURE, INTERRUPTED, MIB, NO, main, pattern


class Restored(Repair):
    def restore(self, *sources, to="back", expect=0, more=("--all",)):
        out = os.path.join(self.dir, to)
        result = self.dalil("restore", *(word for one in sources for word in ("--from", one)), "--to", out, *more,
                            "--json", expect=expect)
        return result, content_of(os.path.join(out, "disk")) if os.path.isdir(os.path.join(out, "disk")) else {}

    def test_what_was_moved_on_a_drive_is_found(self):
        self.fill(6, 1)
        os.makedirs(os.path.join(self.one, "data/disk/zz"))
        os.rename(self.at("videos/0.mp4"), self.at("zz/other name"))
        os.rename(self.at("d0/f000.jpg"), self.at("d0/renamed.jpg"))
        result, found = self.restore("one=" + self.one)
        self.assertEqual((result.summary["from_other_places"], found), (2, self.good))
        # What lies there with the size and another content is not taken for it.
        os.rename(self.at("d0/renamed.jpg"), self.at("d0/kept.jpg"))
        self.harm("d0/kept.jpg", 5)
        result, found = self.restore("one=" + self.one, to="again", expect=NO)
        self.assertEqual([one["path"] for one in result.of("not_restored")], ["disk/d0/f000.jpg"])

    def test_what_was_moved_on_a_sealed_drive_is_found(self):
        sealed = os.path.join(self.dir, "sealed")
        os.mkdir(sealed)
        self.write("a.jpg", pattern(9000, 1))
        self.write("b.jpg", pattern(9000, 2))
        self.scan("--no-metadata")
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", sealed, "--volume", "vault", "--sealed")
        objects = [os.path.join(at, name) for at, _, names in os.walk(os.path.join(sealed, "objects")) for name in names]
        self.assertEqual(len(objects), 2)
        for number, path in enumerate(objects):
            os.rename(path, os.path.join(sealed, "objects", f"moved-{number}"))
        result, found = self.restore("vault=" + sealed)
        self.assertEqual((result.summary["from_other_places"], found), (2, content_of(self.tree)))

    def test_attributes_and_times_come_back(self):
        path = self.write("odd.jpg", b"odd")
        try:
            os.setxattr(path, "user.comment", b"from the camera")
        except OSError:
            self.skipTest("no extended attributes here")
        os.utime(path, ns=(0, 0))
        old = self.write("old.jpg", b"old")
        os.utime(old, ns=(0, -86_400_000_000_000))
        self.fill(1, 0)
        # A time that somebody changed on the drive is not the file's.
        os.utime(self.at("d0/f000.jpg"), (1_000_000_000, 1_000_000_000))
        shutil.rmtree(self.tree)
        self.restore("one=" + self.one)
        back = os.path.join(self.dir, "back/disk")
        self.assertEqual(os.getxattr(os.path.join(back, "odd.jpg"), "user.comment"), b"from the camera")
        self.assertEqual([os.stat(os.path.join(back, name)).st_mtime_ns for name in ("odd.jpg", "old.jpg")],
                         [0, -86_400_000_000_000])
        self.assertNotEqual(int(os.stat(os.path.join(back, "d0/f000.jpg")).st_mtime), 1_000_000_000)

    def test_another_drive_is_refused(self):
        self.fill(2, 0)
        self.fails("restore", "--from", "one=" + self.two, "--all", "--to", os.path.join(self.dir, "out"), expect=FAILURE,
                   message="is the drive of volume 'two', not of 'one'", hint="--from two=")

    def test_an_archive_from_a_drive_does_not_call_the_drive_unfinished(self):
        self.fill(3, 0)
        recovery = os.path.join(self.dir, "recovery.txt")
        self.dalil("recovery-key", "export", "--out", recovery)
        snapshot = [name for name in os.listdir(os.path.join(self.one, "dalil")) if name.endswith(".age")]
        self.assertEqual(len(snapshot), 1)
        copy = os.path.join(self.dir, "copy")
        other = {"DALIL_ARCHIVE": copy, "HOME": os.path.join(self.dir, "elsewhere")}
        os.mkdir(other["HOME"])
        self.dalil("restore", "--archive-from", os.path.join(self.one, "dalil", snapshot[0]), "--recovery-key", recovery,
                   "--to", copy, env=other)
        status = self.dalil("status", env=other, expect=None)
        self.assertNotIn("NOT FINISHED", status.out)
        self.assertIn("all 4 files were copied", status.out)
        self.assertFalse(self.dalil("verify", self.one, "--volume", "one", "--json", env=other).summary["backup_unfinished"])
        self.assertNotIn("NOTE", self.dalil("status").out)


class Mended(Repair):
    def test_two_sealed_drives_with_a_flaw_each_make_one_file(self):
        self.write("film.mp4", pattern(4 * MIB + 77, 5))
        self.write("other.jpg", b"other")
        self.scan("--no-metadata")
        good = content_of(self.tree)
        drives = {}
        for label, offset in (("s1", 500_000), ("s2", 2_600_000)):
            drives[label] = os.path.join(self.dir, label)
            os.mkdir(drives[label])
            self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", drives[label], "--volume", label, "--sealed")
            objects = [os.path.join(at, name) for at, _, names in os.walk(os.path.join(drives[label], "objects"))
                       for name in names]
            self.harm(None, offset, full=max(objects, key=os.path.getsize))
        os.remove(os.path.join(self.tree, "film.mp4"))
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        self.dalil("repair", self.tree, "--volume", "disk", "--from", "s1=" + drives["s1"], "--from", "s2=" + drives["s2"])
        self.assertEqual({path: digest for path, digest in content_of(self.tree).items() if b".dalil" not in path}, good)

    def test_attributes_are_those_of_the_same_file_and_of_no_twin(self):
        self.write("a-twin.jpg", b"the same content")
        self.write("plain.jpg", b"the same content")
        try:
            os.setxattr(os.path.join(self.tree, "a-twin.jpg"), "user.comment", b"of the twin")
        except OSError:
            self.skipTest("no extended attributes here")
        self.fill(1, 0)
        os.remove(self.at("plain.jpg"))
        self.verify(expect=NO)
        self.repair()
        self.assertEqual(os.listxattr(self.at("plain.jpg")), [])
        os.remove(self.at("a-twin.jpg"))
        self.verify(expect=NO)
        self.repair()
        self.assertEqual(os.getxattr(self.at("a-twin.jpg"), "user.comment"), b"of the twin")


class Advised(Repair):
    def advice(self, word, **options):
        lines = self.dalil("status", expect=None, **options).out.splitlines()
        return [line.strip() for line in lines if line.strip().startswith("dalil " + word)]

    def follow(self, command, expect=0, cwd=None):
        done = subprocess.run(["bash", "-c", command.replace("dalil ", shlex.quote(DALIL) + " ", 1)], env=self.env,
                              cwd=cwd or self.dir, capture_output=True)
        self.assertEqual(done.returncode, expect, command + done.stdout.decode() + done.stderr.decode())

    def test_volumes_that_are_damaged_elsewhere_mend_each_other(self):
        self.fill(4, 1)
        self.harm("d0/f000.jpg", 50)
        self.harm("d1/f001.jpg", 50, drive=self.two)
        self.verify(expect=NO)
        self.verify(self.two, "two", expect=NO)
        commands = self.advice("repair")
        self.assertEqual(len(commands), 2)
        for command in commands:
            self.assertEqual(command.count("--from"), 1)
            self.follow(command)
        self.assert_mended()
        self.assert_mended(self.two, "two")

    def test_what_is_intact_nowhere_is_asked_of_all_that_have_a_part(self):
        self.fill(2, 1)
        self.harm("videos/0.mp4", 1_100_000)
        self.harm("videos/0.mp4", 1_900_000, drive=self.two)
        self.flip("videos/0.mp4", 1_500_000)
        self.verify(expect=NO)
        self.verify(self.two, "two", expect=NO)
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        commands = self.advice("repair")
        self.assertEqual([command.count("--from") for command in commands], [2, 2, 2])
        for command in commands:
            self.follow(command)
        self.assert_mended()

    def test_a_sealed_drive_is_named_where_it_helps(self):
        sealed = os.path.join(self.dir, "sealed")
        os.mkdir(sealed)
        self.write("a.jpg", pattern(9000, 1))
        self.scan("--no-metadata")
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", sealed, "--volume", "vault", "--sealed")
        self.flip("a.jpg", 100)
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        command, = self.advice("repair")
        self.assertIn("--from vault=", command)
        self.follow(command)
        self.assertEqual(self.dalil("verify", self.tree, "--volume", "disk", "--json").summary["result"], "PASS")

    def test_backups_are_advised_from_where_the_files_are(self):
        self.fill(3, 0)
        self.dalil("policy", "set", "--copies", "3")
        os.remove(os.path.join(self.tree, "d0/f000.jpg"))
        self.scan("--no-metadata")
        third = os.path.join(self.dir, "third")
        os.mkdir(third)
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", third, "--volume", "third")
        command, = self.advice("backup")
        self.assertIn("dalil backup one --to", command)
        self.follow(command)
        self.assertEqual(self.advice("backup"), [])

    def test_commands_work_from_elsewhere(self):
        self.fill(2, 0)
        os.mkdir(os.path.join(self.dir, "here"))
        relative = subprocess.run([DALIL, "backup", "disk", "--folder", "disk=" + self.tree, "--to", "here", "--volume", "r"],
                                  env=self.env, cwd=self.dir, capture_output=True)
        self.assertEqual(relative.returncode, 0, relative.stderr)
        subprocess.run([DALIL, "verify", "./here/../here", "--volume", "r"], env=self.env, cwd=self.dir, check=True,
                       capture_output=True)
        with open(os.path.join(self.dir, "here/data/disk/d0/f000.jpg"), "r+b") as file:
            file.write(b"damage")
        subprocess.run([DALIL, "verify", "here", "--volume", "r"], env=self.env, cwd=self.dir, capture_output=True)
        command, = self.advice("repair")
        self.follow(command, cwd="/")


class Told(Repair):
    def test_a_folder_in_another_unicode_form(self):
        name = unicodedata.normalize("NFC", "Café Žižek")
        self.write(f"{name}/a.jpg", b"a")
        self.fill(1, 0)
        os.rename(self.at(name), self.at(unicodedata.normalize("NFD", name)))
        verdict, = self.verify(expect=None).of("verdict")
        self.assertEqual((verdict["verdict"], "another Unicode form of a folder" in verdict["detail"]), ("moved", True))

    def test_what_is_no_file_on_a_drive(self):
        self.fill(1, 0)
        os.mkfifo(self.at("pipe"))
        os.symlink("/etc/passwd", self.at("link"))
        self.assertEqual(sorted((one["path"], one["verdict"]) for one in self.verify().of("verdict")),
                         [("data/disk/link", "extra"), ("data/disk/pipe", "extra")])


class Refused(Repair):
    def test_a_whole_drive_is_no_folder_on_one(self):
        self.fill(2, 0)
        self.fails("verify", self.one, "--volume", "one", "--below", "data/disk", expect=FAILURE,
                   message="is a whole backup drive", hint="--below")
        self.dalil("verify", os.path.join(self.one, "data/disk"), "--volume", "one", "--below", "data/disk")

    def test_a_drive_within_a_drive(self):
        self.fill(2, 0)
        inner = os.path.join(self.one, "data/inner")
        os.mkdir(inner)
        self.fails("backup", "disk", "--folder", "disk=" + self.tree, "--to", inner, "--volume", "inner", expect=FAILURE,
                   message="lies within another backup drive")
        self.assertEqual(os.listdir(inner), [])


class WithParity(Parity):
    def test_parity_that_is_gone_is_told_and_made_anew(self):
        self.fill_alone()
        for name in self.below():
            if name.endswith(".par2"):
                os.remove(os.path.join(self.one, "dalil/parity", name))
        for options in (["--volume", "one"], ["--volume", "one", "--quick"], ["--offline"]):
            remarks = self.dalil("verify", self.one, *options, "--json").summary["remarks"]
            self.assertTrue(remarks and all("is missing" in one for one in remarks), remarks)
        self.assertIn("is missing: less can be mended", self.dalil("verify", self.one, "--volume", "one").out)
        self.assertEqual(self.backup()["complete"], True)
        self.assert_whole_drive()
        # Also where nothing on the drive tells of it any more.
        shutil.rmtree(os.path.join(self.one, "dalil/parity"))
        self.verify(expect=NO)
        self.assertEqual((self.backup()["percent"], self.backup()["complete"]), (5, True))
        self.assert_whole_drive()
        self.backup("--parity", "0%")
        self.assertIsNone(self.backup())

    def test_parity_that_was_interrupted_is_gone_on_with(self):
        self.fill_alone(percent="0%")
        process = self.start("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume", "one",
                             "--no-snapshot", "--parity", "5%")
        scratch = os.path.join(self.one, "dalil/partial/parity")
        self.wait_until(lambda: process.poll() is not None or os.path.exists(scratch), "parity was begun")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        self.assertIn(process.returncode, (0, INTERRUPTED))
        self.assertEqual((self.backup()["percent"], self.backup()["complete"]), (5, True))
        self.assert_whole_drive()



if __name__ == "__main__":
    main()
