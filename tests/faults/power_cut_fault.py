"""The power fails at any moment of anything that writes: what was told to be done is there, all else is as before or
after, and the archive opens, is whole, and can be written to.

write_trace.cpp notes what the program does to the disk, power_cuts.py makes of it what a cut may leave, judge.cpp
opens that, and cut_power.py compares.
"""
import hashlib
import os

from cut_power import STATES, PowerCut
from fault import main, rounds
from power_cuts import Event


class Archives(PowerCut):
    def test_init_volumes_and_edits(self):
        self.do("init", self.archive, facts=["key archivist", "epoch 1"], files=[self.key])
        self.do("volume", "add", "disk", "--kind", "working", facts=["volume disk"])
        register = os.path.join(self.dir, "register.csv")
        with open(register, "w") as file:
            file.write("id,date\nI-1,2017-09-11\nI-2,2017-09-12\nI-3,2017-09-13\n")
        self.do("incident", "import", register, facts=[f"incident I-{i} 0" for i in (1, 2, 3)])
        self.do("incident", "add", "--set", "id=I-4", "--set", "date=2018-01-01", facts=["incident I-4 0"])
        self.do("source", "add", "bridge")
        self.do("policy", "set", "--copies", "3", "--reason", "for a test")
        self.assert_nothing_wrong()

    def test_a_scan_that_commits_again_and_again(self):
        self.do("init", self.archive, facts=["key archivist", "epoch 1"], files=[self.key])
        self.do("volume", "add", "disk", "--kind", "working", facts=["volume disk"])
        self.begin_cuts()
        promises = self.scan_in_steps(self.tree_of(500))
        self.assertGreater(promises, 0)
        self.assert_nothing_wrong(STATES // 3)

    def test_links_verdicts_and_verification(self):
        self.make_known()
        self.begin_cuts()
        self.do("link", self.digest(1), "I-0", "--type", "depicts", facts=[f"link {self.digest(1)} I-0"])
        self.do("link", self.digest(2), self.digest(3), "I-0", "--type", "context",
                facts=[f"link {self.digest(i)} I-0" for i in (2, 3)])
        self.do("verify", self.tree, "--volume", "disk")
        self.do("cosign")
        self.do("source", "add", "bridge")
        self.do("source", "assign", "bridge", self.digest(1), "--why", "said so")
        self.assert_nothing_wrong()

    def test_keys(self):
        self.make_known(6)
        self.begin_cuts()
        for name, role in (("huda", "investigator"), ("sami", "archivist")):
            path = os.path.join(self.disk, f"key-{name}.txt")
            self.do("key", "add", "--role", role, "--name", name, "--key-file", path,
                    facts=[f"key {name}"], files=[path])
        self.do("key", "rotate", "--why", "yearly", facts=["epoch 2"])
        self.do("key", "rotate", "--why", "again", facts=["epoch 3"])
        self.facts.discard("key huda")
        self.moments[-1].facts -= {"key huda"}
        self.do("key", "remove", "huda", "--why", "left", facts=["unkey huda"])
        self.moments[-1].may |= {"key huda"}
        self.assert_nothing_wrong()

    def test_made_anew_after_redaction_and_rebuild(self):
        self.make_known()
        entries = self.dalil("log", "--json", "--limit", "0").of("entry")
        remark = next(one["seq"] for one in entries if one.get("kind") == "scan_note")
        self.begin_cuts()
        self.do("rebuild")
        self.do("redact", str(remark), "--why", "they asked", facts=["redacted 1"])
        self.do("rebuild")
        self.do("incident", "add", "--set", "id=I-9", "--set", "date=2019-01-01", facts=["incident I-9 0"])
        self.assert_nothing_wrong()


class Histories(PowerCut):
    """Work in an order that nobody thought of."""

    def step(self, i):
        def key():
            path = os.path.join(self.disk, f"key-{i}.txt")
            role = self.random.choice(("archivist", "investigator", "auditor"))
            self.do("key", "add", "--role", role, "--name", f"n{i}", "--key-file", path,
                    facts=[f"key n{i}"], files=[path])

        def scan():
            content = b"new %d " % i * self.random.randrange(1, 4000)
            self.write(f"new/{i}", content)
            self.do("scan", self.tree, "--volume", "disk", "--no-metadata", "--note", f"note {i}",
                    facts=[f"copy disk {hashlib.sha256(content).hexdigest()} 1 new/{i}"])

        def incident():
            text = "x" * self.random.randrange(1, 3000)
            self.do("incident", "add", "--set", f"id=R-{i}", "--set", "date=2017-09-11", "--reason", text,
                    facts=[f"incident R-{i} 0"])

        def rotate():
            epoch = 1 + sum(fact.startswith("epoch ") for fact in self.facts)
            self.do("key", "rotate", "--why", "again", facts=[f"epoch {epoch}"])

        self.random.choice((key, scan, scan, incident, incident, rotate, lambda: self.do("rebuild"),
                            lambda: self.do("verify", self.tree, "--volume", "disk")))()

    def test_random_histories(self):
        for _ in range(rounds(1, 40)):
            self.make_known(self.random.randrange(1, 30))
            self.begin_cuts()
            for i in range(6):
                self.step(i)
            self.assert_nothing_wrong(rounds(STATES, 1000))
            seed = self.random.random()
            self.doCleanups()
            self.setUp()
            self.random.seed(seed)


class Drives(PowerCut):
    def make_drive(self, *options):
        self.make_known(12)
        on_drive = set()
        if not options:
            on_drive = {fact.replace("copy disk ", "copy b1 ").replace(" 1 d", " 1 data/disk/d") for fact in self.facts
                        if fact.startswith("copy ")}
        self.do("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "b1", *options,
                facts=on_drive | {"volume b1"}, files=lambda: self.files_below(self.drive))

    def files_below(self, folder):
        return [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]

    def test_a_backup(self):
        self.make_drive()
        content = b"a later one"
        self.write("late.bin", content)
        digest = hashlib.sha256(content).hexdigest()
        self.do("scan", self.tree, "--volume", "disk", "--no-metadata", facts=[f"copy disk {digest} 1 late.bin"])
        self.do("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "b1",
                facts=[f"copy b1 {digest} 1 data/disk/late.bin"], files=lambda: self.files_below(self.drive))
        self.assert_nothing_wrong()

    def test_a_sealed_backup_and_what_is_restored_of_it(self):
        self.make_drive("--sealed")
        self.begin_cuts()
        self.do("restore", "--from", "b1=" + self.drive, "--all", "--to", self.restored,
                files=lambda: self.files_below(self.restored))
        self.assertEqual(len(self.files_below(self.restored)), 12)
        self.assert_nothing_wrong()

    def test_a_snapshot_and_the_archive_that_is_restored_of_it(self):
        self.make_known(6)
        self.begin_cuts()
        out, recovery = os.path.join(self.disk, "archive.snapshot"), os.path.join(self.disk, "recovery.txt")
        self.do("recovery-key", "make", "--why", "for snapshots")
        self.do("recovery-key", "export", "--out", recovery, files=[recovery])
        self.do("snapshot", "--out", out, files=[out, out + ".note"])
        to = os.path.join(self.disk, "again")
        self.do("restore", "--archive-from", out, "--recovery-key", recovery, "--to", to,
                files=lambda: [to + "/data.mdb", to + "/keys/archivist-1.age"])
        self.assert_nothing_wrong()

    def test_a_report_from_elsewhere(self):
        self.make_drive()
        key, report = os.path.join(self.dir, "report.key"), os.path.join(self.dir, "report.jsonl")
        signer = self.dalil("checkpoint", "keys", "--json").of("key")[0]["key"]
        verifier = self.dalil("report", "key", "--out", key, "--json").of("key")[0]["key"]
        self.dalil("verify", self.drive, "--offline", "--trust", signer, "--report", report, "--sign-key", key)
        self.begin_cuts()
        self.do("report", "import", report, "--trust", verifier)
        self.do("incident", "add", "--set", "id=I-9", "--set", "date=2019-01-01", facts=["incident I-9 0"])
        self.assert_nothing_wrong()

    def test_files_for_others(self):
        self.make_known(6)
        self.begin_cuts()
        proof, note, key, report = (f"{self.disk}/{name}" for name in ("a.proof", "a.note", "report.key", "a.jsonl"))
        self.do("prove", "--incident", "I-0", "--out", proof, files=[proof])
        self.do("checkpoint", "export", note, files=[note])
        self.do("report", "key", "--out", key, files=[key])
        self.do("verify", self.tree, "--volume", "disk", "--report", report, "--sign-key", key, files=[report])
        self.assert_nothing_wrong()

    def test_a_repair(self):
        self.make_drive()
        path = os.path.join(self.drive, "data/disk/d1/f004.bin")
        self.damage(path)
        self.begin_cuts()
        self.do("repair", self.drive, "--volume", "b1", "--from", "disk=" + self.tree, "--check",
                files=[path])
        self.assertEqual(hashlib.sha256(self.files[os.path.relpath(path, self.disk)]).hexdigest(), self.digest(4))
        self.assert_nothing_wrong()

    def damage(self, path):
        """A bit that flipped, on the disk and in the replay."""
        with open(path, "r+b") as file:
            byte = bytes([file.read(1)[0] ^ 1])
            file.seek(0)
            file.write(byte)
        self.damaged = {os.path.relpath(path, self.drive)}
        self.moments[-1].files.pop(os.path.relpath(path, self.disk))
        inode = os.stat(path).st_ino
        self.events += [Event("W", (inode, 0, 1), data=byte), Event("S", (inode,))]


class Planted(PowerCut):
    """Defects that are put in on purpose, and that this harness has to find."""
    planted = ""

    def found_in_edits(self):
        self.make_known(6)
        self.begin_cuts()
        self.plant = self.planted
        for name, role in (("huda", "investigator"), ("sami", "archivist")):
            path = os.path.join(self.disk, f"key-{name}.txt")
            self.do("key", "add", "--role", role, "--name", name, "--key-file", path,
                    facts=[f"key {name}"], files=[path])
        self.do("link", self.digest(1), "I-0", "--type", "depicts", facts=[f"link {self.digest(1)} I-0"])
        self.do("key", "rotate", "--why", "yearly", facts=["epoch 2"])
        self.do("volume", "add", "phone", "--kind", "source", facts=["volume phone"])
        return self.cut(rounds(120, 2000))

    def assert_found(self, *words):
        found = self.found_in_edits()
        for word in words:
            self.assertTrue(any(word in one for one in found), f"'{word}' in none of {found[:20]}")

    def test_a_machine_that_does_not_sync_loses_what_was_told(self):
        self.planted = "no_sync"
        self.assert_found("lost: link", "lost: key", "lost: epoch")

    def test_a_machine_that_syncs_names_only_damages_the_archive(self):
        self.planted = "no_data_sync"
        self.assert_found("lost: ", "error: ")

    def test_a_machine_that_does_not_sync_names_loses_keys(self):
        self.planted = "no_name_sync"
        self.assert_found("lost: 'key-huda.txt'", "lost: the key 'key-")

    def test_a_rename_before_its_sync_is_found(self):
        self.planted = "rename_first"
        self.assert_found("error: ")

    def test_a_word_that_is_said_before_it_is_true_is_found(self):
        self.too_early = 12
        self.assert_found("lost: link", "lost: key", "lost: epoch")


if __name__ == "__main__":
    main()
