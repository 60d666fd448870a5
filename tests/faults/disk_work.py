"""The kinds of work that write to a disk, for tests in which each of their calls meets something."""
import hashlib
import os


class DiskWork:
    """To be mixed into a subclass of CallFaults."""

    def test_init(self):
        self.keep()
        self.each_call("init", self.archive, again=(0, 2))

    def test_scan(self):
        self.make_known()
        for i in range(6):
            self.write(f"new/{i}", b"new %d" % i)
        self.each_call("scan", self.tree, "--volume", "disk", "--no-metadata")

    def test_link(self):
        self.make_known()
        digest = hashlib.sha256(b"content 3 " * 22).hexdigest()
        self.each_call("link", digest, "I-0", "--type", "depicts", again=(0, 1))

    def test_import_of_a_register(self):
        self.make_known()
        register = os.path.join(self.dir, "register.csv")
        with open(register, "w") as file:
            file.write("id,date\nI-1,2017-09-11\nI-2,2017-09-12\n")
        self.each_call("incident", "import", register)

    def test_key_add(self):
        self.make_known()
        other = os.path.join(self.disk, "other.txt")
        self.each_call("key", "add", "--role", "archivist", "--name", "sami", "--key-file", other, again=(0, 2),
                       other_key=other)

    def test_key_rotate(self):
        self.make_known()
        self.each_call("key", "rotate", "--why", "yearly")

    def test_redact(self):
        self.make_known()
        remark = next(one["seq"] for one in self.dalil("log", "--json", "--limit", "0").of("entry")
                      if one.get("kind") == "scan_note")
        self.each_call("redact", str(remark), "--why", "they asked", again=(0, 2))

    def test_rebuild(self):
        self.make_known()
        self.each_call("rebuild")

    def test_snapshot(self):
        self.make_known()
        self.dalil("recovery-key", "make")
        self.keep()
        out = os.path.join(self.disk, "out.snapshot")
        self.each_call("snapshot", "--out", out, again=(0, 2), outputs=[out, out + ".note"],
                       done=lambda: self.states(out + ".note", out))

    def states(self, note, path):
        """Whether both are there, and the note is of that file."""
        content, text = self.content(path), self.content(note)
        return None not in (content, text) and hashlib.sha256(content).hexdigest().encode() in text

    def test_backup(self):
        self.make_known()
        self.each_call("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "b1",
                       done=lambda: self.is_consistent(self.drive), keeps=lambda: self.untrue_copies(b1=self.drive))

    def test_backup_of_both_kinds(self):
        self.make_known()
        self.write("long.mp4", os.urandom(5 << 19))
        for i in range(12):
            self.write(f"more/{i}.jpg", b"more %d" % i)
        self.scan("--no-metadata")
        self.dalil("recovery-key", "make")
        sealed = os.path.join(self.disk, "sealed")
        os.mkdir(sealed)
        self.keep()
        self.each_call("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "b1", "--to", sealed,
                       "--volume", "b2", "--seal", "b2",
                       done=lambda: self.is_consistent(self.drive) and self.is_consistent(sealed),
                       keeps=lambda: self.untrue_copies(b1=self.drive, b2=sealed))

    def is_consistent(self, drive):
        return self.ask_dalil("verify", "--offline", drive)[0] == 0

    def test_repair(self):
        self.make_known(drive=True)
        path = os.path.join(self.drive, "data/disk/d1/f3.bin")
        with open(path, "r+b") as file:
            file.write(b"damage")
        self.keep()
        damaged = self.content(path)

        def keeps():
            """The damaged file and the intact one: each is there, or was not made yet."""
            here = self.content(path)
            if here == damaged or damaged in self.set_aside():
                return ""
            return f"the damaged file is gone: {here!r} and {self.set_aside()}"
        self.each_call("repair", self.drive, "--volume", "b1", "--from", "disk=" + self.tree, "--check",
                       done=lambda: self.content(path) == b"content 3 " * 22, keeps=keeps)

    def set_aside(self):
        folder = os.path.join(self.drive, "dalil/aside")
        if not os.path.isdir(folder):
            return []
        return [self.content(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names]

    def content(self, path):
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def test_restore(self):
        self.make_known(drive=True)
        names = [f"disk/d{i % 2}/f{i}.bin" for i in range(8)]
        self.each_call("restore", "--from", "b1=" + self.drive, "--all", "--to", self.restored, done=lambda: all(
            self.content(os.path.join(self.restored, names[i])) == b"content %d " % i * (1 + 7 * i) for i in range(8)))

    def test_import_of_a_report(self):
        self.make_known(drive=True)
        key, report = os.path.join(self.dir, "report.key"), os.path.join(self.dir, "report.jsonl")
        signer = self.dalil("checkpoint", "keys", "--json").of("key")[0]["key"]
        verifier = self.dalil("report", "key", "--out", key, "--json").of("key")[0]["key"]
        self.dalil("verify", self.drive, "--offline", "--trust", signer, "--report", report, "--sign-key", key)
        self.keep()
        self.each_call("report", "import", report, "--trust", verifier, again=(0, 1, 2))
