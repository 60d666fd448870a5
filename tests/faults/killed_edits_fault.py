"""SIGKILL at any moment of edits and rotations of keys, again and again: what is then in the archive is what a book
outside of the process says, step by step, but for the one step that was under way."""
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time

from cut_judge import Judge, fast_directory
from fault import Fault, main, rounds, tell

DRIVER = os.environ["DALIL_FAULT_EDIT"]
KILLS = rounds(40, 10_000)
ITEMS = 8
# A life may come to this many steps; so many lives have one archive, which then is checked by the program itself.
STEPS, LIVES = 48, 40


def incident(step):
    return f"incident E-{step} 0"


class KilledEdits(Fault):
    def setUp(self):
        super().setUp()
        # Nothing is lost of what was written when only the process ends: no need for a disk.
        self.work = tempfile.mkdtemp(prefix="dalil-kill-", dir=fast_directory())
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.archive, self.key, self.home = (os.path.join(self.work, name) for name in ("archive", "key.txt", "home"))
        os.mkdir(self.home)
        self.env.update(HOME=self.home, DALIL_ARCHIVE=self.archive, DALIL_KEY_FILE=self.key)
        self.state = os.path.join(self.home, ".local/state/dalil")
        self.make_archive()
        contents = [b"content %d" % i for i in range(ITEMS)]
        for i, content in enumerate(contents):
            self.write(f"f{i}", content)
        self.scan("--no-metadata")
        self.digests = [hashlib.sha256(content).hexdigest() for content in contents]
        self.pristine = os.path.join(self.work, "pristine")
        shutil.copytree(self.archive, self.pristine)
        self.judge = Judge(os.environ["DALIL_FAULT_JUDGE"])
        self.addCleanup(self.judge.close)
        self.before = self.ask().facts
        self.done, self.book = 0, set()

    def restore(self):
        super().restore()
        self.done, self.book = 0, set()

    def ask(self, *more):
        answer = self.judge.ask(self.archive, self.key, self.state, *more)
        self.assertEqual((answer.error, answer.problems, answer.rollback), (None, [], None))
        return answer

    def after(self, step, book):
        """What the archive tells besides what it had in the beginning, once this step is done as well."""
        if step % 16 == 15:
            return book | {f"epoch {2 + step // 16}"}
        if step % 5 == 4 and step % 16 != 0:
            link = f"link {self.digests[(step - 1) % ITEMS]} E-{step - 1}"
            return book - {link} | {"un" + link}
        return book | {incident(step), f"link {self.digests[step % ITEMS]} E-{step}"}

    def life(self, seconds=None):
        """Returns how many steps were told to be done, and whether the kill came before its end."""
        process = subprocess.Popen([DRIVER, self.archive, self.key, self.state, str(self.done), str(self.done + STEPS),
                                    *self.digests], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)
        if seconds is not None:
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, -signal.SIGKILL), err)
        self.assertEqual(err, b"")
        told = [int(line.split()[1]) for line in out.decode().split("\n")[:-1]]
        self.assertEqual(told, list(range(self.done, self.done + len(told))))
        return len(told), process.returncode != 0

    def compare(self, told, killed, *more):
        """The archive has exactly the steps that were told, or one more, whole. Returns whether it has that one."""
        for _ in range(told):
            self.book, self.done = self.after(self.done, self.book), self.done + 1
        found = self.ask(*more).facts - self.before
        if found == self.book:
            return False
        self.assertTrue(killed)
        self.book, self.done = self.after(self.done, self.book), self.done + 1
        self.assertEqual(found, self.book)
        return True

    def duration(self):
        """Of a whole life, in seconds."""
        started = time.monotonic()
        told, killed = self.life()
        duration = time.monotonic() - started
        self.assertEqual((told, killed), (STEPS, False))
        self.compare(told, killed, "?")
        return duration

    def test_every_step_that_was_told_is_there_and_no_other(self):
        duration = self.duration()
        hits = lives = untold = rotations = 0
        while hits < KILLS:
            if lives % LIVES == 0:
                self.restore()
            told, killed = self.life(self.random.uniform(0, duration * 1.02))
            more = self.compare(told, killed, "?") if lives % 10 == 9 else self.compare(told, killed)
            if killed:
                hits, untold = hits + 1, untold + more
                rotations += self.done % 16 == 15 or (more and self.done % 16 == 0)
            lives += 1
            if lives % LIVES == 0:
                self.assert_sound()
        tell(kills=hits, done_but_not_told=untold, about_a_rotation=rotations)
        self.assertGreater(rotations, 0)

    def test_a_program_that_says_done_before_it_is_would_be_found(self):
        duration = self.duration()
        self.env["DALIL_PLANT"] = "early"
        for lives in range(1, 101):
            self.restore()
            told, killed = self.life(self.random.uniform(0, duration))
            try:
                self.compare(told, killed)
            except AssertionError:
                tell(found_after=lives)
                return
        self.fail("not found")


if __name__ == "__main__":
    main()
