"""A verification in parts: ended and gone on with, within a time, or of a sample. What it says is what it did."""
import json
import os
import signal

from scenario import FAILURE, INTERRUPTED, MIB, NO, Scenario, main, pattern


class Verify(Scenario):
    def verify(self, *arguments, **options):
        return self.dalil("verify", self.tree, "--volume", "disk", "--json", *arguments, **options)


class InParts(Verify):
    """Files that take their time and no room on the disk, a directory each."""
    FILES = 90

    def setUp(self):
        super().setUp()
        self.make_archive()
        for i in range(self.FILES):
            os.truncate(self.write(f"d{i:02}/large.bin", b"%d" % i), 64 * MIB)
            self.write(f"d{i:02}/small.bin", b"small %d" % i)
        self.copies = 2 * self.FILES
        self.scan("--no-metadata")

    def interrupted(self):
        """A verification that Ctrl-C ends at work: its summary, and what it said."""
        process = self.start("verify", self.tree, "--volume", "disk", "--json")
        # The run is known to the ledger before it reads.
        self.wait_until(lambda: "begun" in self.dalil("log", "--limit", "3").out or process.poll() is not None,
                        "the verification began")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        if process.returncode != INTERRUPTED:
            self.skipTest("it was over too soon")
        return json.loads(out.splitlines()[-1]), err

    def assert_account(self, summary):
        self.assertEqual(summary["checked"], summary["checked_now"] + summary["checked_before"])
        self.assertEqual(summary["expected"], summary["checked"] + summary["remaining"])

    def test_ctrl_c_and_then_the_rest(self):
        first, err = self.interrupted()
        self.assertEqual((first["result"], first["interrupted"]), ("INCOMPLETE", True), err)
        self.assert_account(first)
        self.assertTrue(first["pass"]["open"])
        self.assertEqual(self.dalil("volume", "list", "--json").of("volume")[0].get("last_verification"), None)
        last = self.verify().summary
        self.assert_account(last)
        self.assertEqual(last["result"], "PASS")
        self.assertEqual((last["checked_before"], last["checked"]), (first["checked"], self.copies))
        self.assertEqual(last["pass"]["seq"], first["pass"]["seq"])
        self.assert_sound()
        self.assertEqual(self.verify().summary["checked_before"], 0)

    def test_ctrl_c_while_moved_files_are_looked_for_finds_nobody_missing(self):
        there = self.tree + ".there"
        os.rename(self.tree, there)
        os.mkdir(self.tree)
        os.rename(there, os.path.join(self.tree, "moved"))
        summary, err = self.interrupted()
        self.assertEqual((summary["result"], summary["checked"], summary["expected"]), ("INCOMPLETE", 0, self.copies), err)
        self.assert_account(summary)
        self.assertEqual(self.dalil("status", "--json").summary["damaged_copies"], 0)


class Usage(Verify):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.write("a.bin", pattern(5 * MIB + 3, 1))
        self.write("d/b.bin", pattern(4 * MIB, 2))
        for i in range(30):
            self.write(f"d/s{i}", b"%d" % i)
        self.scan("--no-metadata")

    def test_what_excludes_each_other_is_refused(self):
        base = ("verify", self.tree, "--volume", "disk")
        for options, message in [(("--quick", "--sample", "1%"), "--quick and --sample exclude each other"),
                                 (("--sha256", "--sample", "9"), "--sha256 and --sample exclude each other"),
                                 (("--quick", "--time", "1h"), "--quick and --time exclude each other"),
                                 (("--sample", "5", "--restart"), "--sample and --restart exclude each other"),
                                 (("--time", "1h", "--no-record"), "--time and --no-record exclude each other"),
                                 (("--seed", "5"), "--seed and --confidence belong to --sample")]:
            self.fails(*base, *options, expect=FAILURE, message=message)
        for time in ("2", "h", "", "-1h", "0s", "5x", "1h30", "99999999h", "1.5h"):
            self.fails(*base, f"--time={time}" if time else "--time=0m", expect=FAILURE, message="is no length of time",
                       hint="2h, 30m, 90s")
        for sample in ("0", "0%", "101%", "-3", "x", "1%%", "nan%"):
            self.fails(*base, f"--sample={sample}", expect=FAILURE, message="is no sample", hint="percentage")
        for confidence in ("0", "100", "20", "x"):
            self.fails(*base, "--sample=5", f"--confidence={confidence}", expect=FAILURE,
                       message="is no confidence", hint="from 50")

    def test_time_enough_is_a_whole_verification(self):
        for time in ("2h", "30m", "90s", "1h30m"):
            summary = self.verify("--time", time).summary
            self.assertEqual((summary["result"], summary["checked_now"], summary["remaining"]), ("PASS", 32, 0))

    def test_a_sample_states_what_it_proves_and_is_no_pass(self):
        result = self.verify("--sample", "20", "--seed", "4711")
        summary = result.summary
        self.assertEqual((summary["result"], summary["checked"], summary["expected"]), ("SAMPLED", 32, 32))
        sample = summary["sample"]
        self.assertEqual((sample["chunks"], sample["drawn"], sample["bad"], sample["seed"]), (40, 20, 0, 4711))
        self.assertAlmostEqual(sample["bad_share_below"], 1 - 0.05 ** (1 / 20))
        self.assertEqual(sample["statement"], "with 95 % confidence fewer than 14.0 % of the 40 chunks are bad")
        text = self.dalil("verify", self.tree, "--volume", "disk", "--sample", "20", "--confidence", "99").out
        self.assertTrue(text.startswith("SAMPLED  volume 'disk' (V1): 32 of 32 copies checked"), text)
        self.assertIn("with 99 % confidence fewer than 20.6 % of the 40 chunks are bad", text)
        self.assertRegex(text, r"20 of 40 chunks drawn, 0 bad; seed \d+\n")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        runs = self.dalil("volume", "show", "disk", "--json").of("run")
        self.assertEqual({run["result"] for run in runs if run["kind"] == "verify"}, {"SAMPLED"})
        self.assertEqual(runs[1]["counts"]["seed"], 4711)
        self.assertIsNone(self.dalil("volume", "list", "--json").of("volume")[0].get("last_verification"))

    def test_a_sample_of_all_finds_all_and_says_so(self):
        self.flip("a.bin", 3 * MIB)
        summary = self.verify("--sample", "100%", expect=NO).summary
        self.assertEqual((summary["result"], summary["sample"]["bad"]), ("FAIL", 1))
        self.assertEqual(summary["sample"]["statement"], "every chunk was read: 1 of 40 chunks bad")

    def test_a_sample_finds_the_same_with_the_same_seed(self):
        self.flip("a.bin", 3 * MIB)
        found = {}
        for seed in range(8):
            # It finds it or not, and then ends with 1 or 0.
            process = self.start("verify", self.tree, "--volume", "disk", "--json", "--sample=50%", f"--seed={seed}")
            out, err = process.communicate(timeout=120)
            summary = json.loads(out.splitlines()[-1])
            self.assertEqual(process.returncode, NO if summary["sample"]["bad"] else 0, err)
            found[seed] = summary["sample"]["bad"]
        self.assertEqual({bad > 0 for bad in found.values()}, {True, False})
        seed = next(seed for seed, bad in found.items() if bad)
        verdict = self.verify("--sample=50%", f"--seed={seed}", expect=NO).of("verdict")[0]
        self.assertEqual((verdict["path"], verdict["verdict"], verdict["ranges"]),
                         ("a.bin", "corrupt", [{"offset": 3 * MIB, "size": MIB}]))

    def test_more_extra_files_than_may_be_open(self):
        for i in range(600):
            self.write(f"x{i}/extra", b"extra")
        os.rename(os.path.join(self.tree, "d/s7"), os.path.join(self.tree, "x5/elsewhere"))
        few = ("sh", "-c", 'ulimit -n 64 && exec "$@"', "sh")
        for mode in ((), ("--sha256",), ("--time", "1h"), ("--threads", "4")):
            result = self.verify("--no-record" if "--time" not in mode else "--restart", *mode, prefix=few)
            self.assertEqual(result.summary["result"], "PASS")
            self.assertEqual(result.summary["verdicts"], {"extra": 600, "intact": 31, "moved": 1})


if __name__ == "__main__":
    main()
