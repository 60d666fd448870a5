"""Keys for several people: each opens what its role may, stock age opens each slot, and keys can be taken away."""
import glob
import os
import shutil
import signal
import subprocess
import time
import unittest

from scenario import *

HAVE_AGE = shutil.which("age") is not None


class Keys(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk")
        self.write("INC-1/a.txt", b"first")
        self.write("b.txt", b"second")
        self.dalil("incident", "add", "--set", "id=INC-1", "--set", "date=2017-09-11")
        self.scan("--incident-from", "INC-[0-9]+")

    def key_for(self, role, name):
        """Adds a key with a new key file; returns the environment that opens the archive with it."""
        path = os.path.join(self.dir, name + ".key")
        self.dalil("key", "add", "--role", role, "--name", name, "--key-file", path)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        return {"DALIL_KEY_FILE": path}

    def slots(self):
        return sorted(os.path.basename(path) for path in glob.glob(self.archive + "/keys/*"))

    def age(self, *arguments, stdin=None):
        return subprocess.run(["age", *arguments], input=stdin, capture_output=True, timeout=60)

    def test_each_role_opens_what_it_may(self):
        auditor, investigator = self.key_for("auditor", "Sami"), self.key_for("investigator", "Huda")
        self.dalil("verify", self.tree, "--volume", "disk", env=auditor)
        self.assertEqual(self.dalil("log", "--limit", "1", "--json", env=auditor).of("entry")[0]["actor"], "Sami")
        self.fails("find", "--incident", "INC-1", env=auditor, expect=WRONG_KEY, message="not visible to this role")
        self.assertEqual(len(self.dalil("find", "--incident", "INC-1", "--json", env=investigator).of("item")), 1)
        self.fails("key", "add", "--role", "auditor", "--name", "Eve", "--key-file", self.dir + "/eve.key",
                   env=investigator, expect=WRONG_KEY, message="only an archivist")
        self.assertFalse(os.path.exists(self.dir + "/eve.key"), "a failed command leaves no key file")
        self.assertEqual(self.slots(), ["archivist-1.age", "auditor-1.age", "investigator-1.age"])
        self.assert_sound()

    def test_what_is_refused_leaves_nothing_behind(self):
        self.key_for("auditor", "Sami")
        before = self.slots()
        self.fails("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", self.dir + "/x.key",
                   expect=FAILURE, message="there is or was an actor 'Sami'", hint="another name")
        self.fails("key", "add", "--role", "owner", "--name", "X", "--passphrase", expect=FAILURE, message="no role")
        self.fails("key", "add", "--role", "auditor", "--name", "X", expect=FAILURE, message="opens with")
        self.fails("key", "add", "--role", "auditor", "--name", "X", "--recipient", "age1nonsense", expect=FAILURE,
                   message="recipient")
        self.fails("key", "remove", "nobody", "--why", "x", expect=FAILURE, message="no key of 'nobody'")
        self.fails("key", "remove", "archivist", "--why", "x", expect=FAILURE, message="last archivist")
        self.assertEqual(self.slots(), before)
        self.assertFalse(os.path.exists(self.dir + "/x.key"))
        self.assert_sound()

    def test_a_passphrase_comes_from_a_command(self):
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--passphrase",
                   env={"DALIL_NEW_PASSPHRASE_COMMAND": "echo five random words are fine"})
        env = {"DALIL_KEY_FILE": "", "DALIL_PASSPHRASE_COMMAND": "echo five random words are fine"}
        self.assertIn("Sami", self.dalil("key", "list", env=env).out)
        env["DALIL_PASSPHRASE_COMMAND"] = "echo five random words are wrong"
        self.fails("key", "list", env=env, expect=WRONG_KEY, message="passphrase does not open")

    @unittest.skipUnless(HAVE_AGE, "without age")
    def test_stock_age_opens_every_slot_and_makes_recipients(self):
        identity = subprocess.run(["age-keygen"], capture_output=True, text=True, timeout=60).stdout
        path = os.path.join(self.dir, "stock.key")
        with open(path, "w") as file:
            file.write(identity)
        recipient = [line for line in identity.splitlines() if "public key" in line][0].split()[-1]
        self.dalil("key", "add", "--role", "investigator", "--name", "Huda", "--recipient", recipient)
        self.dalil("find", "--incident", "INC-1", env={"DALIL_KEY_FILE": path})
        opened = self.age("-d", "-i", path, self.archive + "/keys/investigator-1.age").stdout.decode()
        self.assertIn("role investigator\nactor Huda\n", opened)
        self.assertIn("key evidence 1 ", opened)
        self.assertNotIn("key source", opened)
        # A slot that stock age wrote opens as well: somebody's second key for the same keyring.
        again = self.age("-e", "-r", recipient, stdin=opened.encode()).stdout
        with open(self.archive + "/keys/another.age", "wb") as file:
            file.write(again)
        os.unlink(self.archive + "/keys/investigator-1.age")
        self.dalil("find", "--incident", "INC-1", env={"DALIL_KEY_FILE": path})
        # And after a rotation the grant opens with the identity within the keyring.
        self.dalil("key", "rotate", "--why", "yearly")
        inner = [line for line in opened.splitlines() if line.startswith("identity ")][0].split()[1]
        inner_path = os.path.join(self.dir, "inner.key")
        with open(inner_path, "w") as file:
            file.write(inner + "\n")
        grants = [self.age("-d", "-i", inner_path, grant).stdout.decode()
                  for grant in glob.glob(self.archive + "/keys/*.grant")]
        self.assertEqual(sum("key evidence 2 " in grant for grant in grants), 1)

    def test_a_removed_key_signs_nothing_and_after_a_rotation_opens_nothing(self):
        huda, auditor = self.key_for("investigator", "Huda"), self.key_for("auditor", "Sami")
        self.dalil("link", "disk:b.txt", "INC-1", "--type", "depicts", env=huda)
        kept = os.path.join(self.dir, "kept.age")  # as somebody does who wants to keep their access
        shutil.copy(self.archive + "/keys/investigator-1.age", kept)
        self.dalil("key", "remove", "Huda", "--why", "left the group")
        self.fails("find", "--incident", "INC-1", env=huda, expect=WRONG_KEY, message="does not open")
        shutil.copy(kept, self.archive + "/keys/kept.age")
        self.dalil("find", "--incident", "INC-1", env=huda)  # removal is not revocation, as the help says
        self.fails("unlink", "disk:b.txt", "INC-1", "--why", "x", env=huda, expect=WRONG_KEY, message="may sign")
        self.dalil("key", "rotate", "--why", "Huda left")
        self.fails("find", "--incident", "INC-1", env=huda, expect=WRONG_KEY, message="keys were changed")
        os.unlink(self.archive + "/keys/kept.age")
        self.assertEqual(len(self.dalil("find", "--incident", "INC-1", "--json").of("item")), 2)
        self.dalil("verify", self.tree, "--volume", "disk", env=auditor)
        self.write("c.txt", b"third")
        self.scan()
        self.dalil("verify", self.tree, "--volume", "disk", env=auditor)  # tags of both epochs
        self.assert_sound()

    def test_a_rotation_that_is_killed_leaves_one_whole_archive(self):
        """At many moments; what opens afterwards holds everything, and the next rotation succeeds."""
        auditor = self.key_for("auditor", "Sami")
        for i in range(300):
            self.write(f"many/{i}.txt", b"file %d" % i)
        self.scan()
        items = self.count_items()
        start = time.monotonic()
        self.dalil("key", "rotate", "--why", "how long does it take")
        whole = time.monotonic() - start
        tries = 60 if os.environ.get("DALIL_LONG") else 12
        epochs = set()
        for i in range(tries):
            process = self.start("key", "rotate", "--why", "killed")
            time.sleep(whole * (i + 0.5) / tries)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.assertEqual(self.count_items(), items)
            self.dalil("volume", "list", env=auditor)
            epochs.add(self.dalil("key", "list", "--json").summary["epoch"])
        self.assertGreater(max(epochs), 1)
        self.dalil("key", "rotate", "--why", "in peace")
        self.dalil("volume", "list", env=auditor)
        self.assert_sound()
        left = [name for name in os.listdir(self.archive) if name.startswith("rebuild.tmp")]
        self.assertEqual(left, [], "what a killed rotation left is cleared away")

    def test_a_key_that_was_half_added_is_settled(self):
        self.key_for("auditor", "Sami")
        os.rename(self.archive + "/keys/auditor-1.age", self.archive + "/keys/auditor-1.age.new")
        with open(self.archive + "/keys/auditor-7.age.new", "wb") as file:
            file.write(b"never admitted")
        self.key_for("auditor", "Rima")
        self.assertEqual(self.slots(), ["archivist-1.age", "auditor-1.age", "auditor-2.age"])
        self.dalil("volume", "list", env={"DALIL_KEY_FILE": os.path.join(self.dir, "Sami.key")})

    def test_no_secret_shows_anywhere(self):
        path = os.path.join(self.dir, "Sami.key")
        result = self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", path, "--json")
        with open(path) as file:
            secret = file.read().split()[-1]
        self.assertTrue(secret.startswith("AGE-SECRET-KEY-1"))
        for text in (result.out, result.err, self.dalil("key", "list", "--json").out, self.dalil("log", "--json").out):
            self.assertNotIn(secret, text)
            self.assertNotIn("AGE-SECRET", text)


class Redaction(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk")
        self.write("a.txt", b"first")
        self.dalil("incident", "add", "--set", "id=INC-1", "--set", "date=2017-09-11")
        self.scan("--note", "brought by a neighbour whose name is Salma")

    def entry(self, words):
        return [str(one["seq"]) for one in self.dalil("log", "--limit", "0", "--json").of("entry") if words in one["what"]][-1]

    def test_a_remark_is_destroyed_and_the_fact_is_on_record(self):
        seq = self.entry("provenance")
        self.assertIn("would destroy", self.dalil("redact", seq, "--why", "she asked", "--dry-run").out)
        self.dalil("redact", seq, "--why", "she asked")
        log = {str(one["seq"]): one["what"] for one in self.dalil("log", "--limit", "0", "--json").of("entry")}
        self.assertEqual(log[seq], "content destroyed")
        self.assertIn("she asked", log[str(len(log) - 1)])
        self.assertNotIn("Salma", self.dalil("volume", "show", "disk").out)
        self.assert_sound()
        self.dalil("rebuild")
        self.assert_sound()
        self.fails("redact", seq, "--why", "again", expect=FAILURE, message="destroyed already")

    def test_a_key_file_has_one_owner(self):
        """Else whoever has it would open the first slot that it fits, in another name and role."""
        path = os.path.join(self.dir, "idris.key")
        self.dalil("key", "add", "--role", "investigator", "--name", "Idris", "--key-file", path)
        self.fails("key", "add", "--role", "auditor", "--name", "Cyr", "--key-file", path, expect=FAILURE,
                   message="opens the archive already, as investigator-1.age", hint="a key of its own")
        self.fails("key", "add", "--role", "auditor", "--name", "Cyr", "--key-file", self.key, expect=FAILURE,
                   message="opens the archive already")
        self.assertEqual(len(self.dalil("key", "list", "--json").of("key")), 2)
        self.dalil("key", "remove", "Idris", "--why", "left")
        self.dalil("key", "add", "--role", "auditor", "--name", "Cyr", "--key-file", path)

    def test_what_others_stand_on_is_refused(self):
        self.fails("redact", "0", "--why", "x", expect=FAILURE, message="cannot be destroyed", hint="dalil log")
        self.fails("redact", "4711", "--why", "x", expect=FAILURE, message="there is no entry 4711")
        self.fails("redact", self.entry("volume"), "--why", "x", expect=FAILURE, message="cannot be destroyed")
        self.assert_sound()


if __name__ == "__main__":
    main()
