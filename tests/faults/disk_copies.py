"""An archive on a disk of its own, which is put back as it was before each of many failures."""
import os
import shutil
import tempfile

from cut_judge import Judge, fast_directory
from fault import Fault

JUDGE = os.environ["DALIL_FAULT_JUDGE"]


class DiskCopies(Fault):
    def setUp(self):
        super().setUp()
        self.work = tempfile.mkdtemp(prefix="dalil-calls-", dir=fast_directory())
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.disk = os.path.join(self.work, "disk")
        self.home, self.drive, self.restored = (f"{self.disk}/{name}" for name in ("home", "drive", "restored"))
        for path in (self.home, self.drive, self.restored):
            os.makedirs(path)
        self.archive, self.key = os.path.join(self.disk, "archive"), os.path.join(self.disk, "key.txt")
        self.env.update(HOME=self.home, DALIL_ARCHIVE=self.archive, DALIL_KEY_FILE=self.key)
        self.judge = Judge(JUDGE)
        self.addCleanup(self.judge.close)

    def make_known(self, drive=False):
        self.make_archive()
        self.dalil("incident", "add", "--set", "id=I-0", "--set", "date=2017-09-11")
        for i in range(8):
            self.write(f"d{i % 2}/f{i}.bin", b"content %d " % i * (1 + 7 * i))
        self.scan("--no-metadata", "--note", "a remark")
        if drive:
            self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "b1")
        self.keep()

    def keep(self):
        """From now on `put_back` makes the disk what it is now."""
        self.kept = os.path.join(self.work, "kept")
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.disk, self.kept, symlinks=True)

    def put_back(self):
        shutil.rmtree(self.disk)
        shutil.copytree(self.kept, self.disk, symlinks=True)

    def ask(self, last="?", key=None):
        return self.judge.ask(self.archive, key or self.key, os.path.join(self.home, ".local/state/dalil"), last)

    @staticmethod
    def known(answer):
        """Facts without what is random each time."""
        return {fact.split(" objects/")[0] for fact in answer.facts}
