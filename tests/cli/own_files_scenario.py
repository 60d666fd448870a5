"""What lies on a backup drive beside the evidence is looked at, and written anew where it is damaged."""
import glob
import os
import re
import subprocess

from backup_scenario import content_of
from scenario import FAILURE, NO, PARTIAL, Scenario, main, pattern


class OwnFiles(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for i in range(6):
            self.write(f"d{i % 2}/f{i}.jpg", pattern(3000 + i, i))
        self.write("empty", b"")
        self.scan("--no-metadata")
        self.drives = {}
        for name, more in (("plain", ()), ("sealed", ("--sealed",))):
            self.drives[name] = os.path.join(self.dir, name)
            os.mkdir(self.drives[name])
            self.backup(name, *more)

    def backup(self, name, *more, **options):
        return self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drives[name], "--volume", name,
                          "--json", *more, **options)

    def verify(self, name, *more, **options):
        return self.dalil("verify", self.drives[name], "--volume", name, "--sha256", "--json", *more, **options)

    def repair(self, name, *more, **options):
        return self.dalil("repair", self.drives[name], "--volume", name, "--json", *more, **options)

    def at(self, name, path):
        return os.path.join(self.drives[name], path)

    def own_files(self, name):
        """But for what is for people only."""
        drive, found = self.drives[name], []
        for folder, directories, files in os.walk(drive):
            directories[:] = [one for one in directories if os.path.join(folder, one) not in
                              [os.path.join(drive, other) for other in ("data", "objects", "dalil/aside")]]
            found += [os.path.relpath(os.path.join(folder, one), drive) for one in files]
        return sorted(found)

    def assert_right(self, name):
        found = self.verify(name)
        self.assertEqual((found.summary["result"], found.of("drive_file"), found.of("verdict")), ("PASS", [], []))
        self.assertGreater(found.summary["own_files_right"], 5)
        self.assertEqual(self.dalil("verify", "--offline", self.drives[name], "--json").summary["result"], "CONSISTENT")
        stock = "manifest-sha256.txt" if name == "plain" else "objects.sha256"
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", stock], cwd=self.drives[name], check=True)
        if name == "plain":
            self.assertEqual(self.dalil("verify-bag", self.drives[name], "--json").summary["result"], "VALID")


class Damaged(OwnFiles):
    def test_each_of_them_is_missed_and_made_anew(self):
        for name in self.drives:
            self.assert_right(name)
            paths = self.own_files(name)
            self.assertTrue([one for one in paths if one.startswith("dalil/tile/")])
            for number, path in enumerate(paths):
                full = self.at(name, path)
                gone = number % 2 == 0
                if gone:
                    os.remove(full)
                else:
                    with open(full, "r+b") as file:
                        first = file.read(1)
                        file.seek(0)
                        file.write(bytes([first[0] ^ 1]))
            found = self.verify(name, expect=NO)
            self.assertEqual(found.summary["result"], "FAIL")
            # One after the other, since a note that is damaged vouches for nothing else.
            self.repair(name)
            self.assert_right(name)

    def test_one_alone_fails_it_and_the_hint_is_what_mends_it(self):
        cases = [(name, path) for name in self.drives for path in self.own_files(name)]
        for number, (name, path) in enumerate(cases):
            with self.subTest(drive=name, path=path):
                # Snapshots and tiles at the border have another name after each repair.
                kind = re.split(r"-\d|\.p/", path)[0]
                path = max([one for one in self.own_files(name) if one.startswith(kind)
                            and one.endswith(".note") == path.endswith(".note")],
                           key=lambda one: os.stat(self.at(name, one)).st_mtime_ns)
                if number % 2:
                    os.remove(self.at(name, path))
                else:
                    self.flip(self.at(name, path), 1)
                result = self.verify(name, "--no-record", expect=NO)
                self.assertEqual(result.summary["result"], "FAIL", path)
                self.assertIn(path, [one["path"] for one in result.of("drive_file")])
                if path == "dalil/drive.note":
                    self.fails("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drives[name],
                               "--volume", name, expect=FAILURE, message="is not the drive of volume",
                               hint=f"dalil repair {self.drives[name]} --volume {name}")
                if "tile" not in path:
                    self.assertEqual(self.repair(name, "--dry-run").summary["result"], "DRY RUN")
                self.assertEqual(self.repair(name).summary["result"], "REPAIRED")
                self.assertEqual(self.verify(name, "--no-record").summary["result"], "PASS")
        for name in self.drives:
            self.assert_right(name)
        self.assert_sound()

    def test_it_is_told_in_words_and_on_record(self):
        os.remove(self.at("sealed", "index.age"))
        text = self.dalil("verify", self.drives["sealed"], "--volume", "sealed", expect=NO).out
        self.assertIn("drive file  index.age: missing", text)
        self.assertIn("without it nothing comes back from here without the archive", text)
        self.assertIn("dalil repair " + self.drives["sealed"], text)
        self.assertIn("FAIL", self.dalil("status", expect=NO).out)
        self.assertEqual(self.repair("sealed").summary["result"], "REPAIRED")
        key = os.path.join(self.dir, "recovery.txt")
        self.dalil("recovery-key", "export", "--out", key)
        self.assert_right("sealed")

    def test_a_damaged_tile_is_written_anew_and_said(self):
        for i in range(300):
            self.write(f"many/{i}", b"%d" % i)
        self.scan("--no-metadata")
        for name in self.drives:
            self.backup(name)
            for pattern_of_path, where in (("dalil/tile/0/000", "dalil/tile/0/000"),
                                           ("dalil/tile/1/000.p/*", "dalil/tile")):
                tile = glob.glob(self.at(name, pattern_of_path))[0]
                self.flip(tile, 8)
                offline = self.dalil("verify", "--offline", self.drives[name], "--json", expect=NO)
                self.assertEqual([one["path"] for one in offline.of("verdict")], [where])
                found = self.verify(name, "--no-record", expect=NO)
                self.assertEqual([one["path"] for one in found.of("drive_file")],
                                 [os.path.relpath(tile, self.drives[name])])
                said = [one["path"] for one in self.backup(name).of("problem") if "another tile" in one["text"]]
                # The one at the border may have another name by now.
                self.assertIn(said, ([os.path.relpath(tile, self.drives[name])],) + (([],) if ".p" in tile else ()))
                self.assert_right(name)

    def test_damaged_objects_are_left_to_a_backup(self):
        path = max(glob.glob(self.at("sealed", "objects/*/*")), key=os.path.getsize)
        self.flip(path, 500)
        os.remove(self.at("sealed", "objects.sha256"))
        self.verify("sealed", expect=NO)
        result = self.repair("sealed", expect=PARTIAL)
        self.assertEqual(result.of("left")[0]["path"], os.path.relpath(path, self.drives["sealed"]))
        self.assertIn("dalil backup", result.of("left")[0]["text"])
        self.assertTrue(self.backup("sealed").summary["complete"])
        self.assert_right("sealed")


class Moved(OwnFiles):
    def test_moved_and_renamed_copies_come_back_to_their_places(self):
        wanted = content_of(self.at("plain", "data"))
        os.rename(self.at("plain", "data/disk/d0/f0.jpg"), self.at("plain", "data/disk/f0 (1).jpg"))
        os.rename(self.at("plain", "data/disk/d1"), self.at("plain", "data/disk/other"))
        self.verify("plain")
        dry = self.repair("plain", "--dry-run")
        self.assertEqual(len(dry.of("repaired")), 4)
        result = self.repair("plain")
        self.assertEqual((result.summary["result"], len(result.of("repaired"))), ("REPAIRED", 4))
        self.assertEqual(content_of(self.at("plain", "data")), wanted)
        self.assert_right("plain")
        self.assertFalse(os.path.exists(self.at("plain", "dalil/aside")))
        self.assertIn("moved or renamed", self.dalil("log", "--kind", "repaired").out)
        self.assert_sound()

    def test_where_something_else_took_the_place_the_moved_file_is_the_source(self):
        wanted = content_of(self.at("plain", "data"))
        os.rename(self.at("plain", "data/disk/d0/f0.jpg"), self.at("plain", "data/disk/elsewhere.jpg"))
        self.write("data/disk/d0/f0.jpg", b"something else", below=self.drives["plain"])
        self.verify("plain", expect=NO)
        self.assertEqual(self.repair("plain").summary["repaired"], 1)
        self.assertEqual(content_of(self.at("plain", "data")), wanted)
        self.assertEqual(len(os.listdir(self.at("plain", "dalil/aside"))), 2)
        self.assert_right("plain")

    def test_a_drive_is_not_scanned(self):
        self.write("data/disk/planted.jpg", b"planted", below=self.drives["plain"])
        before = content_of(self.drives["plain"])
        for volume, folder in (("plain", "plain"), ("disk", "plain"), ("sealed", "sealed")):
            self.fails("scan", self.drives[folder], "--volume", volume, expect=FAILURE,
                       message="drive, which is not scanned", hint="dalil repair")
        self.assertEqual(content_of(self.drives["plain"]), before)
        self.assertEqual(self.count_items(), 7)


class Places(OwnFiles):
    def test_a_folder_without_the_drive_in_it_is_no_drive_that_lost_everything(self):
        nothing = os.path.join(self.dir, "nothing")
        os.mkdir(nothing)
        for name in self.drives:
            self.fails("verify", nothing, "--volume", name, expect=FAILURE, message="not half of its copies",
                       hint="is it mounted there")
        self.assertEqual(self.dalil("status", "--json", expect=None).summary["damaged_copies"], 0)
        result = self.dalil("verify", nothing, "--volume", "plain", "--moved-here", "--json", expect=NO)
        self.assertEqual(result.summary["verdicts"]["missing"], 7)

    def test_nothing_is_written_into_what_is_kept(self):
        inside = os.path.join(self.tree, "inside")
        os.makedirs(os.path.join(inside, "deeper"))
        link = os.path.join(self.dir, "link")
        os.symlink(os.path.join(inside, "deeper"), link)
        for folder in (os.path.join(inside, "deeper"), link):
            self.fails("backup", "disk", "--folder", "disk=" + self.tree, "--to", folder, "--volume", "new",
                       expect=FAILURE, message="lies in what is to be copied")
        for folder in (self.tree, link, os.path.join(inside, "not/yet"), self.drives["plain"],
                       self.at("plain", "data/disk"), self.at("sealed", "new")):
            self.fails("restore", "--from", "plain=" + self.drives["plain"], "--all", "--to", folder, expect=FAILURE,
                       message="lies in", hint="a folder of its own")
        self.assertEqual(os.listdir(inside), ["deeper"])
        out = os.path.join(self.dir, "out")
        os.mkdir(out)
        self.dalil("restore", "--from", "plain=" + self.drives["plain"], "--all", "--to", out)


if __name__ == "__main__":
    main()
