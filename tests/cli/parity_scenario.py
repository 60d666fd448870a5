"""Parity: a drive that travels alone is mended without another, within limits, and says so beyond them."""
import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

from repair_scenario import Repair, content_of
from scenario import FAILURE, FIXTURES, MIB, NO, PARTIAL, main, pattern

ROUNDS = 100 if "DALIL_LONG" in os.environ else 2
KILLS = 200 if "DALIL_LONG" in os.environ else 8
PAGE = os.path.join(os.path.dirname(FIXTURES), "docs", "parity.md")


def noise(size, seed):
    """No block is like another, as in films: par2 takes equal ones for one another, and then finds fewer."""
    return random.Random(seed).randbytes(size)


@unittest.skipUnless(shutil.which("par2"), "par2 is not installed")
class Parity(Repair):
    def backup(self, *more, expect=0, **options):
        result = self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume", "one",
                            "--no-snapshot", "--json", *more, expect=expect, **options)
        return (result.of("drive") or [{}])[0].get("parity")

    def fill_alone(self, small=30, large=2, percent="5%"):
        for i in range(small):
            self.write(f"d{i % 3}/f{i:03}.jpg", pattern(100 + 37 * i, i))
        for i in range(large):
            self.write(f"videos/{i}.mp4", noise(2 * MIB + 1000 * i + 1, 1000 + i))
        self.write("empty", b"")
        self.scan("--no-metadata")
        self.good = content_of(self.tree)
        return self.backup("--parity", percent)

    def below(self, folder="dalil/parity"):
        full = os.path.join(self.one, folder)
        return sorted(os.listdir(full)) if os.path.exists(full) else []

    def assert_whole_drive(self):
        """For everybody: Dalil, a BagIt validator, sha256sum and par2."""
        self.assert_mended()
        self.assertEqual(self.verify().of("verdict"), [])
        offline = self.dalil("verify", "--offline", self.one, "--json")
        self.assertEqual((offline.summary["result"], offline.of("verdict"), offline.summary["remarks"]),
                         ("CONSISTENT", [], []))
        for listed in ("manifest-sha256.txt", "tagmanifest-sha256.txt",
                       *("dalil/parity/" + name for name in self.below() if name.endswith(".sha256"))):
            subprocess.run(["sha256sum", "--quiet", "--strict", "-c", listed], cwd=self.one, check=True)
        for name in self.below():
            if name.endswith(".par2") and ".vol" not in name:
                subprocess.run(["par2", "verify", "-q", "-q", "-B", "./", "dalil/parity/" + name], cwd=self.one,
                               check=True)

    def damage(self, choose):
        """Of a video and a photo, in ways that 5 % can mend."""
        paths = sorted(os.fsdecode(path) for path in self.good if self.good[path] and path != b"empty")
        video, photo = [choose.choice([one for one in paths if one.startswith(start)]) for start in ("videos", "d")]
        for path in (video, photo):
            size = os.path.getsize(self.at(path))
            how = choose.randrange(3)
            if how == 0:
                self.harm(path, choose.randrange(size))
            elif how == 1 and path == video:
                for _ in range(5):
                    self.harm(path, choose.randrange(size // 4096) * 4096, bytes(4096))
            elif how == 1:
                os.remove(self.at(path))
            else:
                self.cut(path, size - choose.randrange(1, min(size, 40_000)))


class Made(Parity):
    def test_it_breaks_neither_the_bag_nor_a_verification(self):
        made = self.fill_alone()
        self.assertEqual((made["files"], made["made"], made["uncovered"], made["complete"]), (32, 1, 0, True))
        self.assert_whole_drive()
        # Nothing to do: nothing is made, also when it is asked for again.
        before = content_of(os.path.join(self.one, "dalil/parity"))
        self.assertEqual((self.backup()["made"], self.backup("--parity", "5%")["made"]), (0, 0))
        self.assertEqual(content_of(os.path.join(self.one, "dalil/parity")), before)

    def test_later_backups_keep_it_current(self):
        self.fill_alone()
        self.write("new.jpg", pattern(5000, 77))
        self.scan("--no-metadata")
        small = self.backup()
        self.assertEqual((small["made"], small["sets"], small["files"]), (1, 2, 33))
        self.assert_mended_tree()
        # A path that changed: its earlier content lies under another name now, and the set is made anew.
        os.utime(self.write("videos/0.mp4", pattern(3 * MIB, 99)), ns=(1, 10**18))
        self.scan("--no-metadata")
        changed = self.backup()
        self.assertEqual((changed["uncovered"], changed["files"], changed["sets"]), (0, 34, 1))
        self.assertEqual(self.below(), ["README.txt", "p5-0003.par2", "p5-0003.sha256",
                                        *[name for name in self.below() if name.startswith("p5-0003.vol")]])
        self.assert_mended_tree()
        self.assertEqual(self.backup("--parity", "10")["percent"], 10)
        self.assertTrue(all(name.startswith(("p10-", "README")) for name in self.below()))
        self.assert_mended_tree()
        self.assertIsNone(self.backup("--parity", "0%"))
        self.assertEqual(self.below(), [])
        with open(os.path.join(self.one, "tagmanifest-sha256.txt"), encoding="utf-8") as listed:
            self.assertNotIn("parity", listed.read())
        self.assert_mended_tree()

    def assert_mended_tree(self):
        """The drive has more than the tree: earlier contents."""
        self.good = content_of(os.path.join(self.one, "data/disk"))
        self.assert_whole_drive()

    def test_names_that_par2_cannot_write_are_told(self):
        names = [b"a*b.jpg", b"line\nfeed.jpg", b"what?.jpg", b"back\\slash.jpg"]
        good = [b"per%20cent.jpg", b"\xff\xfe.jpg", "\u062d\u0644\u0628 .jpg".encode(), b"-q", b"q\"<>|:'$x.jpg",
                b" lead", b"br[a]ck.jpg"]
        for number, name in enumerate(names + good):
            self.write(name, pattern(9000, number))
        made = self.fill_alone(1, 0)
        self.assertEqual(({one.get("path") for one in made["unnamed"]}, made["files"], made["complete"]),
                         ({"data/disk/a*b.jpg", "data/disk/line\nfeed.jpg", "data/disk/what?.jpg",
                           "data/disk/back\\slash.jpg"}, 8, True))
        self.assert_mended()
        self.assertIn("PAR2 cannot write such names",
                      self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume", "one",
                                 expect=0).out)

    def test_files_that_are_damaged_already_are_told_and_keep_their_earlier_parity(self):
        self.fill_alone()
        self.harm("videos/0.mp4", 7)
        self.write("more.mp4", noise(5 * MIB, 5))
        self.scan("--no-metadata")
        parity = self.backup(expect=PARTIAL)
        self.assertEqual(([one["path"] for one in parity["damaged"]], parity["sets"], parity["complete"]),
                         (["data/disk/videos/0.mp4"], 2, False))
        self.verify(expect=NO)
        self.assertEqual(self.repair(from_=[]).summary["repaired"], 1)

    def test_par2_inherits_nothing_of_the_archive(self):
        """Only standard input, output and error: it reads what comes from foreign drives."""
        self.write("one.jpg", pattern(5000, 1))
        self.scan("--no-metadata")
        programs = os.path.join(self.dir, "bin")
        os.mkdir(programs)
        with open(os.path.join(programs, "par2"), "w") as file:
            file.write("#!/bin/sh\nfor fd in /proc/$$/fd/*; do case $(readlink $fd) in *.mdb) echo INHERITED >&2; exit 7;; "
                       "esac; done\necho CLEAN >&2; exit 7\n")
        os.chmod(os.path.join(programs, "par2"), 0o700)
        found = self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume", "one",
                           "--no-snapshot", "--parity", "5%", expect=PARTIAL,
                           env={"PATH": programs + ":" + os.environ["PATH"]})
        self.assertIn("CLEAN", found.out + found.err)

    def test_what_is_refused(self):
        self.fill_alone(3, 0, "0%")
        self.assertEqual(self.below(), [])
        self.fails("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume", "one",
                   "--parity", "101%", expect=FAILURE, message="--parity takes")
        empty = os.path.join(self.dir, "bin")
        os.mkdir(empty)
        before = content_of(self.one)
        self.fails("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume", "one",
                   "--parity", "5%", expect=FAILURE, env={"PATH": empty}, message="'par2'", hint="apt install par2")
        self.assertEqual(content_of(self.one), before)
        self.backup("--parity", "5%")
        # A drive that has it is copied to all the same, and what is not covered is said.
        self.write("new.jpg", pattern(5000, 77))
        self.scan("--no-metadata")
        stale = self.backup(env={"PATH": empty}, expect=PARTIAL)
        self.assertEqual((stale["uncovered"], stale["complete"]), (1, False))
        self.assertIn("apt install par2", stale["why"])
        self.assertTrue(os.path.exists(self.at("new.jpg")))
        self.harm("d0/f000.jpg", 5)
        self.verify(expect=NO)
        lost = self.repair(from_=[], env={"PATH": empty}, expect=PARTIAL)
        self.assertIn("apt install par2", " ".join(lost.of("lost")[0]["tried"]))

    def test_damaged_parity_is_told_and_made_anew(self):
        self.fill_alone()
        volume = [name for name in self.below() if ".vol" in name][0]
        self.harm(None, 1000, full=os.path.join(self.one, "dalil/parity", volume))
        offline = self.dalil("verify", "--offline", self.one, "--json").summary
        self.assertEqual(offline["result"], "CONSISTENT")
        self.assertIn(volume, " ".join(offline["remarks"]))
        again = self.backup("--parity", "5%")
        self.assertEqual((again["damaged_sets"], again["made"], again["sets"]), (1, 1, 1))
        self.assert_whole_drive()

    def test_killed_at_any_moment_it_goes_on(self):
        self.fill_alone(30, 1, "0%")
        for i in range(1200):
            self.write(f"many/{i}.txt", b"%d" % i)
        self.scan("--no-metadata")
        self.backup()
        self.good = content_of(self.tree)
        pristine = {name: name + ".pristine" for name in (self.archive, self.one, self.home)}
        for name, copy in pristine.items():
            shutil.copytree(name, copy)
        started = time.monotonic()
        self.backup("--parity", "5%")
        duration = time.monotonic() - started
        choose, hits, parts = random.Random(3), 0, 0
        for _ in range(KILLS // 4):
            for name, copy in pristine.items():
                shutil.rmtree(name)
                shutil.copytree(copy, name)
            for _ in range(4):
                process = self.start("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume",
                                     "one", "--no-snapshot", "--parity", "5%")
                time.sleep(choose.uniform(0.2, 1) * duration)
                process.send_signal(signal.SIGKILL)
                process.communicate()
                hits += process.returncode != 0
                lists = [name for name in self.below() if name.endswith(".sha256")]
                parts += 0 < len(lists) < 2
                self.assertEqual(self.dalil("verify-bag", self.one, "--json").summary["result"], "VALID")
            self.assertEqual(self.backup("--parity", "5%")["uncovered"], 0)
            self.assert_whole_drive()
        print(f"kills {hits}, with one set of two there {parts}", flush=True)

    def test_a_full_drive_is_told_before_anything_is_written(self):
        small = os.path.join(self.dir, "small")
        self.mount_small(small, "12m")
        os.rmdir(self.one)
        self.one = os.path.join(small, "one")
        os.mkdir(self.one)
        for i in range(2):
            self.write(f"videos/{i}.mp4", pattern(3 * MIB, 1000 + i))
        self.scan("--no-metadata")
        self.fails("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.one, "--volume", "one",
                   "--no-snapshot", "--parity", "100%", expect=FAILURE, message="too little room for parity",
                   hint="nothing was written")
        self.assertEqual(os.listdir(self.one), [])
        self.backup("--parity", "20%")
        # Somebody else fills it: the copies count, and what is not covered is said.
        self.write("new.jpg", pattern(300_000, 77))
        self.scan("--no-metadata")
        with open(os.path.join(small, "filler"), "wb") as filler:
            filler.write(bytes(shutil.disk_usage(small).free - 1_400_000))
        full = self.backup(expect=PARTIAL)
        self.assertIn("room", full["why"])
        self.assertEqual((full["uncovered"], full["sets"]), (1, 1))
        os.remove(os.path.join(small, "filler"))
        self.assertEqual(self.backup()["uncovered"], 0)
        self.good = content_of(self.tree)
        self.assert_whole_drive()


class Used(Parity):
    def test_damage_within_the_limit_is_mended_without_another_drive(self):
        self.fill_alone()
        for number in range(ROUNDS):
            self.damage(random.Random(number))
            self.verify(expect=NO)
            before = content_of(os.path.join(self.one, "data"))
            dry = self.repair("--dry-run", from_=[], expect=PARTIAL)
            self.assertEqual(len(dry.of("problem")), 2)
            self.assertEqual(content_of(os.path.join(self.one, "data")), before)
            result = self.repair(from_=[])
            self.assertEqual((result.summary["result"], result.summary["repaired"]), ("REPAIRED", 2))
            for one in result.of("repaired"):
                self.assertEqual({piece["path"] for piece in one["pieces"]}, {"dalil/parity/p5-0001.par2"})
                if "damaged_sha256" in one:
                    self.assertTrue(os.path.exists(os.path.join(self.one, one["set_aside"])))
            self.assert_whole_drive()
        self.assertIn("from one:dalil/parity/p5-0001.par2", self.dalil("show", result.of("repaired")[0]["digest"]).out)

    def test_another_drive_is_asked_first(self):
        self.fill_alone()
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.two, "--volume", "two")
        self.harm("videos/0.mp4", 5)
        self.verify(expect=NO)
        self.assertEqual({piece["volume"] for piece in self.repair().of("repaired")[0]["pieces"]}, {"two"})
        # Each has what the other has not: all of it together.
        self.harm("videos/0.mp4", 5)
        self.harm("videos/0.mp4", MIB + 5)
        self.harm("videos/0.mp4", 0, bytes(MIB), drive=self.two)
        self.verify(expect=NO)
        pieces = self.repair().of("repaired")[0]["pieces"]
        self.assertEqual([(piece["volume"], piece["offset"]) for piece in pieces], [("one", 0), ("two", MIB)])
        self.assert_whole_drive()

    def test_beyond_the_limit_it_says_so_and_changes_nothing(self):
        self.fill_alone()
        for i in range(2):
            self.harm(f"videos/{i}.mp4", 0, bytes(MIB))
        self.verify(expect=NO)
        before = content_of(os.path.join(self.one, "data"))
        result = self.repair(from_=[], expect=PARTIAL)
        self.assertEqual(result.summary["lost"], 2)
        self.assertIn("more damage in its set than it can mend", " ".join(result.of("lost")[0]["tried"]))
        self.assertEqual(content_of(os.path.join(self.one, "data")), before)
        self.assertEqual(self.below("dalil/partial"), [])

    def test_parity_that_is_damaged_or_forged_mends_nothing_wrongly(self):
        self.fill_alone()
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.two, "--volume", "two")
        parity = os.path.join(self.one, "dalil/parity")
        # Parity of another content, under the names of the right one.
        forged = os.path.join(self.dir, "forged")
        shutil.copytree(os.path.join(self.one, "data"), forged + "/data")
        with open(forged + "/data/disk/videos/0.mp4", "r+b") as file:
            file.write(b"forged")
        os.mkdir(forged + "/dalil")
        os.mkdir(forged + "/dalil/parity")
        paths = sorted(os.path.relpath(os.path.join(folder, name), forged)
                       for folder, _, names in os.walk(forged + "/data") for name in names)
        subprocess.run(["par2", "create", "-q", "-q", "-s8192", "-c60", "-n1", "-B", "./", "dalil/parity/p5-0001.par2",
                        "--", *paths], cwd=forged, check=True)
        for name in self.below():
            if name.endswith(".par2"):
                os.remove(os.path.join(parity, name))
        for name in os.listdir(forged + "/dalil/parity"):
            shutil.copy(os.path.join(forged, "dalil/parity", name), parity)
        self.harm("videos/0.mp4", 5)
        self.verify(expect=NO)
        before = content_of(os.path.join(self.one, "data"))
        self.assertEqual(self.repair(from_=[], expect=PARTIAL).summary["lost"], 1)
        for name in self.below():
            if ".vol" in name:
                os.truncate(os.path.join(parity, name), 100)
        self.assertEqual(self.repair(from_=[], expect=PARTIAL).summary["lost"], 1)
        self.assertEqual(content_of(os.path.join(self.one, "data")), before)
        # With the other drive it is mended, parity or not.
        self.assertEqual(self.repair().summary["repaired"], 1)
        self.assertEqual(content_of(os.path.join(self.one, "data/disk")), self.good)

    def test_a_sealed_drive_is_mended_without_a_key_that_opens_it(self):
        for i in range(30):
            self.write(f"secret-name-{i}.jpg", pattern(3000 + i, i))
        self.write("video.mp4", pattern(3 * MIB, 9))
        self.scan("--no-metadata")
        parity = self.backup("--sealed", "--parity", "5%")
        self.assertEqual((parity["files"], parity["complete"]), (31, True))
        for name in self.below():
            with open(os.path.join(self.one, "dalil/parity", name), "rb") as file:
                self.assertNotRegex(file.read(), rb"secret-name|video|disk/|\d{4}-\d\d-\d\d")
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "objects.sha256"], cwd=self.one, check=True)
        objects = sorted(path for path in content_of(self.one) if path.startswith(b"objects/"))
        before = content_of(self.one)
        self.assertEqual(self.verify().of("verdict"), [])
        by_size = sorted(objects, key=lambda path: os.path.getsize(os.path.join(os.fsencode(self.one), path)))
        for path in (by_size[3], by_size[-1]):
            self.harm(None, 700, full=os.path.join(os.fsencode(self.one), path))
        os.remove(os.path.join(os.fsencode(self.one), by_size[5]))
        self.verify(expect=NO)
        result = self.repair(from_=[])
        self.assertEqual(result.summary["repaired"], 3)
        after = content_of(self.one)
        self.assertEqual({path: after.get(path) for path in objects}, {path: before[path] for path in objects})
        self.assertEqual(self.verify().summary["result"], "PASS")
        self.assertEqual(self.dalil("verify", "--offline", self.one, "--json").summary["result"], "CONSISTENT")
        self.assert_sound()
        self.dalil("rebuild")
        self.assertEqual(self.verify().summary["result"], "PASS")

    def page(self):
        with open(PAGE, encoding="utf-8") as page:
            return re.findall(r"^```sh\n(.*?)^```$", page.read().split("## Without Dalil")[1], re.MULTILINE | re.DOTALL)

    def follow_the_page(self):
        return subprocess.run(["bash", "-e"], input="\n".join(self.page()), cwd=self.dir, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8",
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "DRIVE": self.one})

    def test_the_page_mends_it_without_dalil(self):
        self.fill_alone()
        for number in range(2):
            self.damage(random.Random(100 + number))
            done = self.follow_the_page()
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(content_of(os.path.join(self.one, "data/disk")), self.good)
            self.assertEqual(self.verify().summary["result"], "PASS")
            self.assertEqual(self.dalil("verify-bag", self.one, "--json").summary["result"], "VALID")
        self.harm("videos/0.mp4", 0, bytes(MIB))
        done = self.follow_the_page()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("data/disk/videos/0.mp4: FAILED", done.stdout)


del Repair  # its own module runs it

if __name__ == "__main__":
    main()
