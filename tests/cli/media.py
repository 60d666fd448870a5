"""Scenarios over pictures and clips that ffmpeg makes; without it they are skipped."""
import os
import shutil
import subprocess

from scenario import Scenario

FFMPEG = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-threads", "1"]


class MediaScenario(Scenario):
    """With an archive, and an empty tree."""

    def setUp(self):
        super().setUp()
        if shutil.which("ffmpeg") is None:
            self.skipTest("needs ffmpeg")
        os.mkdir(self.tree)
        self.make_archive()

    def ffmpeg(self, *arguments):
        return subprocess.run([*FFMPEG, *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True).stdout

    def path(self, name):
        return os.path.join(self.tree, name)
