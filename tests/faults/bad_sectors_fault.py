"""Sectors that cannot be read: the file says where and why, and all others are taken in."""
import errno
import os
import unittest

from fault import Fault, main, pattern

MIB = 1 << 20
NO, PARTIAL = 1, 3
SHIM = os.environ["DALIL_BAD_SECTORS"]


@unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
class BadSectors(Fault):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.write("a/large.mp4", pattern(5 * MIB + 100, 1))
        self.write("a/small.jpg", pattern(6000, 2))
        for i in range(50):
            self.write(f"b/{i}", pattern(100 + i, i))

    def faults(self, *where):
        return {"LD_PRELOAD": SHIM, "DALIL_BAD": " ".join(where)}

    def problem(self, result, path):
        return [one for one in result.of("problem") if one["path"] == path][0]

    def ranges(self, one):
        return [(part["offset"], part["size"]) for part in one["ranges"]]

    def test_a_scan_names_the_ranges_and_reads_the_rest(self):
        result = self.scan("--no-metadata", expect=PARTIAL,
                           env=self.faults(f"large.mp4:{2 * MIB + 5}-{2 * MIB + 6}", "small.jpg:0-1"))
        self.assert_accounted(result.summary)
        self.assertEqual((result.summary["failed"], result.summary["indexed"]), (2, 50))
        large = self.problem(result, "a/large.mp4")
        self.assertEqual(self.ranges(large), [(2 * MIB, 4096)])
        self.assertEqual(large["errno"], errno.EIO)
        self.assertEqual(self.ranges(self.problem(result, "a/small.jpg")), [(0, 4096)])
        self.assert_sound()
        # Once the drive reads again, the next scan takes them in.
        self.assertEqual(self.scan("--no-metadata").summary["indexed"], 2)

    def test_a_verification_tells_unreadable_from_corrupt(self):
        self.scan("--no-metadata")
        for mode in ([], ["--sha256"], ["--medium"]):
            result = self.dalil("verify", self.tree, "--volume", "disk", "--json", *mode, expect=NO,
                                env=self.faults(f"large.mp4:{MIB}-{MIB + 4096}", f"large.mp4:{5 * MIB}-{5 * MIB + 1}"))
            self.assertEqual(result.summary["result"], "FAIL")
            self.assertEqual(result.summary["checked"], 52)
            found = [one for one in result.objects if one.get("verdict") == "unreadable"]
            self.assertEqual([one["path"] for one in found], ["a/large.mp4"])
            self.assertEqual(self.ranges(found[0]), [(MIB, 4096), (5 * MIB, 100)])
            self.assertEqual(found[0]["errno"], errno.EIO)
            self.assertEqual(found[0]["unreadable"], [{"offset": MIB, "size": 4096, "errno": errno.EIO},
                                                      {"offset": 5 * MIB, "size": 100, "errno": errno.EIO}])
            self.assertEqual(result.summary["hardware_warnings"], 0)
        text = self.dalil("verify", self.tree, "--volume", "disk", expect=NO,
                          env=self.faults(f"large.mp4:{MIB}-{MIB + 4096}")).out
        self.assertIn("unreadable  a/large.mp4  bytes 1,048,576 to 1,052,671  Input/output error (EIO)", text)
        self.assertNotIn("corrupt", text)
        self.assertEqual(self.dalil("verify", self.tree, "--volume", "disk", "--json").summary["result"], "PASS")

    def test_damage_beside_bad_sectors_is_found_as_well(self):
        self.scan("--no-metadata")
        path = os.path.join(self.tree, "a/large.mp4")
        times = os.stat(path)
        with open(path, "r+b") as file:
            file.seek(4 * MIB + 9)
            byte = file.read(1)
            file.seek(4 * MIB + 9)
            file.write(bytes([byte[0] ^ 4]))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        result = self.dalil("verify", self.tree, "--volume", "disk", "--json", expect=NO,
                            env=self.faults(f"large.mp4:{MIB}-{MIB + 1}"))
        found = [one for one in result.objects if one.get("path") == "a/large.mp4"][0]
        self.assertEqual(found["verdict"], "corrupt")
        self.assertEqual(self.ranges(found), [(4 * MIB, MIB)])
        self.assertIn("unreadable besides: 4096 bytes at 1048576", found["detail"])

    def make_drive(self):
        self.scan("--no-metadata")
        drive = os.path.join(self.dir, "drive")
        os.mkdir(drive)
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", drive, "--volume", "b1")
        return drive

    def test_without_the_archive_a_drive_tells_as_much(self):
        drive = self.make_drive()
        for mode in ([], ["--medium"]):
            result = self.dalil("verify", "--offline", drive, "--json", *mode, expect=NO,
                                env=self.faults(f"large.mp4:{MIB}-{MIB + 4096}", f"large.mp4:{5 * MIB}-{5 * MIB + 1}"))
            self.assertEqual((result.summary["result"], result.summary["checked"]), ("FAIL", 52))
            found = result.of("verdict")
            self.assertEqual([(one["path"], one["verdict"]) for one in found], [("data/disk/a/large.mp4", "unreadable")])
            self.assertEqual(self.ranges(found[0]), [(MIB, 4096), (5 * MIB, 100)])
            self.assertEqual(found[0]["errno"], errno.EIO)

    def test_a_drives_list_that_cannot_be_read_is_no_list(self):
        drive = self.make_drive()
        for name in ("manifest-sha256.txt", "drive.note", "tagmanifest-sha256.txt", "checkpoint"):
            result = self.dalil("verify", "--offline", drive, "--json", expect=NO, env=self.faults(f"{name}:0-1"))
            self.assertEqual(result.summary["result"], "FAIL")
            self.assertIn("unreadable", [one["verdict"] for one in result.of("verdict") if one["path"].endswith(name)])

    def test_a_fault_that_passes_is_the_hardwares(self):
        drive = self.make_drive()
        result = self.dalil("verify", "--offline", drive, "--json",
                            env={**self.faults("small.jpg:0-1"), "DALIL_BAD_TIMES": "3"})
        self.assertEqual((result.summary["result"], result.summary["read_twice"]), ("CONSISTENT", 1))
        self.assertIn("was unreadable at first", result.of("verdict")[0]["detail"])
        text = self.dalil("verify", "--offline", drive,
                          env={**self.faults("small.jpg:0-1"), "DALIL_BAD_TIMES": "3"}).out
        self.assertIn("HARDWARE", text)

    def verify(self, env, *options, expect=0):
        return self.dalil("verify", self.tree, "--volume", "disk", "--json", *options, expect=expect, env=env)

    def assert_warned(self, result, path, at_first):
        self.assertEqual((result.summary["result"], result.summary["hardware_warnings"]), ("PASS", 1))
        self.assertEqual(result.summary["verdicts"], {"intact": 52})
        self.assertEqual(result.of("verdict"), [])
        warning = result.of("hardware_warning")[0]
        self.assertEqual((warning["path"], warning["verdict"], warning["at_first"]), (path, "intact", at_first))
        return warning

    def test_a_mismatch_that_goes_away_is_a_warning_about_the_hardware(self):
        self.scan("--no-metadata")
        fault = {"LD_PRELOAD": SHIM, "DALIL_FLIP": f"large.mp4:{3 * MIB + 7}-{3 * MIB + 8}", "DALIL_FLIP_TIMES": "1"}
        for mode in ([], ["--sha256"], ["--medium"], ["--sample", "100%"]):
            result = self.verify(fault, *mode)
            if mode == ["--sample", "100%"]:
                self.assertEqual((result.summary["result"], result.summary["sample"]["bad"]), ("SAMPLED", 0))
                self.assertEqual(result.summary["hardware_warnings"], 1)
                continue
            warning = self.assert_warned(result, "a/large.mp4", "corrupt")
            self.assertEqual(self.ranges(warning), [(3 * MIB, MIB)])
        # It stays in the ledger, and is seen.
        self.assertIn("SAMPLED, 1 hardware warning", self.dalil("log", "--kind", "run", "--limit", "1").out)
        entry = self.dalil("log", "--kind", "run", "--limit", "1", "--json").of("entry")[0]
        self.assertEqual(entry["fields"]["hardware_warnings"], 1)
        self.assertIn("HARDWARE  volume 'disk' (V1): 1 file was wrong at first", self.dalil("status").out)
        self.assertEqual(self.dalil("status", "--json").of("volume")[0]["hardware_warnings"], 1)
        text = self.dalil("verify", self.tree, "--volume", "disk", env=fault).out
        self.assertIn("warning     a/large.mp4  intact, but was corrupt at first:  bytes 3,145,728 to", text)
        self.assert_sound()
        self.verify({})
        self.assertNotIn("hardware_warnings", self.dalil("status", "--json").of("volume")[0])

    def test_an_error_that_goes_away_is_a_warning_and_says_where(self):
        self.scan("--no-metadata")
        # Away at once when it is tried in blocks; away only for the second reading; a small file.
        for bad, times, path, first in [(f"large.mp4:{MIB}-{MIB + 1}", 1, "a/large.mp4", (MIB, MIB)),
                                        (f"large.mp4:{MIB}-{MIB + 1}", 2, "a/large.mp4", (MIB, 4096)),
                                        ("small.jpg:4096-4097", 1, "a/small.jpg", (0, 6000))]:
            fault = {**self.faults(bad), "DALIL_BAD_TIMES": str(times)}
            warning = self.assert_warned(self.verify(fault), path, "unreadable")
            self.assertEqual(warning["errno"], errno.EIO)
            self.assertEqual([(one["offset"], one["size"], one["errno"]) for one in warning["unreadable"]],
                             [(*first, errno.EIO)])

    def test_a_sample_tells_unreadable_chunks_to_the_block(self):
        self.scan("--no-metadata")
        result = self.verify(self.faults(f"large.mp4:{2 * MIB + 9000}-{2 * MIB + 9001}"), "--sample", "100%", expect=NO)
        verdict = result.of("verdict")[0]
        self.assertEqual((verdict["verdict"], self.ranges(verdict)), ("unreadable", [(2 * MIB + 8192, 4096)]))
        self.assertEqual(result.summary["sample"]["bad"], 1)


if __name__ == "__main__":
    main()
