"""The archive's disk fills up at any point of a scan: a clear error, nothing lost, and the next scan completes."""
import os
import subprocess

from fault import Fault, last_committed, main, rounds, tell

FILES = 4000
DRIVER = os.environ["DALIL_FAULT_SCAN"]
FAILURE = 2


class FullDisk(Fault):
    def setUp(self):
        super().setUp()
        self.small = os.path.join(self.dir, "small")
        self.mount_small(self.small, "64m")
        self.archive = os.path.join(self.small, "archive")
        self.env["DALIL_ARCHIVE"] = self.archive
        self.make_archive()
        self.write("early", b"early")
        self.scan("--no-metadata")
        self.keep_pristine()
        self.make_small_tree(FILES)
        before = self.used()
        self.scan("--no-metadata")
        self.needed = self.used() - before
        self.expected = self.copies()

    def used(self):
        state = os.statvfs(self.small)
        return (state.f_blocks - state.f_bfree) * state.f_frsize

    def leave(self, free):
        """A file that takes all room but so much."""
        state = os.statvfs(self.small)
        fill = state.f_bavail * state.f_frsize - free
        with open(os.path.join(self.small, "filler"), "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, fill)

    def free(self):
        os.remove(os.path.join(self.small, "filler"))

    def check_then_finish(self, committed):
        # What is there can be read while the disk is still full.
        self.dalil("show", "disk:early")
        self.assertGreaterEqual(self.live_copies(), committed + 1)
        self.free()
        self.assert_sound()
        self.assertEqual(self.scan("--no-metadata").summary["seen"], FILES + 1)
        self.assertEqual(self.copies(), self.expected)
        self.assert_sound()

    def test_the_program_says_so_and_loses_nothing(self):
        for _ in range(rounds(4, 100)):
            self.restore()
            self.leave(self.random.randrange(0, self.needed // 2))
            self.fails("scan", self.tree, "--volume", "disk", "--no-metadata", expect=FAILURE,
                       message="No space left", hint="space")
            self.check_then_finish(0)

    def test_what_was_committed_before_is_kept(self):
        failed = parts = 0
        for _ in range(rounds(8, 300)):
            self.restore()
            self.leave(self.random.randrange(0, self.needed))
            driver = subprocess.run([DRIVER, self.archive, self.key, self.tree], capture_output=True, env=self.env)
            self.assertIn(driver.returncode, (0, FAILURE), driver.stderr)
            if driver.returncode != 0:
                failed += 1
                self.assertIn(b"No space left", driver.stderr)
            committed = last_committed(driver.stdout)
            parts += 0 < committed < FILES
            self.check_then_finish(committed)
        tell(failed=failed, with_a_part_committed=parts)
        self.assertGreater(failed, 0)

    def test_an_edit_that_does_not_fit_changes_nothing(self):
        self.restore()
        entries = self.dalil("log", "--json", "--limit", "0").summary["entries"]
        self.leave(0)
        self.fails("volume", "add", "another", "--kind", "backup", expect=FAILURE, message="No space left")
        self.assertEqual(self.dalil("log", "--json", "--limit", "0").summary["entries"], entries)
        self.free()
        self.dalil("volume", "add", "another", "--kind", "backup")
        self.assert_sound()

    def test_a_rebuild_that_does_not_fit_changes_nothing(self):
        self.leave(200_000)
        self.fails("rebuild", expect=FAILURE, message="No space left")
        self.assertEqual(self.copies(), self.expected)
        self.assertEqual(sorted(os.listdir(self.archive)), ["data.mdb", "keys", "lock.mdb", "writer.lock"])
        self.free()
        self.dalil("rebuild")
        self.assertEqual(self.copies(), self.expected)
        self.assert_sound()


if __name__ == "__main__":
    main()
