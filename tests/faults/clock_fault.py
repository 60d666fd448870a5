"""The clock is wrong, stands still or jumps: nothing ends, nothing is lost, and what came after what is told by the
ledger, not by the clock."""
import hashlib
import os
import subprocess
import unittest

from fault import Fault, main, rounds
from scenario import NO, Result

SHIM = os.environ["DALIL_FALSE_CLOCK"]
DRIVER = os.environ["DALIL_FAULT_SCAN"]
YEAR = 365 * 86400
# 2106 is where 32 bits without a sign end, 2038 where those with one do.
CLOCKS = {
    "a year back": {"DALIL_CLOCK_OFFSET": str(-YEAR)},
    "a year ahead": {"DALIL_CLOCK_OFFSET": str(YEAR)},
    "the first second": {"DALIL_CLOCK_AT": "0"},
    "before 1970": {"DALIL_CLOCK_AT": "-86400"},
    "the end of 31 bits": {"DALIL_CLOCK_AT": str(2**31)},
    "the end of 32 bits": {"DALIL_CLOCK_AT": str(2**32)},
    "standing still": {"DALIL_CLOCK_AT": "1500000000"},
    "to and fro": {"DALIL_CLOCK_JUMP": str(10 * YEAR)},
    "to and fro by a day": {"DALIL_CLOCK_OFFSET": str(-86400), "DALIL_CLOCK_JUMP": "86400"},
}


@unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
class Clock(Fault):
    def setUp(self):
        super().setUp()
        self.known = []

    def at(self, clock):
        return {"LD_PRELOAD": SHIM, **CLOCKS[clock]}

    def entries(self, env=None):
        """What the log tells, oldest first: numbers and kinds."""
        told = self.dalil("log", "--json", "--limit", "0", env=env).of("entry")
        return sorted((one["seq"], one["kind"]) for one in told)

    def assert_only_more(self, env, what):
        now = self.entries(env)
        self.assertEqual(now[:len(self.known)], self.known, what)
        self.assertEqual([seq for seq, _ in now], list(range(len(now))), what)
        self.known = now

    def work(self, i, env, what):
        """A day's work; each step sees what the ones before did."""
        content = b"file of day %d" % i
        self.write(f"d/{i}.bin", content)
        incident = f"I-{i}"
        self.dalil("incident", "add", "--set", f"id={incident}", "--set", "date=2017-09-11", env=env)
        summary = self.scan("--no-metadata", env=env).summary
        self.assertEqual((summary["indexed"], summary["seen"]), (1, i + 1), what)
        digest = hashlib.sha256(content).hexdigest()
        self.dalil("link", digest, incident, "--type", "depicts", env=env)
        found = self.dalil("find", "--incident", incident, "--json", env=env).of("item")
        self.assertEqual([one["digest"] for one in found], [digest], what)
        summary = self.dalil("verify", self.tree, "--volume", "disk", "--json", env=env).summary
        self.assertEqual((summary["result"], summary["expected"]), ("PASS", i + 1), what)
        self.dalil("policy", "set", "--copies", str(i + 1), "--verified-within", "180d", "--reason", what, env=env)
        self.assertEqual(self.status(env)["policy"]["copies"], i + 1, what)
        self.dalil("key", "rotate", "--why", what, env=env)
        self.assertTrue(self.dalil("check", "--json", env=env).summary["sound"], what)

    def status(self, env):
        """Whether there is something to be done may depend on the clock."""
        process = self.start("status", "--json", env=env)
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, 1), err)
        return Result(0, out, err).summary

    def test_days_of_work_with_clocks_that_are_wrong(self):
        self.make_archive()
        for i, what in enumerate(CLOCKS):
            with self.subTest(clock=what):
                self.work(i, self.at(what), what)
                self.assert_only_more(self.at(what), what)
                self.assert_only_more(None, what)
        # With a right clock again.
        self.work(len(CLOCKS), None, "right again")
        self.assert_only_more(None, "right again")
        self.assertEqual(self.live_copies(), len(CLOCKS) + 1)

    def test_an_archive_that_was_made_at_a_wrong_time(self):
        for clock in ("the first second", "before 1970", "the end of 32 bits"):
            with self.subTest(clock=clock):
                self.archive = os.path.join(self.dir, "archive of " + clock)
                self.env["DALIL_ARCHIVE"], self.known = self.archive, []
                self.key = self.env["DALIL_KEY_FILE"] = self.archive + ".key"
                self.dalil("init", self.archive, env=self.at(clock))
                self.dalil("volume", "add", "disk", "--kind", "working", env=self.at(clock))
                self.write("f", b"f")
                self.scan("--no-metadata")
                self.assert_only_more(None, clock)
                self.assert_sound()

    def test_a_later_revision_holds_though_its_time_is_earlier(self):
        self.make_archive()
        self.dalil("incident", "add", "--set", "id=I-1", "--set", "date=2017-09-11", env=self.at("a year ahead"))
        self.dalil("incident", "edit", "I-1", "--set", "date=2018-01-01", "--reason", "later",
                   env=self.at("a year back"))
        shown = self.dalil("incident", "show", "I-1", "--json").out
        self.assertIn("2018-01-01", shown)
        self.dalil("policy", "set", "--copies", "5", "--reason", "first", env=self.at("a year ahead"))
        self.dalil("policy", "set", "--copies", "2", "--reason", "then", env=self.at("a year back"))
        self.assertEqual(self.status(None)["policy"]["copies"], 2)

    def test_damage_is_told_whatever_the_clock_says(self):
        self.make_archive()
        self.write("f", b"content")
        self.scan("--no-metadata")
        self.dalil("verify", self.tree, "--volume", "disk", env=self.at("a year ahead"))
        self.flip("f", 1)
        for clock in CLOCKS:
            result = self.dalil("verify", self.tree, "--volume", "disk", "--json", env=self.at(clock), expect=1)
            self.assertEqual(result.summary["result"], "FAIL", clock)
            self.assertIn("corrupt", self.dalil("show", "disk:f", env=self.at(clock)).out, clock)
            self.assertIn("corrupt", self.dalil("show", "disk:f").out, clock)
        self.flip("f", 1)
        self.dalil("verify", self.tree, "--volume", "disk", env=self.at("the first second"))
        self.assertNotIn("corrupt", self.dalil("show", "disk:f").out)

    def test_what_was_verified_in_the_future_is_not_fresh(self):
        self.make_archive()
        self.write("f", b"content")
        self.dalil("policy", "set", "--copies", "1", "--verified-within", "30d", "--reason", "for a test")
        self.scan("--no-metadata", env=self.at("a year ahead"))
        self.dalil("verify", self.tree, "--volume", "disk", env=self.at("a year ahead"))
        told = self.status(None)
        self.assertEqual((told["policy"]["not_read_in_time"], told["long_unverified"]), (1, 1))
        self.dalil("verify", self.tree, "--volume", "disk")
        told = self.status(None)
        self.assertEqual((told["policy"]["not_read_in_time"], told["long_unverified"]), (0, 0))

    def test_a_jump_in_between_makes_nothing_fresh(self):
        """Copies that were taken in long ago, beside an entry that seems young."""
        self.make_archive()
        self.dalil("policy", "set", "--copies", "1", "--verified-within", "30d", "--reason", "for a test")
        for i in range(8):
            self.write(f"f{i}", b"content %d" % i)
            self.dalil("incident", "add", "--set", f"id=I-{i}", "--set", "date=2017-09-11")
            self.scan("--no-metadata", env=self.at("a year back"))
        self.assertEqual(self.status(None)["policy"]["not_read_in_time"], 8)

    def test_a_clock_that_is_set_back_ends_no_commits(self):
        """Work goes on being made durable, instead of waiting until the clock has caught up."""
        self.make_archive()
        self.make_small_tree(600)
        counts = []
        for fault in ({}, {"LD_PRELOAD": SHIM, "DALIL_CLOCK_BACK_AFTER": "20"}):
            self.keep_pristine() if not counts else self.restore()
            subprocess.run([DRIVER, self.archive, self.key, self.tree], env={**self.env, **fault}, check=True,
                           capture_output=True)
            counts.append(len(self.dalil("checkpoint", "list", "--json").of("checkpoint")))
            self.assertEqual(self.live_copies(), 600)
        self.assertGreater(counts[0], 10)
        self.assertGreater(counts[1], counts[0] // 2)

    def test_a_backup_with_a_clock_that_jumps(self):
        self.make_archive()
        for i in range(5):
            self.write(f"f{i}", b"content %d" % i)
        self.scan("--no-metadata")
        for i, clock in enumerate(rounds(("to and fro", "the first second"), CLOCKS)):
            drive = os.path.join(self.dir, f"drive-{i}")
            os.mkdir(drive)
            command = ["backup", "disk", "--folder", "disk=" + self.tree, "--to", drive, "--volume", f"b{i}"]
            self.dalil(*command, env=self.at(clock))
            self.dalil(*command)
            self.assertEqual(self.dalil("verify", "--offline", drive, "--json").summary["checked"], 5, clock)
            result = self.dalil("verify", drive, "--volume", f"b{i}", "--json", env=self.at(clock))
            self.assertEqual(result.summary["result"], "PASS", clock)
        self.assert_sound()


@unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
class Future(Fault):
    """One verification under a clock that is years ahead: nothing counts as read until that day comes."""

    def setUp(self):
        super().setUp()
        self.make_archive()
        for i in range(5):
            self.write(f"f{i}.jpg", b"content %d" % i)
        self.scan("--no-metadata")

    def ahead(self, days):
        return {"LD_PRELOAD": SHIM, "DALIL_CLOCK_OFFSET": str(days * 86_400)}

    def status(self, days, expect):
        return self.dalil("status", "--json", expect=expect, env=self.ahead(days))

    def test_what_was_verified_in_the_future_is_due(self):
        self.dalil("policy", "set", "--copies", "1", "--verified-within", "180d", "--reason", "board")
        self.dalil("verify", self.tree, "--volume", "disk", env=self.ahead(3650))
        found = self.status(400, NO)
        self.assertEqual(found.summary["policy"]["not_read_in_time"], 5)
        self.assertTrue(found.of("volume")[0]["long_unverified"])
        self.assertIn("yet to come", self.dalil("status", expect=NO, env=self.ahead(400)).out)
        self.dalil("verify", self.tree, "--volume", "disk", env=self.ahead(400))
        self.assertEqual(self.status(401, 0).summary["policy"]["not_read_in_time"], 0)

    def test_it_hides_no_damage_that_an_auditor_reports(self):
        drive, key, report = (os.path.join(self.dir, name) for name in ("b1", "report.key", "report.jsonl"))
        os.mkdir(drive)
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", drive, "--volume", "b1")
        self.dalil("report", "key", "--out", key)
        self.dalil("verify", drive, "--volume", "b1", env=self.ahead(3650))
        with open(os.path.join(drive, "data/disk/f1.jpg"), "r+b") as file:
            file.write(b"X")
        self.dalil("verify", "--offline", drive, "--report", report, "--sign-key", key, expect=NO, env=self.ahead(1))
        taken = self.dalil("report", "import", report, "--json", expect=NO, env=self.ahead(1)).summary
        self.assertEqual((taken["not_intact"], taken["newer"]), (1, 4))
        self.assertEqual(self.status(1, NO).summary["damaged_copies"], 1)


if __name__ == "__main__":
    main()
