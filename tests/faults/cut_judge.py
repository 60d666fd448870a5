"""Puts what a power cut left into a directory, and asks the program what it finds there."""
import os
import shutil
import subprocess


def fast_directory():
    """Where syncing costs nothing: nothing that lies there is to survive."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Answer:
    """Facts of the archive, one a line, and what was wrong with it."""

    def __init__(self, lines):
        words = [line.split(" ", 1) for line in lines]
        single = {key: rest for key, rest in (one for one in words if len(one) == 2)
                  if key in ("entries", "root", "epoch", "redacted", "rollback", "error")}
        self.entries = int(single.get("entries", 0))
        self.root, self.error, self.rollback = single.get("root"), single.get("error"), single.get("rollback")
        self.problems = [rest for key, *rest in words if key == "problem"]
        self.written = ["written"] in words
        self.prefixes = dict(map(int_first, (rest for key, *rest in words if key == "prefix")))
        self.facts = {line for line in lines if line.split(" ", 1)[0] in
                      ("volume", "incident", "link", "unlink", "copy", "key", "unkey")}
        self.facts |= {f"epoch {i}" for i in range(1, int(single.get("epoch", 0)) + 1)}
        self.facts |= {f"redacted {i}" for i in range(1, int(single.get("redacted", 0)) + 1)}


def int_first(rest):
    size, root = rest[0].split(" ")
    return int(size), root


class Judge:
    """The program that answers, as long as it lives; whoever kills it has found something."""

    def __init__(self, program):
        self.program, self.process = program, None

    def ask(self, *fields):
        if self.process is None:
            self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL)
        self.process.stdin.write(("\t".join(fields) + "\n").encode())
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            line = os.fsdecode(line).rstrip("\n")
            if line == ".":
                return Answer(lines)
            lines.append(line)
        code = self.process.wait()
        self.close()
        return Answer([f"error -2 the process ended with {code}"])

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()
        self.process = None


def put_on_disk(found, directory):
    """The state of a disk as files; what was there before goes."""
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory, 0o700)
    for path, content in found.items():
        where = os.path.join(directory, path)
        if content is None:
            os.mkdir(where, 0o700)
            continue
        fd = os.open(where, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(fd, content)
        os.close(fd)
