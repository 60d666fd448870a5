"""What the scenarios share: a directory and a home of their own, and the program under test.

DALIL names the binary, DALIL_PARSER its worker, DALIL_FIXTURES the fixtures; ctest sets them.
"""
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

DALIL = os.environ["DALIL"]
FIXTURES = os.environ["DALIL_FIXTURES"]
MIB = 1 << 20
PATIENCE = 7200 if "DALIL_LONG" in os.environ else 300  # seconds that one command may take
NO, FAILURE, PARTIAL, NO_ARCHIVE, LOCKED, WRONG_KEY, DAMAGED, INTERRUPTED = 1, 2, 3, 10, 11, 12, 13, 130


class Result:
    def __init__(self, code, out, err):
        self.code, self.raw, self.err = code, out, err.decode("utf-8", "replace")
        self.out = out.decode("utf-8", "replace")

    @property
    def objects(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, kind):
        return [one for one in self.objects if one["type"] == kind]

    @property
    def summary(self):
        return self.objects[-1]


class Scenario(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="dalil-cli-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.home = os.path.join(self.dir, "home")
        os.mkdir(self.home)
        self.archive = os.path.join(self.dir, "archive")
        self.key = os.path.join(self.dir, "key.txt")
        self.tree = os.path.join(self.dir, "tree")
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("DALIL_", "XDG_")) or name == "DALIL_PARSER"}
        self.env.update(HOME=self.home, DALIL_ARCHIVE=self.archive, DALIL_KEY_FILE=self.key, LC_ALL="C.UTF-8")

    def mount_small(self, directory, size):
        """A file system in memory, which fills up. Where none can be mounted, the test is skipped."""
        os.makedirs(directory, exist_ok=True)
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", directory], capture_output=True).returncode == 0
        if not mounted:
            self.skipTest("no small file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", directory], capture_output=True)

    def start(self, *arguments, prefix=(), env=None, **options):
        command = [*prefix, DALIL, *map(os.fspath, arguments)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**self.env, **(env or {})}, start_new_session=True, cwd=self.dir, **options)

    def dalil(self, *arguments, expect=0, prefix=(), env=None):
        process = self.start(*arguments, prefix=prefix, env=env)
        result = Result(0, *process.communicate(timeout=PATIENCE))
        result.code = process.returncode
        if expect is not None:
            self.assertEqual(result.code, expect, f"{arguments}\n{result.out[-3000:]}\n{result.err[-3000:]}")
        return result

    def fails(self, *arguments, expect, message, hint=None, **options):
        """Fails with this code, one error line with this text, and (unless None) this hint."""
        result = self.dalil(*arguments, expect=expect, **options)
        errors = [line for line in result.err.splitlines() if line.startswith("dalil: error: ")]
        self.assertEqual(len(errors), 1, result.err)
        self.assertIn(message, errors[0])
        self.assertFalse(errors[0].endswith("."), errors[0])
        if hint is not None:
            hints = [line for line in result.err.splitlines() if line.startswith("dalil: hint: ")]
            self.assertEqual(len(hints), 1, result.err)
            self.assertIn(hint, hints[0])
        return result

    def make_archive(self, *volumes):
        self.dalil("init", self.archive)
        for label in volumes or ("disk",):
            self.dalil("volume", "add", label, "--kind", "working")

    def scan(self, *arguments, volume="disk", folder=None, **options):
        return self.dalil("scan", folder or self.tree, "--volume", volume, "--json", *arguments, **options)

    def write(self, path, content, below=None):
        """A file below the tree; `path` may be bytes."""
        below = below or self.tree
        full = os.path.join(os.fsencode(below), os.fsencode(path))
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(content)
        return full

    def flip(self, path, offset):
        """A bit of a file below the tree; its times stay."""
        full = os.path.join(self.tree, path)
        times = os.stat(full)
        with open(full, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)
            file.seek(offset)
            file.write(bytes([byte[0] ^ 1]))
        os.utime(full, ns=(times.st_atime_ns, times.st_mtime_ns))

    def assert_accounted(self, summary):
        self.assertEqual(summary["seen"],
                         summary["indexed"] + summary["unchanged"] + summary["skipped"] + summary["failed"], summary)

    def assert_sound(self):
        self.assertTrue(self.dalil("check", "--json").summary["sound"])

    def write_slow_files(self, count, size=64 * MIB):
        """Files that take no room on the disk and yet their time to hash."""
        for i in range(count):
            path = self.write(f"slow/{i:03}.bin", b"slow %d" % i)
            os.truncate(path, size)

    def wait_until(self, happened, what, seconds=120):
        deadline = time.monotonic() + seconds
        while not happened():
            self.assertLess(time.monotonic(), deadline, "in vain waited until " + what)
            time.sleep(0.02)

    def count_items(self):
        """Items that readers see, also while another process writes."""
        process = self.start("find", "--count")
        return int(process.communicate(timeout=60)[0])


def pattern(size, seed):
    """Bytes that differ from place to place and from seed to seed, and are made fast."""
    block = bytes((seed * 31 + i * 7 + (i >> 8) * 13) & 0xFF for i in range(65536))
    whole = bytearray((block * (size // 65536 + 1))[:size])
    for at in range(0, size - 8, 65536):
        whole[at:at + 8] = (seed << 40 | at).to_bytes(8, "big")
    return bytes(whole)


def main():
    unittest.main(verbosity=2)
