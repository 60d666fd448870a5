"""Damaged copies are made anew from whatever is intact of them, and nothing is lost on the way."""
import hashlib
import os
import random
import shutil
import signal
import subprocess
import time

from backup_scenario import content_of
from scenario import FAILURE, MIB, NO, PARTIAL, WRONG_KEY, Scenario, main, pattern

KILLS = 500 if "DALIL_LONG" in os.environ else 20


class Repair(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.one, self.two = (os.path.join(self.dir, name) for name in ("one", "two"))
        os.mkdir(self.one)
        os.mkdir(self.two)

    def fill(self, small=20, large=2):
        for i in range(small):
            self.write(f"d{i % 3}/f{i:03}.jpg", pattern(100 + 37 * i, i))
        for i in range(large):
            self.write(f"videos/{i}.mp4", pattern(5 * MIB + 1000 * i + 1, 1000 + i))
        self.write("empty", b"")
        self.scan("--no-metadata")
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume", "one",
                   "--to", self.two, "--volume", "two")
        self.good = content_of(self.tree)

    def at(self, path, drive=None):
        return os.path.join(drive or self.one, "data/disk", path)

    def harm(self, path, offset, content=None, drive=None, full=None):
        """Other bytes, and the times that the file had. Without content: one bit."""
        full = full or self.at(path, drive)
        times = os.stat(full)
        with open(full, "r+b") as file:
            file.seek(offset)
            before = file.read(1)
            file.seek(offset)
            file.write(bytes([before[0] ^ 4]) if content is None else content)
        os.utime(full, ns=(times.st_atime_ns, times.st_mtime_ns))

    def cut(self, path, size, drive=None):
        full = self.at(path, drive)
        times = os.stat(full)
        os.truncate(full, size)
        os.utime(full, ns=(times.st_atime_ns, times.st_mtime_ns))

    def verify(self, drive=None, volume="one", expect=0, **options):
        return self.dalil("verify", drive or self.one, "--volume", volume, "--json", expect=expect, **options)

    def repair(self, *more, drive=None, volume="one", from_=("two",), **options):
        sources = [argument for one in from_ for argument in ("--from", one if "=" in one else f"{one}={self.two}")]
        return self.dalil("repair", drive or self.one, "--volume", volume, *sources, "--json", *more, **options)

    def assert_mended(self, drive=None, volume="one"):
        drive = drive or self.one
        self.assertEqual(content_of(os.path.join(drive, "data/disk")), self.good)
        self.assertEqual(self.verify(drive, volume).summary["result"], "PASS")
        self.assertEqual(self.dalil("verify-bag", drive, "--json").summary["result"], "VALID")
        partial = os.path.join(drive, "dalil/partial")
        self.assertEqual(os.listdir(partial) if os.path.exists(partial) else [], [])
        self.assert_sound()


class Mended(Repair):
    def test_every_kind_of_damage(self):
        self.fill()
        self.harm("d0/f000.jpg", 50)
        self.harm("videos/0.mp4", 3 * MIB + 7)
        self.cut("videos/1.mp4", 2 * MIB + 9)
        os.remove(self.at("d1/f001.jpg"))
        shutil.rmtree(self.at("d2"))
        with open(self.at("d0/f003.jpg"), "ab") as file:
            file.write(b"too much")
        os.remove(self.at("empty"))
        os.symlink("/etc/passwd", self.at("empty"))
        self.verify(expect=NO)
        before = content_of(self.one)
        dry = self.repair("--dry-run")
        self.assertEqual(content_of(self.one), before)
        result = self.repair()
        self.assertEqual(result.summary["result"], "REPAIRED")
        gone = 1 + 6
        self.assertEqual((result.summary["examined"], result.summary["repaired"], result.summary["lost"]),
                         (5 + gone, 5 + gone, 0))
        self.assertEqual([one["path"] for one in dry.of("repaired")], [one["path"] for one in result.of("repaired")])
        self.assert_mended()
        # Only the damaged MiB was taken from the other drive.
        video = [one for one in result.of("repaired") if one["path"].endswith("0.mp4")][0]
        self.assertEqual([(one["offset"], one["size"], one["volume"]) for one in video["pieces"]],
                         [(3 * MIB, MIB, "two")])
        # What was there is set aside, and the record says where.
        for one in result.of("repaired"):
            if "set_aside" in one and "damaged_sha256" in one:
                with open(os.path.join(self.one, one["set_aside"]), "rb") as file:
                    self.assertEqual(hashlib.sha256(file.read()).hexdigest(), one["damaged_sha256"])
        self.assertTrue(os.path.islink([os.path.join(self.one, one["set_aside"]) for one in result.of("repaired")
                                        if one["path"] == "data/disk/empty"][0]))
        shown = self.dalil("show", "disk:videos/0.mp4").out
        self.assertIn("from two:data/disk/videos/0.mp4", shown)
        self.assertIn("repaired: corrupt", self.dalil("log", "--kind", "repaired").out)
        self.assertIn("repair of V2: DONE", self.dalil("log", "--kind", "run").out)
        item = self.dalil("show", "disk:videos/0.mp4", "--json").of("item")[0]["digest"]
        self.assertEqual(len(self.dalil("log", "--item", item, "--kind", "repaired", "--json").of("entry")), 1)
        self.dalil("rebuild")
        self.assert_mended()
        again = self.repair("--check")
        self.assertEqual((again.summary["repaired"], again.summary["intact"]), (0, 23))

    def test_pieces_of_several_damaged_copies_are_combined(self):
        self.fill()
        for number, drive in enumerate((self.one, self.two)):
            self.harm("videos/0.mp4", number * MIB + 7, drive=drive)
            # The same MiB on both, in other blocks.
            self.harm("videos/0.mp4", 4 * MIB + 8192 * (number + 1), bytes(4096), drive=drive)
        self.harm("d0/f000.jpg", 10)
        self.harm("d0/f000.jpg", 20, drive=self.two)
        self.verify(expect=NO)
        lost = self.repair(expect=PARTIAL)
        self.assertEqual([one["path"] for one in lost.of("lost")], ["data/disk/d0/f000.jpg"])
        # It is not lost: nobody asked the disk.
        self.assertEqual((lost.summary["result"], lost.of("lost")[0]["not_asked"]), ("INCOMPLETE", ["disk"]))
        self.assertEqual(lost.of("lost")[0]["ranges"], [{"offset": 0, "size": 100}])
        self.assertEqual([one["path"] for one in lost.of("repaired")], ["data/disk/videos/0.mp4"])
        pieces = lost.of("repaired")[0]["pieces"]
        self.assertIn((4 * MIB + 8192, 4096), [(one["offset"], one["size"]) for one in pieces])
        # The disk has it: now nothing is lost, and then the other drive is mended from the first.
        self.assertEqual(self.repair(from_=["two", "disk=" + self.tree]).summary["repaired"], 1)
        self.assert_mended()
        self.assertEqual(self.repair("--check", drive=self.two, volume="two", from_=["one=" + self.one])
                         .summary["repaired"], 2)
        self.assert_mended(self.two, "two")

    def test_other_copies_on_the_volume_and_files_under_wrong_names_are_sources(self):
        self.write("a/same.bin", pattern(2 * MIB + 5, 9))
        self.write("b/same.bin", pattern(2 * MIB + 5, 9))
        self.fill(9)
        self.harm("a/same.bin", MIB + 5)
        self.harm("b/same.bin", 5)
        a, b = self.at("videos/0.mp4"), self.at("videos/1.mp4")
        os.rename(a, a + ".x")
        os.rename(b, a)
        os.rename(a + ".x", b)
        self.verify(expect=NO)
        result = self.repair(from_=[])
        self.assertEqual(result.summary["repaired"], 4)
        self.assert_mended()

    def test_a_drive_with_damaged_lists_is_a_bag_again(self):
        self.fill(5, 0)
        for name in ("manifest-sha256.txt", "bagit.txt", "dalil/README.txt"):
            self.harm(None, 5, full=os.path.join(self.one, name))
        os.remove(os.path.join(self.one, "tagmanifest-sha256.txt"))
        self.assertIn("is damaged", self.repair().summary["lists_rewritten"])
        self.assert_mended()
        self.harm(None, 40, full=os.path.join(self.one, "dalil/drive.note"))
        self.assertIn("note", self.repair().summary["lists_rewritten"])
        self.assert_mended()
        self.assertEqual(self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume",
                                    "one", "--json").of("drive")[0]["there"], 6)

    def test_a_working_volume(self):
        self.fill(6, 1)
        path = os.path.join(self.tree, "videos/0.mp4")
        os.chmod(path, 0o640)
        try:
            os.setxattr(path, "user.origin", b"https://example.org/")
        except OSError:
            pass
        self.harm(None, 5, full=path)
        self.write("d0/f000.jpg", b"edited on purpose")
        self.verify(self.tree, "disk", expect=NO)
        result = self.repair(drive=self.tree, volume="disk", expect=PARTIAL)
        self.assertEqual((result.summary["repaired"], [one["path"] for one in result.of("left")]),
                         (1, ["d0/f000.jpg"]))
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o640)
        self.assertTrue(os.path.exists(os.path.join(self.tree, result.of("repaired")[0]["set_aside"])))
        # What is set aside is no evidence: neither a scan nor a verification minds it.
        self.assertEqual([one for one in self.verify(self.tree, "disk", expect=NO).of("verdict")
                          if one["verdict"] == "extra"], [])
        self.assertEqual(self.repair("--changed", "--delete-damaged", drive=self.tree, volume="disk")
                         .summary["repaired"], 1)
        self.assertEqual(self.verify(self.tree, "disk").summary["result"], "PASS")
        scanned = self.scan("--no-metadata").summary
        self.assertEqual((scanned["indexed"], scanned["new_items"], scanned["vanished"]), (0, 0, 0))
        kept = content_of(os.path.join(self.tree, ".dalil-aside"))
        self.assertEqual(len(kept), 1)
        self.assert_sound()

    def test_a_file_that_is_another_one_gives_its_attributes_to_nobody(self):
        for name, size in (("a", 3), ("b", 4)):
            path = self.write(f"swap/{name}.jpg", pattern(5000, size))
            try:
                os.setxattr(path, "user.origin", name.encode())
            except OSError:
                self.skipTest("no extended attributes here")
            os.chmod(path, 0o600 if name == "a" else 0o640)
        self.fill(3, 0)
        a, b = self.at("swap/a.jpg"), self.at("swap/b.jpg")
        os.rename(a, a + ".x")
        os.rename(b, a)
        os.rename(a + ".x", b)
        self.write("d0/f000.jpg", b"another one", below=os.path.join(self.one, "data/disk"))
        os.setxattr(self.at("d0/f000.jpg", self.two), "user.origin", b"f")
        self.verify(expect=NO)
        self.assertEqual(self.repair().summary["repaired"], 3)
        for path, origin, mode in ((a, b"a", 0o600), (b, b"b", 0o640), (self.at("d0/f000.jpg"), b"f", None)):
            self.assertEqual(os.getxattr(path, "user.origin"), origin, path)
            self.assertIn(os.stat(path).st_mode & 0o777, (mode, mode or 0o644))
        self.assert_mended()

    def test_a_working_volume_does_not_tell_of_it_when_nothing_was_kept(self):
        self.fill(3, 0)
        path = os.path.join(self.tree, "d0/f000.jpg")
        self.harm(None, 5, full=path)
        self.verify(self.tree, "disk", expect=NO)
        self.assertEqual(self.repair("--delete-damaged", drive=self.tree, volume="disk").summary["repaired"], 1)
        self.assertNotIn(".dalil-aside", os.listdir(self.tree))
        self.harm(None, 5, full=path)
        self.verify(self.tree, "disk", expect=NO)
        self.repair(drive=self.tree, volume="disk")
        [kept] = os.listdir(os.path.join(self.tree, ".dalil-aside"))
        self.assertNotEqual(kept, "partial")

    def test_a_sealed_drive_is_a_source(self):
        self.fill(4, 1)
        sealed = os.path.join(self.dir, "sealed")
        os.mkdir(sealed)
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", sealed, "--volume", "sealed", "--sealed")
        self.harm("videos/0.mp4", 3 * MIB + 7)
        os.remove(self.at("d0/f000.jpg"))
        self.verify(expect=NO)
        result = self.repair(from_=["sealed=" + sealed])
        self.assertEqual(result.summary["repaired"], 2)
        self.assert_mended()
        self.assertEqual(self.repair(drive=sealed, volume="sealed", from_=[]).summary["result"], "NOTHING TO DO")


class Refused(Repair):
    def test_the_wrong_folder(self):
        self.fill(5, 0)
        os.remove(self.at("d0/f000.jpg"))
        empty = os.path.join(self.dir, "nothing")
        os.mkdir(empty)
        before = content_of(self.two)
        self.fails("repair", self.two, "--volume", "one", expect=FAILURE, message="is the drive of V3")
        self.fails("repair", empty, "--volume", "one", expect=FAILURE, message="0 of the 6 copies")
        self.fails("repair", empty, "--volume", "disk", expect=FAILURE, message="0 of the 6 copies")
        self.fails("repair", self.one, "--volume", "one", "--from", "one=" + self.one, expect=FAILURE,
                   message="is the one that is repaired")
        self.fails("repair", self.one, "--volume", "one", "--from", "two=" + self.one, expect=FAILURE,
                   message="it is another backup drive")
        self.fails("repair", self.one, "--volume", "one", "--from", "disk=" + self.two, expect=FAILURE,
                   message="it is that of volume 'two'")
        for more in ((), ("--dry-run",)):
            self.fails("repair", self.one, "--volume", "one", "--from", "disk=" + empty, *more, expect=FAILURE,
                       message="none of the 6 copies of volume 'disk'", hint="is anything mounted at")
        self.fails("repair", self.one, "--volume", "one", "--from", "none=" + self.one, expect=FAILURE,
                   message="no volume 'none'")
        self.assertEqual((content_of(self.two), os.listdir(empty)), (before, []))

    def test_a_damaged_note_makes_no_drive_another_one(self):
        self.fill(5, 0)
        note = os.path.join(self.two, "dalil/drive.note")
        with open(note, "rb") as file:
            digit = file.read()[-10:-9]
        self.harm("", os.path.getsize(note) - 10, b"B" if digit == b"A" else b"A", full=note)  # in the signature
        before = content_of(self.two)
        for more in ((), ("--dry-run",)):
            self.fails("repair", self.two, "--volume", "one", *more, expect=FAILURE, message="was that of V3")
        self.assertEqual(content_of(self.two), before)
        self.assertEqual(self.repair(drive=self.two, volume="two", from_=[]).summary["result"], "REPAIRED")
        self.assertEqual(self.verify(self.two, "two").summary["result"], "PASS")

    def test_another_disk_with_a_damaged_note_is_refused(self):
        if os.geteuid() != 0 or shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin") is None:
            self.skipTest("no file system can be made here")
        for drive in (self.one, self.two):
            subprocess.run(["truncate", "-s", "32M", drive + ".img"], check=True)
            subprocess.run(["/usr/sbin/mkfs.ext4", "-q", drive + ".img"], check=True)
            if subprocess.run(["mount", "-o", "loop", drive + ".img", drive], capture_output=True).returncode != 0:
                self.skipTest("no image can be mounted here")
            self.addCleanup(subprocess.run, ["umount", "-l", drive], capture_output=True)
        self.fill(5, 0)
        note = os.path.join(self.two, "dalil/drive.note")
        self.harm("", 60, full=note)  # it is no note any more
        self.fails("repair", self.two, "--volume", "one", expect=FAILURE, message="its file system is")
        self.assertEqual(self.repair(drive=self.two, volume="two", from_=[]).summary["result"], "REPAIRED")

    def test_an_auditor_may_look_only(self):
        self.fill(5, 0)
        os.remove(self.at("d0/f000.jpg"))
        other = os.path.join(self.dir, "auditor.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", other)
        env = {"DALIL_KEY_FILE": other}
        self.assertEqual(self.repair("--dry-run", env=env).summary["repaired"], 1)
        self.fails("repair", self.one, "--volume", "one", "--from", "two=" + self.two, env=env, expect=WRONG_KEY,
                   message="not for the role")
        self.assertFalse(os.path.exists(self.at("d0/f000.jpg")))

    def test_what_is_lost_is_named_with_its_incidents(self):
        self.fill(5, 0)
        self.dalil("incident", "add", "--set", "id=market")
        self.dalil("link", "disk:d0/f000.jpg", "market", "--type", "depicts")
        self.harm("d0/f000.jpg", 50)
        before = content_of(self.one)
        self.verify(expect=NO)
        # Volumes that have it by the ledger are named, also by a dry run; and it is not called lost.
        for more in ((), ("--dry-run",)):
            result = self.repair(*more, from_=[], expect=PARTIAL)
            self.assertEqual((result.summary["result"], sorted(result.of("lost")[0]["not_asked"])),
                             ("INCOMPLETE", ["disk", "two"]))
            text = self.dalil("repair", self.one, "--volume", "one", *more, expect=PARTIAL).out
            self.assertIn("add --from two", text)
            self.assertIn(self.two, text)
            self.assertNotIn("LOST", text)
        # Where it was last is known by its scan.
        asked = self.dalil("repair", self.one, "--volume", "one", "--from", "disk", "--dry-run", "--json")
        self.assertEqual(asked.summary["repaired"], 1)
        for folder, volume, full in ((self.two, "two", self.at("d0/f000.jpg", self.two)),
                                     (self.tree, "disk", os.path.join(self.tree, "d0/f000.jpg"))):
            self.harm("", 60, full=full)
            self.verify(folder, volume, expect=NO)
        result = self.repair(from_=[], expect=NO)
        self.assertEqual((result.summary["result"], result.of("lost")[0]["incidents"]), ("LOST", ["market"]))
        self.assertEqual(content_of(self.one), before)
        text = self.dalil("repair", self.one, "--volume", "one", expect=NO).out
        self.assertIn("evidence of market", text)
        self.assertIn("intact nowhere", text)


    def test_what_is_lost_counts_no_more_also_if_nobody_verified(self):
        self.fill(5, 0)
        self.dalil("policy", "set", "--copies", "3", "--reason", "board")
        self.harm("d0/f000.jpg", 50)
        os.remove(self.at("d1/f001.jpg"))
        self.repair("--check", "--dry-run", from_=[], expect=PARTIAL)  # others have it, and were not asked
        self.assertEqual(self.dalil("status", "--json").summary["damaged_copies"], 0)
        result = self.repair("--check", from_=[], expect=PARTIAL)
        self.assertEqual(result.summary["lost"], 2)
        status = self.dalil("status", "--json", expect=NO)
        self.assertEqual({one["path"]: one["verdict"] for one in status.of("damaged_copy")},
                         {"data/disk/d0/f000.jpg": "corrupt", "data/disk/d1/f001.jpg": "missing"})
        self.assertEqual(status.summary["policy"]["too_few_copies"], 2)
        self.assertEqual(self.repair().summary["repaired"], 2)
        self.assertEqual(self.dalil("status", "--json").summary["policy"]["below_policy"], 0)
        self.assert_sound()


class Interrupted(Repair):
    removed = 0

    def damage(self, choose):
        for path in [f"d{i % 3}/f{i:03}.jpg" for i in range(0, 60, 2)]:
            how = choose.randrange(3)
            if how == 0:
                os.remove(self.at(path))
                self.removed += 1
            elif how == 1:
                self.harm(path, choose.randrange(100))
            else:
                self.cut(path, 9)
        # Both drives are needed for this one.
        self.harm("videos/0.mp4", 5)
        self.harm("videos/0.mp4", 2 * MIB, drive=self.two)

    def test_killed_at_any_moment_it_goes_on(self):
        self.fill(60, 1)
        choose = random.Random(7)
        self.damage(choose)
        self.verify(expect=NO)
        pristine = {name: name + ".pristine" for name in (self.archive, self.one, self.home)}
        for name, copy in pristine.items():
            shutil.copytree(name, copy)
        started = time.monotonic()
        self.repair()
        duration = time.monotonic() - started
        arguments = ["repair", self.one, "--volume", "one", "--from", "two=" + self.two]
        hits = parts = kills = 0
        while kills < KILLS:
            for name, copy in pristine.items():
                shutil.rmtree(name)
                shutil.copytree(copy, name)
            for _ in range(4):
                process = self.start(*arguments)
                time.sleep(choose.uniform(0.1, 1) ** 2 * duration)
                process.send_signal(signal.SIGKILL)
                process.communicate()
                hits += process.returncode != 0
                kills += 1
            done = len(self.dalil("log", "--kind", "repaired", "--json", expect=None).of("entry"))
            parts += 0 < done < 31
            self.repair()
            self.assertEqual(content_of(os.path.join(self.one, "data/disk")), self.good)
            self.assertEqual(self.verify().summary["result"], "PASS")
            # Each damaged file is still there, and each repair of one on record.
            recorded = len(self.dalil("log", "--kind", "repaired", "--json").of("entry"))
            self.assertTrue(31 - self.removed <= recorded <= 31, recorded)
            damaged = set(content_of(pristine[self.one] + "/data/disk").values()) - set(self.good.values())
            self.assertLessEqual(damaged, set(content_of(os.path.join(self.one, "dalil/aside")).values()))
        self.assert_mended()
        self.assertGreater(hits, 0)
        print(f"kills {hits}, with a part recorded {parts}", flush=True)

    def test_a_full_drive_ends_it_and_loses_nothing(self):
        small = os.path.join(self.dir, "small")
        self.mount_small(small, "16m")
        os.rmdir(self.one)
        self.one = os.path.join(small, "one")
        os.mkdir(self.one)
        self.fill(5, 2)
        self.harm("d0/f000.jpg", 50)
        self.harm("videos/0.mp4", 50)
        self.verify(expect=NO)
        before = content_of(os.path.join(self.one, "data"))
        with open(os.path.join(small, "filler"), "wb") as filler:
            filler.write(bytes(shutil.disk_usage(small).free - 2 * MIB))
        result = self.repair(expect=FAILURE)
        self.assertIn("No space left", result.summary["why"])
        self.assertEqual(result.summary["repaired"], 1)
        now = content_of(os.path.join(self.one, "data"))
        self.assertEqual(now.pop(b"disk/d0/f000.jpg"), self.good[b"d0/f000.jpg"])
        before.pop(b"disk/d0/f000.jpg")
        self.assertEqual(now, before)
        os.remove(os.path.join(small, "filler"))
        self.assertEqual(self.repair().summary["repaired"], 1)
        self.assert_mended()


if __name__ == "__main__":
    main()
