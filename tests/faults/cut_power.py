"""Runs the program with a note of all that it does to the disk, cuts the power at any moment of that, and compares
what is then found with what had been done until then, by the test's own books."""
import hashlib
import os
import random
import subprocess
import tempfile
import unittest

from cut_judge import Judge, fast_directory, put_on_disk
from fault import SEED, Fault, rounds, tell
from power_cuts import Disk, read_trace

TRACE = os.environ["DALIL_WRITE_TRACE"]
JUDGE = os.environ["DALIL_FAULT_JUDGE"]
DRIVER = os.environ["DALIL_FAULT_SCAN"]
# States of each test; the long form takes so many times more of them.
STATES = int(os.environ.get("DALIL_CUTS", rounds(100, 12_000)))
# How often a state is drawn that was judged already before the next event is turned to.
TRIES = 10
# Of so many states one is also opened by the program itself.
REAL_EVERY = 100


class Moment:
    """From this event on these facts, and these files, had been told to be done; before it, `may` could be there.
    `copies`: so many of the facts `may` are there, whichever. `remembered`: the ledger as this machine has seen it."""

    def __init__(self, event, facts, files, may=None, copies=0, remembered=0):
        self.event, self.facts, self.files, self.may = event, facts, files, may or facts
        self.copies, self.remembered = copies, remembered


@unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
class PowerCut(Fault):
    plant, too_early = "", 0

    def setUp(self):
        super().setUp()
        self.work = tempfile.mkdtemp(prefix="dalil-cut-", dir=fast_directory())
        self.addCleanup(subprocess.run, ["rm", "-rf", self.work])
        self.disk = os.path.join(self.work, "disk")
        self.home, self.drive, self.restored = (f"{self.disk}/{name}" for name in ("home", "drive", "restored"))
        for path in (self.home, self.drive, self.restored):
            os.makedirs(path)
        self.archive, self.key = os.path.join(self.disk, "archive"), os.path.join(self.disk, "key.txt")
        self.env.update(HOME=self.home, DALIL_ARCHIVE=self.archive, DALIL_KEY_FILE=self.key)
        self.events, self.moments, self.facts, self.files = [], [Moment(0, frozenset(), {})], set(), {}
        self.began, self.damaged = 0, set()
        self.judge = Judge(JUDGE)
        self.addCleanup(self.judge.close)

    # What is done, and what is known of it outside

    def traced(self, command, env=None):
        trace = os.path.join(self.work, "trace")
        if os.path.exists(trace):
            os.remove(trace)
        options = {"LD_PRELOAD": TRACE, "DALIL_TRACE": trace, "DALIL_TRACE_ROOT": self.disk,
                   "DALIL_TRACE_PLANT": self.plant}
        result = subprocess.run(command, env={**self.env, **options, **(env or {})}, stdin=subprocess.DEVNULL,
                                capture_output=True, cwd=self.dir, timeout=300)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        events = read_trace(trace)
        self.events += events
        return result, events

    def do(self, *arguments, facts=(), files=()):
        """Runs the program; once its last word is said, the facts hold and the files are there."""
        before = len(self.events)
        result, events = self.traced([os.environ["DALIL"], *arguments])
        told = max((i for i, event in enumerate(events) if event.op == "A"), default=len(events) - 1)
        self.facts |= set(facts)
        self.files = {path: content for path, content in self.files.items()
                      if not path.startswith("drive/") or os.path.exists(os.path.join(self.disk, path))}
        for path in files() if callable(files) else files:
            with open(path, "rb") as file:
                self.files[os.path.relpath(path, self.disk)] = file.read()
        told = max(0, told - self.too_early)
        self.moments.append(Moment(before + told, frozenset(self.facts), dict(self.files),
                                   remembered=self.remembered()))
        return result

    def remembered(self):
        """The size of the ledger that this machine has seen last."""
        folder = os.path.join(self.home, ".local/state/dalil/seen")
        notes = [name for name in os.listdir(folder) if not name.endswith(".lock")]
        with open(os.path.join(folder, notes[0])) as file:
            return int(file.read().split("\n")[1])

    def scan_in_steps(self, copies):
        """A scan that commits every few files, and says so: each "committed N" is a promise."""
        before = len(self.events)
        _, events = self.traced([DRIVER, self.archive, self.key, self.tree])
        promises = [(before + i, int(event.data.split()[-1])) for i, event in enumerate(events) if event.op == "A"]
        self.facts |= copies
        last, may = self.moments[-1], frozenset(self.facts)
        self.moments += [Moment(at, last.facts, last.files, may, count, last.remembered) for at, count in promises]
        self.moments.append(Moment(len(self.events) - 1, may, dict(self.files), remembered=last.remembered))
        return len(promises)

    def begin_cuts(self):
        """From here on the power may fail."""
        self.began = len(self.events)

    def make_known(self, files=24):
        """An archive with incidents, a scanned folder and its facts."""
        self.do("init", self.archive, facts=["key archivist", "epoch 1"], files=[self.key])
        self.do("volume", "add", "disk", "--kind", "working", facts=["volume disk"])
        self.do("incident", "add", "--set", "id=I-0", "--set", "date=2017-09-11", facts=["incident I-0 0"])
        copies = self.tree_of(files)
        self.do("scan", self.tree, "--volume", "disk", "--no-metadata", "--note", "a remark", facts=copies)

    def tree_of(self, files):
        facts = set()
        for i in range(files):
            path, content = f"d{i % 3}/f{i:03}.bin", b"content %d " % i * (1 + 7 * (i % 9))
            self.write(path, content)
            facts.add(f"copy disk {hashlib.sha256(content).hexdigest()} 1 {path}")
        return facts

    def digest(self, i):
        return hashlib.sha256(b"content %d " % i * (1 + 7 * (i % 9))).hexdigest()

    # The cuts, and what is to be found after them

    def cut(self, states):
        """Returns what was found wrong, in words."""
        inode = os.stat(self.disk).st_ino
        disk = Disk(inode, self.disk, [self.drive])
        for path in (self.home, self.drive, self.restored):
            disk.adopt(os.stat(path).st_ino, os.path.basename(path))
        reference = self.judge.ask(self.archive, self.key, os.path.join(self.work, "reference"), "*")
        self.assertIsNone(reference.error)
        self.assertLessEqual({fact for fact in self.facts if not fact.startswith("redacted")}, reference.facts)
        self.prefixes = reference.prefixes
        with open(os.path.join(self.archive, "lock.mdb"), "rb") as file:
            self.lock_file = file.read()
        self.draws, self.found, self.seen, self.made, self.real = random.Random(SEED), [], set(), 0, 0
        each, moment, owed = states / (len(self.events) - self.began), 0, 0.0
        for i, event in enumerate(self.events):
            disk.play(event)
            while moment + 1 < len(self.moments) and self.moments[moment + 1].event <= i:
                moment += 1
            if i < self.began:
                continue
            owed += each
            while owed >= 1 and self.judge_one(disk, i, moment):
                owed -= 1
        self.assert_replay_is_the_disk(disk)
        tell(test=self.id().split(".")[-1], plant=self.plant, events=len(self.events) - self.began,
             states=self.made, by_the_program=self.real, wrong=len(self.found))
        return self.found

    def assert_replay_is_the_disk(self, disk):
        """What the trace comes to is what lies there: so the trace misses nothing."""
        for path, content in disk.whole().items():
            where = os.path.join(self.disk, path)
            if content is None:
                self.assertTrue(os.path.isdir(where), path)
            elif not path.endswith("lock.mdb"):  # which LMDB writes through its map
                with open(where, "rb") as file:
                    self.assertEqual(file.read(), content, path)
        there = {os.path.relpath(os.path.join(where, name), self.disk)
                 for where, folders, names in os.walk(self.disk) for name in folders + names}
        self.assertEqual(there - {"archive/lock.mdb"}, set(disk.whole()) - {"archive/lock.mdb"})

    def new_state(self, disk, moment):
        """A state that was not judged yet; absent if none is found soon."""
        for _ in range(TRIES):
            found = disk.after_cut(self.draws)
            key = hash((moment, *sorted((path, content or b"") for path, content in found.items())))
            if key not in self.seen:
                self.seen.add(key)
                return found
        return None

    def judge_one(self, disk, i, moment):
        """False if there was nothing new to judge."""
        found = self.new_state(disk, moment)
        if found is None:
            return False
        if "archive/lock.mdb" in found:
            found["archive/lock.mdb"] = self.torn_lock_file(found["archive/lock.mdb"])
        self.made += 1
        for wrong in self.wrongs(found, self.moments[moment], self.moments[min(moment + 1, len(self.moments) - 1)]):
            self.found.append(f"cut after event {i} of {len(self.events)}: {wrong}")
        return True

    def torn_lock_file(self, replayed):
        """Written through a map: any page of it may be there or not."""
        if self.draws.random() < 0.5:
            return replayed
        pages = [self.lock_file[at:at + 4096] if self.draws.random() < 0.5 else bytes(4096)
                 for at in range(0, len(self.lock_file), 4096)]
        return b"".join(pages)

    def wrongs(self, found, moment, next_moment):
        allowed, after = next_moment.may, next_moment.files
        for path, content in moment.files.items():
            if found.get(path) not in (content, after.get(path)):
                yield f"lost: '{path}' is not as it was told to be"
        yield from self.wrong_in_memory(found, moment)
        if "archive" not in found:
            if moment.facts:
                yield "lost: the archive"
            return
        where = os.path.join(self.work, "cut")
        put_on_disk(found, where)
        archive, key = os.path.join(where, "archive"), os.path.join(where, "key.txt")
        state = os.path.join(where, "home/.local/state/dalil")
        if self.made % REAL_EVERY == 0:
            yield from self.by_the_program(where, moment)
            return
        for name in moment.files:
            if name.startswith("key-") and self.draws.random() < 0.3:
                other = self.judge.ask(archive, os.path.join(where, name), state)
                if other.error:
                    yield f"lost: the key '{name}' opens no longer: {other.error}"
        answer = self.judge.ask(archive, key, state, "AFTER-THE-CUT")
        yield from self.wrong_in(answer, moment, allowed)
        yield from self.wrong_on_the_drive(answer, found)

    @staticmethod
    def wrong_in_memory(found, moment):
        """A machine that forgets what it has seen would take an older archive for the newest."""
        notes = [content for path, content in found.items()
                 if "/dalil/seen/" in path and "." not in path.rsplit("/", 1)[1]]
        sizes = [int(note.split(b"\n")[1]) for note in notes if note and note.count(b"\n") > 3]
        if max(sizes, default=0) < moment.remembered:
            yield f"lost: the memory of a state with {moment.remembered} entries"

    def wrong_in(self, answer, moment, allowed):
        if answer.error:
            yield f"error: {answer.error}"
            return
        if answer.rollback:
            yield f"a false alarm: {answer.rollback}"
        if self.prefixes.get(answer.entries) != answer.root:
            yield f"wrong: {answer.entries} entries with a root that the ledger never had"
        for lost in moment.facts - answer.facts:
            yield f"lost: {lost}"
        for strange in answer.facts - allowed - {"key archivist", "epoch 1"} - self.sealed_copies(answer):
            yield f"wrong: '{strange}' was not done"
        copies = sum(fact.startswith("copy ") for fact in answer.facts)
        if copies < moment.copies:
            yield f"lost: of {moment.copies} copies that were told to be committed there are {copies}"
        for problem in answer.problems:
            yield f"corrupt: {problem}"
        if not answer.written:
            yield "nothing can be written any more"

    @staticmethod
    def sealed_copies(answer):
        """Their names are random."""
        return {fact for fact in answer.facts if " objects/" in fact}

    def wrong_on_the_drive(self, answer, found):
        """What the ledger says of the drive has to be there, byte by byte."""
        for fact in answer.facts:
            if not fact.startswith("copy b1 ") or " objects/" in fact:
                continue
            _, _, digest, _, path = fact.split(" ", 4)
            content = found.get("drive/" + path)
            if path in self.damaged:
                continue
            if content is None or hashlib.sha256(content).hexdigest() != digest:
                yield f"lost: the ledger says that the drive has '{path}', and it has not"

    def by_the_program(self, where, moment):
        """As people do after a power cut: check, list, go on."""
        self.real += 1
        env = {**self.env, "HOME": os.path.join(where, "home"), "DALIL_ARCHIVE": os.path.join(where, "archive"),
               "DALIL_KEY_FILE": os.path.join(where, "key.txt")}
        for command in (["check"], ["incident", "list", "--json"], ["volume", "add", "after", "--kind", "working"],
                        ["check"]):
            result = subprocess.run([os.environ["DALIL"], *command], env=env, stdin=subprocess.DEVNULL,
                                    capture_output=True, timeout=100)
            if result.returncode != 0 and not (command[0] == "incident" and result.returncode == 1):
                yield f"error: dalil {' '.join(command)}: {result.stderr.decode()}"
            if command[0] == "incident":
                for fact in moment.facts:
                    if fact.startswith("incident ") and f'"{fact.split()[1]}"'.encode() not in result.stdout:
                        yield f"lost: {fact}"

    def assert_nothing_wrong(self, states=STATES):
        found = self.cut(states)
        self.assertEqual(found[:10], [], f"{len(found)} in {self.made} states")
