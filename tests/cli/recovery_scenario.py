"""The recovery key, snapshots, and an archive that comes back from one."""
import os
import random
import shutil
import signal
import stat
import subprocess
import threading
import time
import unittest

from scenario import DAMAGED, FAILURE, NO, WRONG_KEY, Scenario, main


class Recovery(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for name in "abc":
            self.write(f"card/{name}.bin", name.encode() * 1000)
        self.scan()
        self.snapshot = os.path.join(self.dir, "snapshot.age")
        self.recovery = os.path.join(self.dir, "recovery.txt")
        self.restored = os.path.join(self.dir, "restored")

    def take(self, path=None):
        return self.dalil("snapshot", "--out", path or self.snapshot, "--json")

    def restore(self, *arguments, expect=0, **options):
        return self.dalil("restore", "--archive-from", self.snapshot, "--recovery-key", self.recovery, "--to", self.restored,
                          *arguments, expect=expect, **options)

    def names(self):
        return sorted(name for name in os.listdir(self.dir) if name.startswith(("snapshot", "restored")))


class RecoveryKey(Recovery):
    def test_it_is_made_once_shown_and_exported_to_a_private_file(self):
        self.dalil("recovery-key", "show", expect=NO)
        self.fails("recovery-key", "export", "--out", self.recovery, expect=FAILURE, message="no recovery key yet")
        self.assertFalse(os.path.exists(self.recovery))
        recipient = self.dalil("recovery-key", "make", "--why", "first drive", "--json").summary["recipient"]
        self.fails("recovery-key", "make", expect=FAILURE, message="already")
        self.assertIn(recipient, self.dalil("recovery-key", "show").out)
        result = self.dalil("recovery-key", "export", "--out", self.recovery)
        self.assertEqual(stat.S_IMODE(os.stat(self.recovery).st_mode), 0o600)
        with open(self.recovery) as file:
            text = file.read()
        self.assertNotIn("AGE-SECRET-KEY", result.out + result.err)
        self.assertEqual(text.count("AGE-SECRET-KEY-1"), 1)
        self.fails("recovery-key", "export", "--out", self.recovery, expect=FAILURE, message="exists")
        printed = self.dalil("recovery-key", "export", "--out", "-").out
        self.assertIn([line for line in text.splitlines() if line.startswith("AGE-")][0], printed)

    def test_it_survives_rotation_and_a_further_one_comes_first(self):
        first = self.dalil("recovery-key", "make", "--json").summary["recipient"]
        self.dalil("key", "rotate", "--why", "x")
        second = self.dalil("recovery-key", "make", "--another", "--json").summary["recipient"]
        shown = self.dalil("recovery-key", "show", "--json").of("recovery_key")
        self.assertEqual([one["recipient"] for one in shown], [second, first])
        self.dalil("recovery-key", "export", "--out", self.recovery)
        with open(self.recovery) as file:
            self.assertEqual(file.read().count("AGE-SECRET-KEY-1"), 2)
        self.assert_sound()

    def test_others_see_its_recipient_and_not_the_key(self):
        recipient = self.dalil("recovery-key", "make", "--json").summary["recipient"]
        for role in ("auditor", "investigator"):
            key = os.path.join(self.dir, role + ".txt")
            self.dalil("key", "add", "--role", role, "--key-file", key, "--name", role)
            env = {"DALIL_KEY_FILE": key}
            self.assertIn(recipient, self.dalil("recovery-key", "show", env=env).out)
            for out in (self.recovery, "-"):
                result = self.fails("recovery-key", "export", "--out", out, expect=WRONG_KEY, message="archivists only", env=env)
                self.assertEqual(result.out, "")
            self.fails("recovery-key", "make", "--another", expect=WRONG_KEY, message="archivists only", env=env)
            self.assertFalse(os.path.exists(self.recovery))
            self.dalil("snapshot", "--out", self.snapshot + role, env=env)

    def test_the_log_and_proofs_do_not_tell_it(self):
        self.dalil("recovery-key", "make")
        self.dalil("recovery-key", "export", "--out", self.recovery)
        with open(self.recovery) as file:
            key = [line for line in file if line.startswith("AGE-")][0].strip()
        for arguments in (["log"], ["log", "--json"], ["status"], ["recovery-key", "show", "--json"]):
            self.assertNotIn(key, self.dalil(*arguments).out)
        entries = self.dalil("log", "--json").of("entry")
        secret = [one["seq"] for one in entries if one["class"] == "evidence" and "recovery" in str(one)]
        self.assertEqual(len(secret), 1)
        self.fails("prove", "--entry", str(secret[0]), "--out", os.path.join(self.dir, "p"), expect=FAILURE, message="recovery key")


class Snapshots(Recovery):
    def test_the_archive_comes_back_with_everything(self):
        self.take()
        self.assertEqual(self.names(), ["snapshot.age", "snapshot.age.note"])
        self.assertEqual(stat.S_IMODE(os.stat(self.snapshot).st_mode), 0o600)
        self.dalil("recovery-key", "export", "--out", self.recovery)
        before = self.dalil("find", "--json").out
        shutil.rmtree(self.archive)
        self.restore()
        env = {"DALIL_ARCHIVE": self.restored}
        self.assertEqual(self.dalil("find", "--json", env=env).out, before)
        self.assertTrue(self.dalil("check", "--json", env=env).summary["sound"])
        self.write("card/d.bin", b"d")
        self.dalil("scan", self.tree, "--volume", "disk", env=env)
        self.assertFalse([name for name in os.listdir(self.dir) if ".new-" in name])

    def test_it_is_never_put_over_anything(self):
        self.take()
        self.fails("snapshot", "--out", self.snapshot, expect=FAILURE, message="exists")
        self.dalil("recovery-key", "export", "--out", self.recovery)
        os.mkdir(self.restored)
        self.fails("restore", "--archive-from", self.snapshot, "--recovery-key", self.recovery, "--to", self.restored,
                   expect=FAILURE, message="exists already")
        self.assertEqual(os.listdir(self.restored), [])

    def test_an_older_one_is_told_and_opens_for_reading_only(self):
        self.take()
        self.dalil("recovery-key", "export", "--out", self.recovery)
        self.dalil("volume", "add", "later", "--kind", "backup")
        result = self.restore(expect=DAMAGED)
        self.assertIn("OLDER THAN WHAT THIS MACHINE HAS SEEN", result.err)
        self.assertTrue(os.path.isdir(self.restored))
        env = {"DALIL_ARCHIVE": self.restored}
        self.fails("volume", "add", "x", "--kind", "backup", expect=DAMAGED, message="nothing is written", env=env)
        self.dalil("checkpoint", "accept", "--why", "the disk died", env=env)
        self.dalil("volume", "add", "x", "--kind", "backup", env=env)

    def test_another_file_note_or_key_is_refused_and_leaves_nothing(self):
        self.take()
        self.dalil("recovery-key", "export", "--out", self.recovery)
        with open(self.snapshot, "rb") as file:
            good = file.read()
        refused = dict(expect=DAMAGED, message="cannot be used")
        command = ["restore", "--archive-from", self.snapshot, "--recovery-key", self.recovery, "--to", self.restored]
        rng = random.Random(7)
        for _ in range(25):
            at = rng.randrange(len(good))
            for bad in (good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1:], good[:at]):
                with open(self.snapshot, "wb") as file:
                    file.write(bad)
                self.fails(*command, **refused)
        with open(self.snapshot, "wb") as file:
            file.write(good)
        with open(self.snapshot + ".note") as file:
            note = file.read()
        with open(self.snapshot + ".note", "w") as file:
            file.write(note.replace("sha256 ", "sha256  "))
        self.fails(*command, expect=FAILURE, message="not the note")
        with open(self.snapshot + ".note", "w") as file:
            file.write(note.replace("time 2", "time 1"))
        self.fails(*command, expect=DAMAGED, message="not signed")
        with open(self.snapshot + ".note", "w") as file:
            file.write(note)
        self.fails(*command[:4], self.key, *command[5:], expect=WRONG_KEY, message="does not open snapshot")
        other = os.path.join(self.dir, "other")
        self.dalil("init", other, "--key-file", other + ".txt")
        self.fails(*command, expect=WRONG_KEY, message="does not open", env={"DALIL_KEY_FILE": other + ".txt"})
        self.assertEqual(self.names(), ["snapshot.age", "snapshot.age.note"])

    def test_a_trusted_key_is_asked_for(self):
        self.take()
        self.dalil("recovery-key", "export", "--out", self.recovery)
        keys = self.dalil("checkpoint", "keys").out.split()
        vkey = [word for word in keys if word.startswith("dalil/")][0]
        other = vkey[:-4] + ("AAA=" if vkey.endswith("=") else "AAAA")
        self.dalil("restore", "--archive-from", self.snapshot, "--recovery-key", self.recovery, "--to", self.restored,
                   "--trust", other, expect=FAILURE)
        self.restore("--trust", vkey)

    def test_stock_age_opens_it(self):
        if shutil.which("age") is None:
            self.skipTest("no age program")
        self.take()
        self.dalil("recovery-key", "export", "--out", self.recovery)
        plain = subprocess.run(["age", "-d", "-i", self.recovery, self.snapshot], capture_output=True, check=True).stdout
        self.assertTrue(plain.startswith(b"dalil snapshot 1\n"))

    def test_killed_at_any_time_nothing_half_counts_as_whole(self):
        for i in range(200):
            self.write(f"many/{i}.bin", b"%d" % i * 2000)
        self.scan()
        self.take()
        self.dalil("recovery-key", "export", "--out", self.recovery)
        begun = time.monotonic()
        self.restore()
        took = time.monotonic() - begun
        shutil.rmtree(self.restored)
        rng = random.Random(11)
        for i in range(20):
            taken = os.path.join(self.dir, f"killed-{i}.age")
            process = self.start("snapshot", "--out", taken)
            time.sleep(rng.random() * took)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if os.path.exists(taken):  # its note came first
                self.dalil("restore", "--archive-from", taken, "--recovery-key", self.recovery, "--to", self.restored)
                shutil.rmtree(self.restored)
            else:
                self.dalil("snapshot", "--out", taken)
            process = self.start("restore", "--archive-from", self.snapshot, "--recovery-key", self.recovery, "--to",
                                 self.restored)
            time.sleep(rng.random() * took)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if os.path.exists(self.restored):
                self.assertTrue(self.dalil("check", "--json", env={"DALIL_ARCHIVE": self.restored}).summary["sound"])
                shutil.rmtree(self.restored)
        self.assert_sound()

    def test_it_is_taken_while_others_write(self):
        self.dalil("recovery-key", "make")
        stop = threading.Event()

        def write():
            for i in range(1000):
                if stop.is_set():
                    return
                self.dalil("volume", "add", f"v{i}", "--kind", "backup")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            sizes = [self.take(os.path.join(self.dir, f"s{i}.age")).summary["size"] for i in range(10)]
        finally:
            stop.set()
            writer.join()
        self.assertEqual(sizes, sorted(sizes))
        self.dalil("recovery-key", "export", "--out", self.recovery)
        for i in (0, 9):
            self.snapshot = os.path.join(self.dir, f"s{i}.age")
            self.dalil("restore", "--archive-from", self.snapshot, "--recovery-key", self.recovery, "--to", self.restored,
                       expect=DAMAGED)
            self.assertTrue(self.dalil("check", "--json", env={"DALIL_ARCHIVE": self.restored}, expect=DAMAGED).summary["sound"])
            shutil.rmtree(self.restored)


if __name__ == "__main__":
    main()
