"""A call to the disk meets something during a piece of work: what was there is there, what is recorded is true, the
archive is whole, and the same command completes afterwards."""
import collections
import json
import os
import subprocess

from disk_copies import DiskCopies
from fault import tell

SHIM = os.environ["DALIL_FAILING_CALLS"]


class CallFaults(DiskCopies):
    """What happens to a call is a subclass's: `preload`, `instances` and `judge_end`."""
    preload = SHIM
    sample = 0  # of each kind of work so many instances

    def setUp(self):
        super().setUp()
        self.found = []

    def run_it(self, command, fault=None):
        log = os.path.join(self.work, "log")
        if os.path.exists(log):
            os.remove(log)
        env = {**self.env, "LD_PRELOAD": self.preload, "DALIL_FAIL_BELOW": self.disk, "DALIL_FAIL_LOG": log,
               **(fault or {})}
        result = subprocess.run([os.environ["DALIL"], *command], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                                cwd=self.dir, timeout=120)
        calls = []
        if os.path.exists(log):
            with open(log, errors="surrogateescape") as file:
                calls = file.read().splitlines()
        return result, calls

    def instances(self, calls):
        """(name, way, environment) of everything that may happen to these calls."""
        raise NotImplementedError

    def judge_end(self, result, way, struck, outputs, done, wrong):
        """How the program may end, and what it may leave."""
        raise NotImplementedError

    def each_call(self, *command, again=(0,), outputs=(), other_key=None, done=lambda: True, keeps=lambda: ""):
        """`again`: codes that the command may end with when it is given again; `outputs`: files that a failing command
        may not leave; `done`: whether what it was to do outside of the archive is done; `keeps`: what is wrong
        outside of it, whatever became of the command."""
        self.put_back()
        before = self.known(self.ask()) if os.path.exists(self.archive) else set()
        result, calls = self.run_it(command)
        self.assertEqual(result.returncode, 0, result.stderr)
        after = self.known(self.ask())
        self.assertTrue(done())
        self.assertEqual(keeps(), "")
        everything = self.instances(calls)
        chosen = everything if len(everything) <= self.sample else self.random.sample(everything, self.sample)
        outcomes, partly = collections.Counter(), 0
        for instance in chosen:
            code, some = self.one_happens(command, instance, before, after, again, outputs, other_key, done, keeps)
            outcomes[code] += 1
            partly += some
        tell(command=command[0], of=len(everything), chosen=len(chosen), with_a_part_recorded=partly,
             codes=dict(sorted(outcomes.items())))
        self.assertEqual(self.found[:8], [], f"{len(self.found)} wrong")

    def one_happens(self, command, instance, before, after, again, outputs, other_key, done, keeps):
        name, way, fault = instance
        self.put_back()
        result, calls = self.run_it(command, fault)
        struck = next((one[2:] for one in calls if one.startswith("! ")), "nothing")

        def wrong(what):
            said = (result.stderr[-300:] + b" / " + result.stdout[-500:]).decode(errors="replace")
            self.found.append(f"{' '.join(command[:2])}: {name} ({struck}), code {result.returncode}: {what} {said}")
        self.judge_end(result, way, struck, outputs, done, wrong)
        partly = self.judge_archive(result, before, after, keeps, wrong)
        self.judge_next_run(command, after, again, wrong, other_key, done, keeps)
        return result.returncode, partly

    def judge_archive(self, result, before, after, keeps, wrong):
        """Whether a part of the work is recorded."""
        if not os.path.exists(self.archive):
            if before:
                wrong("the archive is gone")
            return False
        answer = self.ask()
        if answer.error or answer.rollback or answer.problems:
            wrong(f"the archive is damaged: {answer.error} {answer.rollback} {answer.problems}")
            return False
        facts = self.known(answer)
        if result.returncode == 0 and facts != after:
            wrong(f"it said that all is done, and it is not: {facts ^ after}")
        if not before & after <= facts:
            wrong(f"lost: {(before & after) - facts}")
        if not facts <= after | before:
            wrong(f"strange: {facts - after}")
        if problem := keeps():
            wrong(problem)
        return facts not in (before, after)

    def judge_next_run(self, command, after, again, wrong, other_key, done, keeps):
        result, _ = self.run_it(command)
        answer = self.ask("AFTER")
        facts = self.known(answer)
        if result.returncode not in again:
            wrong(f"the next run failed: {result.stderr.decode(errors='replace')}")
        if answer.error or answer.rollback or answer.problems or not answer.written:
            return wrong(f"after the next run the archive is damaged: {answer.error} {answer.problems}")
        if not after <= facts or not done():
            wrong(f"the next run did not complete it: {after - facts}")
        if problem := keeps():
            wrong(f"after the next run: {problem}")
        if other_key and self.judge.ask(self.archive, other_key, os.path.join(self.work, "none")).error:
            wrong("the key that was added does not open the archive")

    def ask_dalil(self, *command):
        result = subprocess.run([os.environ["DALIL"], *command], env=self.env, capture_output=True,
                                stdin=subprocess.DEVNULL)
        lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith(b"{")]
        return result.returncode, lines

    def untrue_copies(self, **drives):
        """What the ledger says of copies on a drive, and is not so."""
        _, told = self.ask_dalil("volume", "list", "--json")
        recorded = {one["label"]: one["live_copies"] for one in told if one.get("type") == "volume"}
        for label, folder in drives.items():
            if not recorded.get(label):
                continue
            code, told = self.ask_dalil("verify", folder, "--volume", label, "--sha256", "--no-record", "--json")
            summary = told[-1] if told else {}
            # Copies that are not on record yet are no harm, and the drive's own files another matter: those that lack are
            # named, and made anew by the next run.
            verdicts = {verdict: count for verdict, count in summary.get("verdicts", {}).items() if verdict != "extra"}
            if code not in (0, 1) or verdicts != {"intact": recorded[label]}:
                return f"{recorded[label]} copies are recorded on {label}, and not all are there: {code} {summary}"
        return ""
