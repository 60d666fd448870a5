"""Pictures in the terminal: only where it says that it can, and nothing of them stays behind."""
import os
import pty
import re
import select
import subprocess
import termios
import time

from media import MediaScenario
from scenario import DALIL, WRONG_KEY, main

QUESTION = b"\x1b[c"
KITTY, SIXEL, NEITHER = b"\x1b_Gi=31;OK\x1b\\\x1b[?62;c", b"\x1b[?62;4;22c", b"\x1b[?1;2c"


class ShowPicture(MediaScenario):
    def setUp(self):
        super().setUp()
        self.file = self.path("a.png")
        self.ffmpeg("-f", "lavfi", "-i", "color=red:size=400x300", "-frames:v", "1", self.file)
        self.scan("--thumbnails")

    def in_terminal(self, answer, *arguments):
        """What the program writes to a terminal that answers so, what to standard error, and its exit code."""
        ours, theirs = pty.openpty()
        before = termios.tcgetattr(theirs)
        process = subprocess.Popen([DALIL, "show", *arguments], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE,
                                   env={**self.env, "TERM": "xterm-kitty"}, start_new_session=True, cwd=self.dir,
                                   preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0))
        written, asked, deadline = b"", False, time.monotonic() + 60
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.05)[0]:
                written += os.read(ours, 65536)
            elif process.poll() is not None:
                break
            if QUESTION in written and not asked:
                asked = True
                os.write(ours, answer)
        errors = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(termios.tcgetattr(theirs), before, "the terminal is as it was")
        os.close(ours)
        os.close(theirs)
        return written, errors, process.wait(), asked

    def test_kitty_gets_the_pixels_within_the_text(self):
        written, errors, code, _ = self.in_terminal(KITTY, self.file, "--picture")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn(b"\x1b_Ga=T,f=24,t=d,s=260,v=196,q=2,m=1;", written)
        self.assertNotIn(b"t=f", written)
        self.assertIn(b"copies", written)

    def test_sixels_are_drawn_in_the_colors_of_the_picture(self):
        written, errors, code, _ = self.in_terminal(SIXEL, self.file, "--picture")
        self.assertEqual((code, errors), (0, ""))
        sixels = re.search(rb"\x1bPq(.*?)\x1b\\", written, re.DOTALL)
        self.assertIsNotNone(sixels)
        self.assertIn(b'"1;1;260;196', sixels.group(1))
        self.assertIn(b";2;100;0;0", sixels.group(1))

    def test_what_cannot_be_decoded_leaves_no_blank(self):
        self.env["DALIL_PARSER"] = os.environ["DALIL_BAD_PARSER"]
        written, errors, code, _ = self.in_terminal(KITTY, self.file, "--picture")
        self.assertEqual(code, 0)
        self.assertIn("there is a thumbnail of it, but 1 picture could not be decoded", errors)
        self.assertNotIn(b"a=T", written)
        self.assertIn(b"copies", written)

    def test_terminals_that_cannot_or_are_silent_get_none(self):
        for answer in (NEITHER, b""):
            with self.subTest(answer):
                written, errors, code, asked = self.in_terminal(answer, self.file, "--picture")
                self.assertTrue(asked)
                self.assertEqual(code, 0)
                self.assertIn("shows no pictures", errors)
                self.assertIn("dalil sheet", errors)
                self.assertNotIn(b"\x1bPq", written)
                self.assertNotIn(b"a=T", written)
                self.assertIn(b"copies", written)

    def test_without_the_option_nothing_is_asked(self):
        _, _, code, asked = self.in_terminal(KITTY, self.file)
        self.assertEqual((code, asked), (0, False))

    def test_a_pipe_is_no_terminal_whatever_the_environment_says(self):
        result = self.dalil("show", self.file, "--picture", env={"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"})
        self.assertNotIn("\x1b", result.out)
        self.assertIn("shows no pictures", result.err)

    def test_what_has_none_says_why(self):
        other = self.write("b.x3f", b"FOVb" + b"\0" * 100)
        self.scan()
        self.assertIn("no thumbnail of it was made", self.dalil("show", os.fsdecode(other), "--picture").err)
        self.dalil("thumbnail", self.tree, "--volume", "disk")
        self.assertIn("are not decoded", self.dalil("show", os.fsdecode(other), "--picture").err)

    def test_auditors_are_refused(self):
        key = os.path.join(self.dir, "auditor.txt")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", key)
        self.fails("show", self.file, "--picture", expect=WRONG_KEY, message="not visible", env={"DALIL_KEY_FILE": key})


if __name__ == "__main__":
    main()
