"""Each call to the disk fails once, in each way, during each kind of work: the program says so or has survived it,
what was there is there, the archive is whole, and the same command completes afterwards."""
import collections
import hashlib
import os
import shutil
import subprocess
import unittest

from disk_copies import DiskCopies
from fault import main, rounds, tell

SHIM = os.environ["DALIL_FAILING_CALLS"]
WRITES = ("write", "pwrite", "writev")
# How each call may fail. EINTR and short writes have to be survived; LMDB takes a short write for an error.
WAYS = {**{call: ("EIO", "ENOSPC", "EINTR", "short") for call in WRITES},
        **{call: ("EIO", "ENOSPC") for call in ("fsync", "fdatasync", "syncfs", "truncate", "allocate")},
        **{call: ("EIO", "ENOSPC") for call in ("rename", "link", "mkdir", "create")},
        "unlink": ("EIO",), "close": ("EIO",), "map": ("ENOMEM",)}
# Of each kind of work so many instances, and in the long form all.
SAMPLE = int(os.environ.get("DALIL_CALLS", rounds(8, 100_000)))
EXIT_CODES = (0, 1, 2, 3, 10, 11, 12, 13)


@unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
class FailingCalls(DiskCopies):
    def setUp(self):
        super().setUp()
        self.found = []

    def run_it(self, command, fault=None):
        log = os.path.join(self.work, "log")
        if os.path.exists(log):
            os.remove(log)
        env = {**self.env, "LD_PRELOAD": SHIM, "DALIL_FAIL_BELOW": self.disk, "DALIL_FAIL_LOG": log, **(fault or {})}
        result = subprocess.run([os.environ["DALIL"], *command], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                                cwd=self.dir, timeout=120)
        calls = []
        if os.path.exists(log):
            with open(log, errors="surrogateescape") as file:
                calls = file.read().splitlines()
        return result, calls

    def instances(self, calls):
        """(call, number, way) of everything that could fail."""
        counted = collections.Counter(call.split(" ", 1)[0] for call in calls)
        return [(call, number, way, stays) for call, count in sorted(counted.items()) for number in range(1, count + 1)
                for way in WAYS[call] for stays in ((False, True) if way in ("EIO", "ENOSPC") else (False,))]

    def each_call_fails(self, *command, again=(0,), outputs=(), other_key=None, done=lambda: True):
        """`again`: codes that the command may end with when it is given again; `outputs`: files that a failing command
        may not leave; `done`: whether what it was to do outside of the archive is done."""
        self.put_back()
        before = self.known(self.ask()) if os.path.exists(self.archive) else set()
        result, calls = self.run_it(command)
        self.assertEqual(result.returncode, 0, result.stderr)
        after = self.known(self.ask())
        self.assertTrue(done())
        everything = self.instances(calls)
        chosen = everything if len(everything) <= SAMPLE else self.random.sample(everything, SAMPLE)
        outcomes = collections.Counter()
        for instance in chosen:
            outcomes[self.one_fails(command, instance, before, after, again, outputs, other_key, done)] += 1
        tell(command=command[0], of=len(everything), failed=len(chosen), codes=dict(sorted(outcomes.items())))
        self.assertEqual(self.found[:8], [], f"{len(self.found)} wrong")

    def one_fails(self, command, instance, before, after, again, outputs, other_key, done):
        call, number, way, stays = instance
        self.put_back()
        fault = {"DALIL_FAIL_CALL": call, "DALIL_FAIL_AT": str(number), "DALIL_FAIL_HOW": way}
        if stays:
            fault["DALIL_FAIL_STAYS"] = "1"
        result, calls = self.run_it(command, fault)
        struck = next((one[2:] for one in calls if one.startswith("! ")), "nothing")

        def wrong(what):
            said = (result.stderr[-300:] + b" / " + result.stdout[-500:]).decode(errors="replace")
            self.found.append(f"{' '.join(command[:2])}: {call} {number} {way}{' stays' * stays} ({struck}), "
                              f"code {result.returncode}: {what} {said}")
        self.judge_outcome(result, before, after, way, struck, wrong, outputs, done)
        self.judge_next_run(command, after, again, wrong, other_key, done)
        return result.returncode

    def judge_outcome(self, result, before, after, way, struck, wrong, outputs, done):
        err = result.stderr.decode(errors="replace")
        if result.returncode not in EXIT_CODES:
            wrong("an end that is none")
        told = "dalil: error: " in err or b"INCOMPLETE" in result.stdout
        if result.returncode == 2 and (not told or "defect" in err):
            wrong("no clear error")
        if result.returncode == 0 and not done():
            wrong("it said that all is done, and it is not")
        if way in ("EINTR", "short") and result.returncode != 0 and not (way == "short" and struck.endswith(".mdb")):
            wrong("it should have tried again")
        left = [path for path in outputs if os.path.exists(path)]
        if result.returncode != 0 and left:
            wrong(f"left behind: {left}")
        if not os.path.exists(self.archive):
            if before:
                wrong("the archive is gone")
            return
        answer = self.ask()
        if answer.error or answer.rollback or answer.problems:
            return wrong(f"the archive is damaged: {answer.error} {answer.rollback} {answer.problems}")
        facts = self.known(answer)
        if result.returncode == 0 and facts != after:
            wrong(f"it said that all is done, and it is not: {facts ^ after}")
        if not before & after <= facts:
            wrong(f"lost: {(before & after) - facts}")
        if not facts <= after | before:
            wrong(f"strange: {facts - after}")

    def judge_next_run(self, command, after, again, wrong, other_key, done):
        result, _ = self.run_it(command)
        answer = self.ask("AFTER")
        facts = self.known(answer)
        if result.returncode not in again:
            wrong(f"the next run failed: {result.stderr.decode(errors='replace')}")
        if answer.error or answer.rollback or answer.problems or not answer.written:
            return wrong(f"after the next run the archive is damaged: {answer.error} {answer.problems}")
        if not after <= facts or not done():
            wrong(f"the next run did not complete it: {after - facts}")
        if other_key and self.judge.ask(self.archive, other_key, os.path.join(self.work, "none")).error:
            wrong("the key that was added does not open the archive")

    # The kinds of work

    def test_init(self):
        self.keep()
        self.each_call_fails("init", self.archive, again=(0, 2))

    def test_scan(self):
        self.make_known()
        for i in range(6):
            self.write(f"new/{i}", b"new %d" % i)
        self.each_call_fails("scan", self.tree, "--volume", "disk", "--no-metadata")

    def test_link(self):
        self.make_known()
        digest = hashlib.sha256(b"content 3 " * 22).hexdigest()
        self.each_call_fails("link", digest, "I-0", "--type", "depicts", again=(0, 1))

    def test_import_of_a_register(self):
        self.make_known()
        register = os.path.join(self.dir, "register.csv")
        with open(register, "w") as file:
            file.write("id,date\nI-1,2017-09-11\nI-2,2017-09-12\n")
        self.each_call_fails("incident", "import", register)

    def test_key_add(self):
        self.make_known()
        other = os.path.join(self.disk, "other.txt")
        self.each_call_fails("key", "add", "--role", "archivist", "--name", "sami", "--key-file", other, again=(0, 2),
                             other_key=other)

    def test_key_rotate(self):
        self.make_known()
        self.each_call_fails("key", "rotate", "--why", "yearly")

    def test_redact(self):
        self.make_known()
        remark = next(one["seq"] for one in self.dalil("log", "--json", "--limit", "0").of("entry")
                      if one.get("kind") == "scan_note")
        self.each_call_fails("redact", str(remark), "--why", "they asked", again=(0, 2))

    def test_rebuild(self):
        self.make_known()
        self.each_call_fails("rebuild")

    def test_snapshot(self):
        self.make_known()
        self.dalil("recovery-key", "make")
        shutil.rmtree(self.kept)
        self.keep()
        out = os.path.join(self.disk, "out.snapshot")
        self.each_call_fails("snapshot", "--out", out, again=(0, 2), outputs=[out, out + ".note"],
                             done=lambda: os.path.exists(out) and os.path.exists(out + ".note"))

    def test_backup(self):
        self.make_known()
        self.each_call_fails("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "b1",
                             done=self.is_consistent)

    def is_consistent(self):
        result = subprocess.run([os.environ["DALIL"], "verify", "--offline", self.drive], env=self.env,
                                capture_output=True, stdin=subprocess.DEVNULL)
        return result.returncode == 0

    def test_repair(self):
        self.make_known(drive=True)
        path = os.path.join(self.drive, "data/disk/d1/f3.bin")
        with open(path, "r+b") as file:
            file.write(b"damage")
        shutil.rmtree(self.kept)
        self.keep()
        self.each_call_fails("repair", self.drive, "--volume", "b1", "--from", "disk=" + self.tree, "--check",
                             done=lambda: self.content(path) == b"content 3 " * 22)

    def content(self, path):
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def test_restore(self):
        self.make_known(drive=True)
        names = [f"disk/d{i % 2}/f{i}.bin" for i in range(8)]
        self.each_call_fails("restore", "--from", "b1=" + self.drive, "--all", "--to", self.restored, done=lambda: all(
            self.content(os.path.join(self.restored, names[i])) == b"content %d " % i * (1 + 7 * i) for i in range(8)))

    def test_import_of_a_report(self):
        self.make_known(drive=True)
        key, report = os.path.join(self.dir, "report.key"), os.path.join(self.dir, "report.jsonl")
        signer = self.dalil("checkpoint", "keys", "--json").of("key")[0]["key"]
        verifier = self.dalil("report", "key", "--out", key, "--json").of("key")[0]["key"]
        self.dalil("verify", self.drive, "--offline", "--trust", signer, "--report", report, "--sign-key", key)
        shutil.rmtree(self.kept)
        self.keep()
        self.each_call_fails("report", "import", report, "--trust", verifier, again=(0, 1, 2))


if __name__ == "__main__":
    main()
