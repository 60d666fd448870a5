"""SIGKILL at any moment of a verification: the next one reads what was not read, and says what it did."""
import os
import signal
import time
import unittest

from fault import Fault, main, rounds, tell

NO, PARTIAL = 1, 3
DIRECTORIES, EACH = 40, 4
FILES = DIRECTORIES * EACH
SHIM = os.environ["DALIL_BAD_SECTORS"]


@unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
class SlowDisk(Fault):
    """Each file takes 20 ms to read, and two are read at a time; eight make a batch."""
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.names = sorted(f"d{i:02}/f{k}" for i in range(DIRECTORIES) for k in range(EACH))
        for name in self.names:
            os.truncate(self.write(name, name.encode()), 1 << 20)
        self.scan("--no-metadata")
        self.logs = 0

    def shim(self, **more):
        self.logs += 1
        self.log = os.path.join(self.dir, f"read{self.logs}")
        return {"LD_PRELOAD": SHIM, "DALIL_READ_LOG": self.log, "DALIL_READ_DELAY_MS": "20", **more}

    def command(self, *options):
        return ("verify", self.tree, "--volume", "disk", "--threads", "2", *options)

    def names_read(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as lines:
            return [os.path.relpath(line.rstrip("\n"), self.tree) for line in lines if line.startswith(self.tree + "/")]


class KilledVerification(SlowDisk):
    def setUp(self):
        super().setUp()
        self.keep_pristine()
        started = time.monotonic()
        self.dalil(*self.command(), env=self.shim())
        self.duration = time.monotonic() - started

    def kill(self):
        """Kills a verification at a random moment; returns which files it had read, or was reading."""
        process = self.start(*self.command(), env=self.shim())
        time.sleep(self.random.uniform(0.6, 1.02) * self.duration)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        return set(self.names_read()), process.returncode == -signal.SIGKILL

    def finish(self, read_before, expect=0):
        """Goes on, and proves that every file was read in one of the lives, whatever is said."""
        summary = self.dalil(*self.command("--json"), env=self.shim(), expect=expect).summary
        read_now = set(self.names_read())
        self.assertEqual(sorted(read_before | read_now), self.names)
        self.assertEqual((summary["expected"], summary["checked"], summary["remaining"]), (FILES, FILES, 0))
        self.assertEqual(summary["checked_before"], FILES - len(read_now))
        self.assert_sound()
        return summary

    def test_killed_and_gone_on_with(self):
        hits = kept = 0
        for _ in range(rounds(3, 100)):
            self.restore()
            read, hit = self.kill()
            unread = [name for name in self.names if name not in read]
            hits += hit
            if hit and unread and self.random.random() < 0.5:
                name = self.random.choice(unread)
                self.flip(name, 0)
                summary = self.finish(read, expect=NO)
                self.assertEqual(summary["verdicts"], {"corrupt": 1, "intact": FILES - 1})
                self.flip(name, 0)
            else:
                summary = self.finish(read)
                self.assertEqual(summary["result"], "PASS")
            kept += summary["checked_before"] > 0
        tell(kills=hits, gone_on_with=kept)
        self.assertGreater(hits, 0)

    def test_killed_again_and_again(self):
        self.restore()
        read, lives = set(), 0
        for _ in range(rounds(2, 30)):
            more, hit = self.kill()
            read |= more
            lives += 1
            if not hit:
                return
        self.assertEqual(self.finish(read)["result"], "PASS")

    def test_rot_without_a_trace_in_what_was_checked_is_for_the_next_verification(self):
        """As documented: a file that was read keeps its verdict of then, and the report says how many are such."""
        for _ in range(20):
            self.restore()
            _, hit = self.kill()
            if hit and self.dalil("show", "disk:d00/f0", "--json").of("copy")[0]["verdict"] == "intact":
                break
        else:
            self.skipTest("it was always over too soon, or too late")
        rot = {"DALIL_FLIP": "d00/f0:5-6"}
        summary = self.dalil(*self.command("--json"), env=self.shim(**rot)).summary
        self.assertEqual(summary["result"], "PASS")
        self.assertGreater(summary["checked_before"], 0)
        self.assertNotIn("d00/f0", self.names_read())
        found = self.dalil(*self.command("--json"), env=self.shim(**rot), expect=NO)
        self.assertEqual([one["path"] for one in found.of("verdict")], ["d00/f0"])


class OutOfTime(SlowDisk):
    def assert_account(self, summary):
        self.assertEqual(summary["checked"], summary["checked_now"] + summary["checked_before"])
        self.assertEqual(summary["expected"], summary["checked"] + summary["remaining"])

    def test_the_next_run_goes_on_with_the_rest(self):
        first = self.dalil(*self.command("--json", "--time", "1s"), env=self.shim(), expect=PARTIAL).summary
        read = set(self.names_read())
        self.assert_account(first)
        self.assertEqual((first["result"], first["out_of_time"]), ("INCOMPLETE", True))
        self.assertGreater(first["checked_now"], 0)
        volume = self.dalil("status", "--json").of("volume")[0]
        self.assertTrue(volume["long_unverified"])
        self.assertNotIn("last_verification", volume)
        last = self.dalil(*self.command("--json", "--time", "1d"), env=self.shim()).summary
        self.assert_account(last)
        self.assertEqual((last["result"], last["remaining"], last["out_of_time"]), ("PASS", 0, False))
        self.assertEqual(last["checked_before"], first["checked"])
        self.assertEqual(sorted(read | set(self.names_read())), self.names)
        self.assert_sound()

    def test_never_verified_before_all_and_then_the_rest(self):
        for i in range(0, DIRECTORIES, 2):
            self.dalil("verify", os.path.join(self.tree, f"d{i:02}"), "--volume", "disk", "--below", f"d{i:02}")
        seen, ends = [], False
        while not ends:
            result = self.start(*self.command("--json", "--time", "1s"), env=self.shim())
            out, err = result.communicate(timeout=120)
            self.assertIn(result.returncode, (0, PARTIAL), err)
            ends = result.returncode == 0
            seen += [name for name in self.names_read() if name not in seen]
        self.assertEqual(sorted(seen), self.names)
        # Two readers, each with its batch: the last of the one kind and the first of the other may mix.
        mixed = FILES // 2 - 32
        self.assertTrue(all(int(name[1:3]) % 2 for name in seen[:mixed]), seen)

    def test_the_text_says_what_was_checked_when(self):
        text = self.dalil(*self.command("--time", "1s"), env=self.shim(), expect=PARTIAL).out
        self.assertRegex(text, r"\n  not checked \d+ copies; the same command goes on with them\n")
        self.assertIn("\n  TIME IS UP: ended before all was checked\n", text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        text = self.dalil(*self.command()).out
        self.assertRegex(text, r"^PASS  volume 'disk' \(V1\): 160 of 160 copies checked, 160 intact\n")
        self.assertRegex(text, r"\n  before +[\d,]+ copies in this verification, begun 20\d\d-\d\d-\d\d ")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)


if __name__ == "__main__":
    main()
