"""Whatever ends a scan, what it reported as done is there, and the next one goes on."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from scenario import FAILURE, INTERRUPTED, MIB, Scenario, main

SMALL, SLOW = 2000, 60
FILES = SMALL + SLOW


class Interrupted(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for i in range(SMALL):
            self.write(f"d{i % 60:02}/f{i}", b"%d" % i)
        self.write_slow_files(SLOW)

    def begin(self):
        """A scan that has committed something and is not done."""
        process = self.start("scan", self.tree, "--volume", "disk", "--no-metadata", "--json")
        self.wait_until(lambda: self.count_items() > 0, "something was committed")
        self.assertIsNone(process.poll(), "the scan was over too soon")
        return process

    def finish(self):
        summary = self.scan("--no-metadata").summary
        self.assert_accounted(summary)
        self.assertEqual(summary["seen"], FILES)
        self.assertEqual(self.dalil("find", "--count").out.strip(), str(FILES))
        self.assertEqual(self.dalil("verify", self.tree, "--volume", "disk", "--json").summary["result"], "PASS")
        self.assert_sound()
        return summary

    def test_kill_9_loses_nothing_that_was_committed(self):
        process = self.begin()
        process.kill()
        process.communicate()
        self.assert_sound()
        kept = self.count_items()
        self.assertGreater(kept, 0)
        self.assertEqual(self.finish()["unchanged"], kept)

    def test_ctrl_c_commits_and_says_so(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, INTERRUPTED, err)
        summary = json.loads(out.splitlines()[-1])
        self.assertEqual(summary["result"], "INTERRUPTED")
        self.assertLess(summary["indexed"], FILES)
        self.assertGreater(summary["indexed"], 0)
        self.assertEqual(self.finish()["unchanged"], summary["indexed"])

    @unittest.skipIf("ASAN_OPTIONS" in os.environ, "sanitizers have handlers of their own")
    def test_a_read_outside_of_memory_is_told(self):
        process = self.begin()
        process.send_signal(signal.SIGSEGV)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 13)
        self.assertIn(b"dalil: error: a read outside of memory", err)
        self.finish()

    def test_sigterm_is_like_ctrl_c(self):
        process = self.begin()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assert_sound()

    def test_an_interrupted_verification_is_no_pass(self):
        self.scan("--no-metadata")
        process = self.start("verify", self.tree, "--volume", "disk", "--json")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
        # It may be hit before the handler is in place, or after the end.
        self.assertIn(process.returncode, (0, INTERRUPTED, -signal.SIGINT))
        if process.returncode == INTERRUPTED and out:
            self.assertNotEqual(json.loads(out.splitlines()[-1])["result"], "PASS")
        self.assert_sound()


class FullDisk(Scenario):
    def setUp(self):
        super().setUp()
        self.small = os.path.join(self.dir, "small")
        self.mount_small(self.small, "3m")
        self.archive = os.path.join(self.small, "archive")
        self.env["DALIL_ARCHIVE"] = self.archive

    def test_a_full_disk_is_an_error_and_costs_nothing_committed(self):
        self.make_archive()
        self.write("early.bin", b"early")
        self.scan("--no-metadata")
        for i in range(20000):
            self.write(f"d{i % 50:02}/f{i}", b"%d" % i)
        self.fails("scan", self.tree, "--volume", "disk", "--no-metadata", expect=FAILURE, message="No space left",
                   hint="space")
        self.dalil("show", "disk:early.bin")
        subprocess.run(["mount", "-o", "remount,size=200m", self.small], check=True)
        self.assert_sound()
        summary = self.scan("--no-metadata").summary
        self.assertEqual(summary["seen"], 20001)
        self.assertEqual(self.dalil("find", "--count").out.strip(), "20001")
        self.assert_sound()

    def test_an_archive_that_does_not_fit_leaves_nothing_behind(self):
        filler = os.path.join(self.small, "filler")
        file = os.open(filler, os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(file, bytes(4096))
        except OSError:
            os.close(file)
        self.fails("init", self.archive, expect=FAILURE, message="No space left")
        self.assertEqual(os.listdir(self.small), ["filler"])
        self.assertFalse(os.path.exists(self.key))


@unittest.skipUnless(shutil.which("mdb_stat"), "without lmdb-utils")
class Snapshots(Scenario):
    def states(self):
        """The newest state's number, and those that readers hold."""
        out = subprocess.run(["mdb_stat", "-er", self.archive], capture_output=True, text=True, timeout=60).stdout
        newest = int(re.search(r"Last transaction ID: (\d+)", out)[1])
        return newest, [int(held) for held in re.findall(r"^ *\d+ [0-9a-f]+ (\d+)$", out, re.M)]

    def lag(self, *command):
        """How many commits the command made, and how old the oldest state was that was held meanwhile: 1 is
        as old as the command."""
        first = newest = self.states()[0]
        process = self.start(*command)
        worst = 0
        while process.poll() is None:
            newest, held = self.states()
            worst = max([worst, *(newest - one for one in held)])
            time.sleep(0.02)
        process.communicate()
        return newest - first, worst / max(newest - first, 1)

    def assert_lag_is_short(self, *command):
        for attempt in range(5):  # a fast machine needs more work before there are commits to tell anything
            self.write_folders_of_slow_files(attempt)
            if command[0] == "verify":
                self.scan()
            commits, lag = self.lag(*command)
            if commits >= 4:
                self.assertLess(lag, 0.8)
                return
        self.fail(f"only {commits} commits")

    def write_folders_of_slow_files(self, attempt):
        """A folder each: that much can be recorded on the way. Each attempt adds as much as there is."""
        start = SLOW << attempt if attempt else 0
        for i in range(start, SLOW << (attempt + 1)):
            path = f"d{i:04}/slow.bin"
            if not os.path.exists(os.path.join(self.tree, path)):
                os.truncate(self.write(path, b"slow %d" % i), 64 * MIB)

    def test_no_old_state_is_held_while_commits_go_on(self):
        """Pages that a commit frees could not be used again, and the database would grow and grow."""
        self.make_archive()
        self.assert_lag_is_short("scan", self.tree, "--volume", "disk", "--rehash")
        self.assert_lag_is_short("verify", self.tree, "--volume", "disk", "--sha256")


if __name__ == "__main__":
    main()
