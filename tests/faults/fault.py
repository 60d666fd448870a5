"""What the fault tests share: the scenarios' tools, pristine copies of an archive, and its whole answer."""
import json
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from scenario import Scenario, main, pattern  # noqa: E402,F401

LONG = "DALIL_LONG" in os.environ
SEED = int(os.environ.get("DALIL_SEED", "20170911"))


def rounds(short, long):
    return long if LONG else short


class Fault(Scenario):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)

    def keep_pristine(self):
        """Sets the archive aside; `restore` brings it back as it was."""
        self.pristine = os.path.join(self.dir, "pristine")
        shutil.copytree(self.archive, self.pristine)

    def restore(self):
        shutil.rmtree(self.archive)
        shutil.copytree(self.pristine, self.archive)
        self.forget()

    def forget(self):
        """As on a machine that never saw the archive: damage is to be found without a memory of it."""
        shutil.rmtree(os.path.join(self.home, ".local"), ignore_errors=True)

    def live_copies(self):
        return sum(one["live_copies"] for one in self.dalil("volume", "list", "--json").of("volume"))

    def copies(self):
        """Which content lies where, in which state: what any order of reading must come to."""
        known = []
        for item in self.dalil("find", "--json").of("item"):
            for copy in item["copies"]:
                known.append((copy["path"], item["digest"], copy["state"], copy["size_bytes"]))
        return sorted(known)

    def make_small_tree(self, files, directories=40):
        for i in range(files):
            self.write(f"d{i % directories:02}/f{i}", b"content %d " % i * (i % 50))


def last_committed(output):
    """The last whole line "committed N" of the driver."""
    numbers = [line.split()[1] for line in output.decode().split("\n")[:-1] if line.startswith("committed ")]
    return int(numbers[-1]) if numbers else 0


def tell(**numbers):
    """The measure of a run, for whoever reads the log."""
    print(json.dumps(numbers), flush=True)
