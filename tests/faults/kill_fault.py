"""SIGKILL at any moment of a scan: nothing that was reported as committed is lost, and the next scan goes on."""
import collections
import os
import signal
import subprocess
import time

from fault import Fault, last_committed, main, rounds, tell

FILES = 2000
LOCKED = 11
DRIVER = os.environ["DALIL_FAULT_SCAN"]


class Kill(Fault):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.make_small_tree(FILES)
        self.keep_pristine()
        started = time.monotonic()
        self.drive().communicate()
        self.duration = time.monotonic() - started
        self.expected = self.copies()
        self.assertEqual(len(self.expected), FILES)

    def drive(self):
        return subprocess.Popen([DRIVER, self.archive, self.key, self.tree], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.env)

    def kill_within(self, process):
        """Returns whether it hit a running process, and what had been reported."""
        time.sleep(self.random.uniform(0, self.duration * 1.05))
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, -signal.SIGKILL), err)
        return process.returncode != 0, out

    def check_after_kill(self, committed):
        self.assert_sound()
        kept = self.live_copies()
        self.assertGreaterEqual(kept, committed, "what was reported as committed is lost")
        return kept

    def finish(self, kept):
        summary = self.scan("--no-metadata").summary
        self.assert_accounted(summary)
        self.assertEqual((summary["seen"], summary["unchanged"]), (FILES, kept))
        self.assertEqual(self.copies(), self.expected)
        self.assert_sound()

    def test_killed_while_it_commits_every_few_files(self):
        hits = within = 0
        for _ in range(rounds(30, 1000)):
            self.restore()
            hit, out = self.kill_within(self.drive())
            hits += hit
            kept = self.check_after_kill(last_committed(out))
            within += 0 < kept < FILES
            self.finish(kept)
        tell(kills=hits, with_a_part_committed=within)
        self.assertGreater(hits, 0)
        self.assertGreater(within, 0)

    def test_killed_again_and_again_it_still_arrives(self):
        """Each life goes on where the one before was ended."""
        for _ in range(rounds(2, 30)):
            self.restore()
            kept, lives = 0, 0
            while kept < FILES and lives < 60:
                _, out = self.kill_within(self.drive())
                now = self.live_copies()
                # A life counts from its own beginning.
                self.assertGreaterEqual(now, kept + last_committed(out))
                kept, lives = now, lives + 1
            self.finish(kept)

    def test_the_program_itself_killed(self):
        started = time.monotonic()
        self.restore()
        self.scan("--no-metadata")
        self.duration = time.monotonic() - started
        hits = 0
        for _ in range(rounds(5, 200)):
            self.restore()
            hit, _ = self.kill_within(self.start("scan", self.tree, "--volume", "disk", "--no-metadata"))
            hits += hit
            self.finish(self.check_after_kill(0))
        tell(kills=hits)

    def test_readers_open_the_archive_while_it_is_written(self):
        """Between one commit and the next the meta pages never look damaged."""
        answers, seen = 0, set()
        for _ in range(rounds(2, 30)):
            self.restore()
            process = self.drive()
            while process.poll() is None:
                seen.add(self.count_open())
                answers += 1
            process.communicate()
        tell(answers=answers, different=len(seen))
        self.assertGreater(len(seen), 1)

    def test_an_archive_that_is_being_written_is_never_called_damaged(self):
        codes = collections.Counter()
        for _ in range(rounds(2, 30)):
            self.restore()
            process = self.drive()
            while process.poll() is None:
                check = self.start("check")
                out, err = check.communicate(timeout=60)
                codes[check.returncode] += 1
                self.assertIn(check.returncode, (0, LOCKED), out + err)
            process.communicate()
            self.assert_sound()
        tell(checks=codes)

    def count_open(self):
        process = self.start("find", "--count", "--json")
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, 1), err)
        return out

    def test_killed_while_it_verifies(self):
        self.restore()
        self.scan("--no-metadata")
        self.keep_pristine_again()
        for _ in range(rounds(4, 200)):
            self.restore()
            self.kill_within(self.start("verify", self.tree, "--volume", "disk"))
            self.assert_sound()
            self.assertEqual(self.dalil("verify", self.tree, "--volume", "disk", "--json").summary["result"], "PASS")

    def test_killed_while_it_rebuilds(self):
        self.restore()
        self.scan("--no-metadata")
        self.keep_pristine_again()
        started = time.monotonic()
        self.dalil("rebuild")
        self.duration = time.monotonic() - started
        for _ in range(rounds(5, 200)):
            self.restore()
            self.kill_within(self.start("rebuild"))
            self.assert_sound()
            self.assertEqual(self.copies(), self.expected)

    def keep_pristine_again(self):
        subprocess.run(["rm", "-r", self.pristine], check=True)
        self.keep_pristine()


if __name__ == "__main__":
    main()
