"""Flipped bits and truncations of data.mdb. Whatever is damaged: no answer is silently wrong once `check` has
said that the archive is sound, and what the program says of it is counted, crashes included.

LMDB has no page checksums and follows page numbers and offsets as it finds them, so a damaged page can lead it out of
its file. What is counted as `killed` died of a signal: told by the operating system, but not by the program.
"""
import collections
import os
import re
import shutil
import subprocess

from fault import Fault, main, rounds, tell

NO, DAMAGED = 1, 13
QUESTIONS = (("find", "--json"), ("incident", "list", "--json"), ("volume", "list", "--json"),
             ("log", "--json", "--limit", "0"), ("status", "--json"), ("find", "--incident", "I3", "--json"),
             ("show", "disk:d07/f7", "--json"))
TIMEOUT = 60


class Damage(Fault):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.make_small_tree(300, directories=12)
        for i in range(6):
            self.dalil("incident", "add", "--set", f"id=I{i}", "--set", "date=2017-09-11", "--set", f"place=place {i}")
        self.scan("--no-metadata", "--incident", "I3")
        self.write("d07/late", b"late")
        self.scan("--no-metadata")
        self.data = os.path.join(self.archive, "data.mdb")
        with open(self.data, "rb") as file:
            self.bytes = file.read()
        self.right = {question: self.answer(*question) for question in QUESTIONS}
        for question, (code, out) in self.right.items():
            self.assertEqual(code, 0, question)
            self.assertTrue(out)

    def answer(self, *question):
        try:
            process = subprocess.run([os.environ["DALIL"], *question], env=self.env, capture_output=True, cwd=self.dir,
                                     timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return "timeout", b""
        # What the file takes on the disk is the file system's to say, and it may allocate later.
        return process.returncode, re.sub(rb'"database_bytes":\d+', b"", process.stdout)

    def put(self, content):
        """A fresh file: what an earlier round mapped is not changed under it."""
        os.remove(self.data)
        shutil.rmtree(self.archive + "/rebuild.tmp", ignore_errors=True)
        with open(self.data, "wb") as file:
            file.write(content)
        lock = os.path.join(self.archive, "lock.mdb")
        if os.path.exists(lock):
            os.remove(lock)

    def judge(self, counts):
        """One damaged archive: `check` first, then each question."""
        code, out = self.answer("check", "--json")
        sound = code == 0
        counts[self.kind_of(code)] += 1
        wrong = []
        # A damage that was told is told to whoever asks first: two questions will do.
        asked = list(self.right) if sound else self.random.sample(list(self.right), 2)
        for question in asked:
            right = self.right[question]
            given = self.answer(*question)
            if given == right:
                continue
            kind = self.kind_of(given[0])
            if kind in ("killed", "timeout"):
                counts["questions_" + kind] += 1
            elif kind == "sound" or given[0] == NO:
                counts["questions_silently_wrong"] += 1
                wrong.append((question, given[1][:300]))
            else:
                counts["questions_refused"] += 1
        self.assertFalse(sound and wrong, f"'check' said SOUND, and yet: {wrong}")
        return code

    @staticmethod
    def kind_of(code):
        if code == "timeout":
            return "timeout"
        if code < 0:
            return "killed"
        return {0: "sound", DAMAGED: "detected"}.get(code, f"refused_with_{code}")

    def test_flipped_bits_are_detected_or_harmless(self):
        counts = collections.Counter()
        killed_at = []
        for _ in range(rounds(200, 5000)):
            bit = self.random.randrange(len(self.bytes) * 8)
            damaged = bytearray(self.bytes)
            damaged[bit // 8] ^= 1 << bit % 8
            self.put(damaged)
            if self.kind_of(self.judge(counts)) == "killed":
                killed_at.append((bit // 8 // 4096, bit // 8 % 4096, bit % 8))
        tell(flips=rounds(200, 5000), bytes=len(self.bytes), **counts, killed_at=killed_at[:20])
        self.assertEqual(counts["killed"] + counts["questions_killed"], 0)
        self.assertEqual(counts["timeout"] + counts["questions_timeout"], 0)
        self.assertGreater(counts["detected"], 0)

    def test_flips_in_what_steers_the_database_are_no_crash(self):
        """Page headers and node tables: the first 64 bytes of each page, where one bit does most."""
        counts = collections.Counter()
        for _ in range(rounds(40, 5000)):
            page = self.random.randrange(len(self.bytes) // 4096)
            damaged = bytearray(self.bytes)
            damaged[page * 4096 + self.random.randrange(64)] ^= 1 << self.random.randrange(8)
            self.put(damaged)
            self.judge(counts)
        tell(flips_in_headers=rounds(40, 5000), **counts)
        self.assertEqual(counts["timeout"] + counts["questions_timeout"], 0)

    def test_truncated_anywhere_it_is_refused(self):
        counts = collections.Counter()
        for _ in range(rounds(40, 1000)):
            self.put(self.bytes[:self.random.randrange(len(self.bytes))])
            for question in (("check", "--json"), ("find", "--json")):
                code, _ = self.answer(*question)
                counts[self.kind_of(code)] += 1
                self.assertEqual(code, DAMAGED)
        tell(truncations=rounds(40, 1000), **counts)

    def test_zeroed_pages_are_detected(self):
        """What a disk gives back for sectors that it has given up."""
        counts = collections.Counter()
        for _ in range(rounds(20, 1000)):
            at = self.random.randrange(len(self.bytes) // 4096) * 4096
            self.put(self.bytes[:at] + bytes(4096) + self.bytes[at + 4096:])
            self.judge(counts)
        tell(zeroed_pages=rounds(20, 1000), **counts)
        self.assertEqual(counts["timeout"], 0)

    def test_every_meta_page_torn_is_survived_or_refused(self):
        """The two meta pages take turns: with the newer one damaged the older one may answer."""
        counts = collections.Counter()
        for page in (0, 1):
            for _ in range(rounds(15, 500)):
                damaged = bytearray(self.bytes)
                damaged[page * 4096 + self.random.randrange(152)] ^= 1 << self.random.randrange(8)
                self.put(damaged)
                self.judge(counts)
        tell(meta_flips=rounds(30, 1000), **counts)
        self.assertEqual(counts["timeout"], 0)


if __name__ == "__main__":
    main()
