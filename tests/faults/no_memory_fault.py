"""There is no memory for one allocation, or for a hundred in a row, at any moment of each kind of work: an error or the
truth, never a wrong answer, and the archive is whole."""
import collections
import hashlib
import os
import shutil
import struct
import subprocess
import unittest

from disk_copies import DiskCopies
from fault import main, rounds, tell

SHIM = os.environ["DALIL_NO_MEMORY"]
# Allocations of each kind of work that find no memory.
SAMPLE = int(os.environ.get("DALIL_ALLOCATIONS", rounds(8, 2000)))


@unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
class NoMemory(DiskCopies):
    def run_it(self, command, at=0, stays=1):
        log = os.path.join(self.work, "log")
        if os.path.exists(log):
            os.remove(log)
        env = {**self.env, "LD_PRELOAD": SHIM, "DALIL_OOM_PROGRAM": "dalil", "DALIL_OOM_LOG": log,
               "DALIL_OOM_AT": str(at), "DALIL_OOM_STAYS": str(stays)}
        result = subprocess.run([os.environ["DALIL"], *command], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                                cwd=self.dir, timeout=120)
        if not os.path.exists(log):
            return result, 0
        with open(log) as file:
            return result, int(file.read().split()[-1])

    @staticmethod
    def same_files(one, other):
        return subprocess.run(["diff", "-r", one, other], capture_output=True).returncode == 0

    def each_allocation_fails(self, *command, writes=True, done=lambda: True):
        self.put_back()
        before = self.known(self.ask())
        first, _ = self.run_it(command)
        self.assertEqual(first.returncode, 0, first.stderr)
        after = self.known(self.ask())
        self.assertTrue(done())
        self.put_back()
        _, allocations = self.run_it(command)
        self.put_back()
        outcomes, found = collections.Counter(), []
        # Most come while the command line is declared and OpenSSL sets itself up; what matters comes after.
        _, opened = self.run_it(["volume", "list"])
        for i in range(SAMPLE):
            least = opened - 1000 if i % 4 else 1
            at, stays = self.random.randint(least, allocations), self.random.choice((1, 1, 1, 3, 100))
            if writes:
                self.put_back()
            result, _ = self.run_it(command, at, stays)
            outcomes[result.returncode] += 1
            wrong = list(self.wrongs(result, first, before, after, writes))
            if result.returncode == 0 and not done():
                wrong.append("it said that all is done, and it is not")
            said = (result.stderr[-300:] + b" / " + result.stdout[-300:]).decode(errors="replace")
            found += [f"{' '.join(command[:2])}: allocation {at}, {stays} times: {what}: {said}" for what in wrong]
        tell(command=" ".join(command[:2]), allocations=allocations, failed=SAMPLE,
             codes=dict(sorted(outcomes.items())), wrong=len(found))
        self.assertEqual(found[:8], [], f"{len(found)} wrong")

    def wrongs(self, result, first, before, after, writes):
        if b"Fatal glibc error" in result.stderr:
            pass  # glibc ends a process that cannot register a thread's destructor; it says why
        elif result.returncode < 0 or result.returncode in (134, 139):
            yield f"ended by a signal ({result.returncode})"
        elif result.returncode not in (0, 2, 3):
            yield f"code {result.returncode}"
        elif result.returncode == 2 and (b"defect" in result.stderr or b"bad_alloc" in result.stdout or not (
                b"dalil: error: " in result.stderr or b"INCOMPLETE" in result.stdout)):
            yield "no clear error"
        if not writes:
            if result.returncode == 0 and result.stdout != first.stdout:
                yield "another answer than with memory"
            return
        answer = self.ask("AFTER")
        facts = self.known(answer)
        if answer.error or answer.problems or answer.rollback or not answer.written:
            yield f"the archive is damaged: {answer.error} {answer.problems} {answer.rollback}"
            return
        if result.returncode == 0 and facts != after:
            yield f"it said that all is done, and it is not: {facts ^ after}"
        if not before & after <= facts or not facts <= before | after:
            yield f"lost or strange: {before - facts} {facts - after}"

    def setUp(self):
        super().setUp()
        self.make_known()

    def test_scan(self):
        for i in range(6):
            self.write(f"new/{i}", b"new %d" % i)
        self.each_allocation_fails("scan", self.tree, "--volume", "disk", "--no-metadata")

    def test_link(self):
        digest = hashlib.sha256(b"content 3 " * 22).hexdigest()
        self.each_allocation_fails("link", digest, "I-0", "--type", "depicts")

    def test_import_of_a_register(self):
        register = os.path.join(self.dir, "register.csv")
        with open(register, "w") as file:
            file.write("id,date\nI-1,2017-09-11\nI-2,2017-09-12\n")
        self.each_allocation_fails("incident", "import", register)

    def test_key_rotate(self):
        self.each_allocation_fails("key", "rotate", "--why", "yearly")

    def test_backup(self):
        self.each_allocation_fails("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive,
                                   "--volume", "b1", "--no-snapshot")

    def test_scan_with_metadata(self):
        for i in range(4):
            app1 = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0abc\0\0\0\0\0"
            header = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(app1) + 2) + app1
            self.write(f"media/{i}.jpg", header + b"\xff\xd9" + bytes([i]))
        self.each_allocation_fails("scan", self.tree, "--volume", "disk")

    def test_redact_and_rebuild(self):
        remark = next(one["seq"] for one in self.dalil("log", "--json", "--limit", "0").of("entry")
                      if one["kind"] == "scan_note")
        self.each_allocation_fails("redact", str(remark), "--why", "they asked")
        self.each_allocation_fails("rebuild")

    def test_key_add(self):
        self.each_allocation_fails("key", "add", "--role", "archivist", "--name", "sami", "--key-file",
                                   os.path.join(self.disk, "other.txt"))

    def test_what_is_done_with_a_drive(self):
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "b1")
        shutil.rmtree(self.kept)
        self.keep()
        self.each_allocation_fails("restore", "--from", "b1=" + self.drive, "--all", "--to", self.restored,
                                   done=lambda: self.same_files(os.path.join(self.restored, "disk"), self.tree))
        self.put_back()
        path = os.path.join(self.drive, "data/disk/d1/f3.bin")
        with open(path, "r+b") as file:
            file.write(b"damage")
        shutil.rmtree(self.kept)
        self.keep()
        self.each_allocation_fails("repair", self.drive, "--volume", "b1", "--from", "disk=" + self.tree, "--check")
        self.each_allocation_fails("snapshot", "--out", os.path.join(self.disk, "out.snapshot"))

    def test_answers(self):
        for command in (["find", "--json"], ["incident", "list", "--json"], ["log", "--json", "--limit", "0"],
                        ["check", "--json"], ["volume", "list", "--json"], ["incident", "show", "I-0"]):
            self.each_allocation_fails(*command, writes=False)

    def test_verify(self):
        self.each_allocation_fails("verify", self.tree, "--volume", "disk")


if __name__ == "__main__":
    main()
