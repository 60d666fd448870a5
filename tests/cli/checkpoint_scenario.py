"""Checkpoints kept elsewhere, cosigning, accepting a rollback, and the log."""
import base64
import hashlib
import os
import shutil
import subprocess

from scenario import DAMAGED, FAILURE, NO, WRONG_KEY, Scenario, main


class Custody(Scenario):
    def setUp(self):
        super().setUp()
        self.file = os.path.join(self.dir, "checkpoint.txt")

    def add_incident(self, name, **options):
        return self.dalil("incident", "add", "--set", "id=" + name, **options)

    def keep(self, name):
        to = os.path.join(self.dir, name)
        subprocess.run(["cp", "-a", self.archive, to], check=True)
        return to

    def put_back(self, kept):
        shutil.rmtree(self.archive)
        subprocess.run(["cp", "-a", kept, self.archive], check=True)

    def forget(self, what="seen"):
        shutil.rmtree(os.path.join(self.home, ".local/state/dalil", what))

    def other(self):
        return {"HOME": os.path.join(self.dir, "other-home")}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def read_note(path):
    text, signatures = read(path).rsplit("\n\n", 1)
    origin, size, root = text.split("\n")
    return origin, int(size), base64.b64decode(root), signatures.splitlines()


def follows(old_size, old_root, size, root, proof):
    """RFC 9162 section 2.1.4.2, transcribed."""
    def node(left, right):
        return hashlib.sha256(b"\1" + left + right).digest()
    if old_size == size:
        return not proof and old_root == root
    if old_size & (old_size - 1) == 0:
        proof = [old_root] + proof
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == old_root and sr == root and sn == 0


class Checkpoints(Custody):
    def test_show_and_list_say_what_was_signed_by_whom(self):
        self.dalil("init", self.archive, "--name", "Rana")
        self.add_incident("I1")
        self.add_incident("I2")
        [newest] = self.dalil("checkpoint", "show", "--json").of("checkpoint")
        self.assertEqual(newest["size"], 3)
        self.assertEqual([one["actor"] for one in newest["signed_by"]], ["Rana"])
        self.assertIn("3 entries", self.dalil("checkpoint", "show").out)
        listed = self.dalil("checkpoint", "list", "--json").of("checkpoint")
        self.assertEqual([one["size"] for one in listed], [1, 2, 3])
        self.assertEqual(listed[-1]["root"], newest["root"])
        self.assertEqual(len(self.dalil("checkpoint", "list", "--limit", "2", "--json").of("checkpoint")), 2)
        self.fails("checkpoint", "show", "--size", "9", expect=FAILURE, message="no checkpoint of 9 entries")

    def test_an_export_is_a_signed_note_of_the_root_over_the_public_lines(self):
        self.make_archive()
        self.dalil("checkpoint", "export", self.file)
        origin, size, root, signatures = read_note(self.file)
        [shown] = self.dalil("checkpoint", "show", "--json").of("checkpoint")
        self.assertEqual((origin, size, root.hex()), (shown["origin"], shown["size"], shown["root"]))
        self.assertEqual(len(signatures), 1)
        before = read(self.file)
        self.fails("checkpoint", "export", self.file, expect=FAILURE, message="exists already")
        self.assertEqual(read(self.file), before)

    def test_verify_proves_that_the_archive_continues_an_older_checkpoint(self):
        self.make_archive()
        for i in range(5):
            self.add_incident(f"A{i}")
        self.dalil("checkpoint", "export", self.file)
        proof = os.path.join(self.dir, "proof.txt")
        for i in range(4):
            self.add_incident(f"B{i}")
        result = self.dalil("checkpoint", "verify", self.file, "--proof", proof)
        self.assertTrue(result.out.startswith("CONSISTENT"), result.out)
        head, now = read(proof).split("\n\n", 1)
        first, *hashes = head.split("\n")
        _, old_size, old_root, _ = read_note(self.file)
        self.assertEqual(first, f"old {old_size}")
        _, size, root = now.split("\n\n")[0].split("\n")
        hashes = [base64.b64decode(line) for line in hashes]
        self.assertTrue(follows(old_size, old_root, int(size), base64.b64decode(root), hashes))
        self.assertFalse(follows(old_size, bytes(32), int(size), base64.b64decode(root), hashes))
        self.fails("checkpoint", "verify", self.file, "--proof", proof, expect=FAILURE, message="exists already")

    def test_verify_tells_another_history(self):
        self.make_archive()
        fork = self.keep("fork")
        self.add_incident("mine")
        self.dalil("checkpoint", "export", self.file)
        self.put_back(fork)
        self.add_incident("yours", env=self.other())
        self.add_incident("again", env=self.other())
        proof = os.path.join(self.dir, "proof.txt")
        result = self.dalil("checkpoint", "verify", self.file, "--proof", proof, expect=NO, env=self.other())
        self.assertTrue(result.out.startswith("INCONSISTENT"), result.out)
        self.assertFalse(os.path.exists(proof))

    def test_verify_tells_a_checkpoint_that_is_newer_than_the_archive(self):
        self.make_archive()
        older = self.keep("older")
        self.add_incident("I1")
        self.dalil("checkpoint", "export", self.file)
        self.put_back(older)
        self.forget()
        result = self.dalil("checkpoint", "verify", self.file, expect=DAMAGED)
        self.assertTrue(result.out.startswith("ROLLED BACK"), result.out)
        self.assertEqual(self.dalil("checkpoint", "verify", self.file, "--json", expect=DAMAGED).summary["result"],
                         "rolled_back")

    def test_verify_tells_what_is_not_the_archives(self):
        self.make_archive()
        self.dalil("checkpoint", "export", self.file)
        good = read(self.file)

        def with_text(text):
            with open(self.file, "w", encoding="utf-8") as file:
                file.write(text)
        head, signature = good.rstrip("\n").rsplit(" ", 1)
        with_text(f"{head} {signature[:-8]}{'A' if signature[-8] != 'A' else 'B'}{signature[-7:]}\n")
        self.assertTrue(self.dalil("checkpoint", "verify", self.file, expect=NO).out.startswith("BAD SIGNATURE"))
        raw = base64.b64decode(signature)
        foreign = base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode()
        with_text(f"{head} {foreign}\n")
        self.assertTrue(self.dalil("checkpoint", "verify", self.file, expect=NO).out.startswith("NOT SIGNED"))
        for bad in ("", "rubbish\n", good[:-30], good.replace("dalil/", "other/", 1)):
            with_text(bad)
            self.fails("checkpoint", "verify", self.file, expect=FAILURE, message="checkpoint.txt")

    def test_keys_are_c2sp_verifier_keys(self):
        self.make_archive()
        self.dalil("cosign")
        keys = self.dalil("checkpoint", "keys", "--json").of("key")
        self.assertEqual([one["use"] for one in keys], ["sign", "cosign"])
        for one, kind in zip(keys, (1, 4)):
            name, key_id, rest = one["key"].split("+", 2)
            raw = base64.b64decode(rest)
            self.assertEqual((raw[0], len(raw)), (kind, 33))
            self.assertEqual(hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8], key_id)
        self.assertIn("/cosigner/", keys[1]["key"])


class Cosigning(Custody):
    def test_what_was_cosigned_is_in_the_archive_and_in_the_file(self):
        self.dalil("init", self.archive, "--name", "Sami")
        self.add_incident("I1")
        result = self.dalil("cosign", "--out", self.file, "--json")
        [signed] = result.of("checkpoint")
        self.assertEqual([one["actor"] for one in signed["cosignatures"]], ["Sami"])
        self.assertEqual(len(read_note(self.file)[3]), 2)
        self.assertEqual(read(self.file), signed["note"])
        [entry] = self.dalil("log", "--kind", "checkpoint-cosigned", "--json").of("entry")
        self.assertEqual(entry["fields"]["tree_size"], signed["size"])
        self.add_incident("I2")
        self.assertIn("cosigned by", self.dalil("checkpoint", "verify", self.file).out)
        again = os.path.join(self.dir, "again.txt")
        self.dalil("checkpoint", "export", again, "--cosigned")
        self.assertEqual(read(again), read(self.file))
        second = self.dalil("cosign", "--json").of("checkpoint")[0]
        self.assertEqual(second["continues_size"], signed["size"])
        self.assertGreater(second["size"], signed["size"])
        self.assert_sound()
        self.dalil("rebuild")
        self.assertEqual(len(self.dalil("checkpoint", "show", "--size", str(signed["size"]), "--json")
                             .of("checkpoint")[0]["cosignatures"]), 1)

    def test_an_archive_that_does_not_continue_what_was_cosigned_is_refused(self):
        self.make_archive()
        fork = self.keep("fork")
        self.add_incident("I1")
        self.dalil("cosign")
        self.put_back(fork)
        self.forget()  # this machine forgot the archive, and not what was cosigned
        out = os.path.join(self.dir, "never.txt")
        self.fails("cosign", "--out", out, expect=DAMAGED, message="not cosigned: you cosigned a checkpoint of 3 entries",
                   hint="keep this archive")
        for more in range(4):
            self.add_incident(f"J{more}")
        self.fails("cosign", "--out", out, expect=DAMAGED, message="another history")
        self.assertFalse(os.path.exists(out))

    def test_what_was_cosigned_elsewhere_counts_by_the_archives_own_record(self):
        self.make_archive()
        self.dalil("cosign")
        self.forget("cosigned")
        self.add_incident("I1")
        [signed] = self.dalil("cosign", "--json").of("checkpoint")
        self.assertEqual(signed["continues_size"], 2)

    def test_nothing_is_cosigned_over_a_rollback(self):
        self.make_archive()
        older = self.keep("older")
        self.add_incident("I1")
        self.put_back(older)
        self.fails("cosign", expect=DAMAGED, message="nothing is written")


class Auditor(Custody):
    """Somebody with another key, on another machine."""

    def setUp(self):
        super().setUp()
        self.make_archive()
        key = os.path.join(self.dir, "sami.txt")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", key)
        os.mkdir(os.path.join(self.dir, "sami"))
        self.sami = {"DALIL_KEY_FILE": key, "HOME": os.path.join(self.dir, "sami")}

    def test_an_auditor_cosigns_under_their_own_name(self):
        self.add_incident("I1")
        [signed] = self.dalil("cosign", "--out", self.file, "--json", env=self.sami).of("checkpoint")
        self.assertEqual([one["actor"] for one in signed["cosignatures"]], ["Sami"])
        [entry] = self.dalil("log", "--actor", "Sami", "--json").of("entry")
        self.assertEqual(entry["kind"], "checkpoint_cosigned")
        roles = [(one["role"], one["use"]) for one in self.dalil("checkpoint", "keys", "--json").of("key")]
        self.assertIn(("auditor", "cosign"), roles)
        self.add_incident("I2")
        self.dalil("checkpoint", "verify", self.file)
        self.assert_sound()

    def test_the_log_shows_an_auditor_that_there_is_something_and_not_what(self):
        self.add_incident("I1")
        entries = self.dalil("log", "--json", env=self.sami).of("entry")
        hidden = [one for one in entries if not one["visible"]]
        self.assertEqual([(one["class"], "kind" in one, "fields" in one) for one in hidden], [("evidence", False, False)])
        self.fails("log", "--kind", "incident_revised", expect=WRONG_KEY, message="not visible to this role", env=self.sami)

    def test_an_auditor_goes_on_after_an_archivist_accepted(self):
        older = self.keep("older")
        self.add_incident("I1")
        self.dalil("status", env=self.sami)
        self.put_back(older)
        self.dalil("status", env=self.sami, expect=DAMAGED)
        self.fails("cosign", env=self.sami, expect=DAMAGED, message="nothing is written")
        self.fails("checkpoint", "accept", "--why", "x", env=self.sami, expect=WRONG_KEY, message="only an archivist")
        accepted = self.dalil("checkpoint", "accept", "--why", "the disk died").out
        for again in ("dalil redact", "dalil key remove", "dalil key rotate", "dalil source edit"):
            self.assertIn(again, accepted)
        entries = self.dalil("log", "--json").summary["entries"]
        self.dalil("checkpoint", "accept", "--why", "as Rana said", env=self.sami)
        self.assertEqual(self.dalil("log", "--json").summary["entries"], entries)
        self.dalil("status", env=self.sami)
        self.dalil("cosign", env=self.sami)

    def test_keys_that_are_rotated_and_contents_that_are_destroyed_raise_no_alarm_and_are_remembered(self):
        self.add_incident("I1")
        older = self.keep("older")
        self.dalil("key", "rotate", "--why", "a laptop was lost")
        rotated = self.keep("rotated")
        self.put_back(older)
        self.dalil("status", expect=DAMAGED)
        self.put_back(rotated)
        self.dalil("status")
        [incident] = self.dalil("log", "--kind", "incident_revised", "--json").of("entry")
        self.dalil("redact", str(incident["seq"]), "--why", "consent withdrawn")
        redacted = self.keep("redacted")
        self.put_back(rotated)
        self.dalil("status", expect=DAMAGED)
        self.put_back(redacted)
        self.dalil("status")
        self.dalil("status", env=self.sami)
        self.assert_sound()


class Accepting(Custody):
    def test_accepting_is_an_entry_and_ends_the_alarm_for_this_machine_only(self):
        self.make_archive()
        older = self.keep("older")
        self.add_incident("I1")
        self.dalil("status", env=self.other())
        self.put_back(older)
        result = self.dalil("checkpoint", "accept", "--why", "disk died, restored from the safe", "--json")
        self.assertEqual(result.of("accepted")[0]["expected_size"], 3)
        self.assertEqual(self.dalil("status").err, "")
        [entry] = self.dalil("log", "--kind", "rollback-accepted", "--json").of("entry")
        self.assertEqual((entry["fields"]["expected_size"], entry["fields"]["found_size"]), (3, 2))
        self.assertEqual(entry["fields"]["why"], "disk died, restored from the safe")
        self.dalil("status", env=self.other(), expect=DAMAGED)
        self.dalil("checkpoint", "accept", "--why", "as told", env=self.other())
        self.dalil("status", env=self.other())
        self.dalil("status")
        self.add_incident("I2")
        self.assert_sound()

    def test_there_is_nothing_to_accept_where_nothing_happened(self):
        self.make_archive()
        self.fails("checkpoint", "accept", "--why", "just so", expect=FAILURE, message="nothing to accept")
        self.fails("checkpoint", "accept", expect=FAILURE, message="--why")


class Log(Custody):
    def setUp(self):
        super().setUp()
        self.dalil("init", self.archive, "--name", "Rana")
        self.dalil("volume", "add", "disk", "--kind", "working")
        self.dalil("volume", "add", "card", "--kind", "source")
        self.add_incident("I1")
        self.add_incident("I2")
        self.write("a.txt", b"a")
        self.write(b"b\xff.txt", b"b")
        self.scan("--incident", "I1", "--note", "a friend")
        self.scan(volume="card")
        self.dalil("unlink", "disk:a.txt", "I1", "--why", "not it")

    def kinds(self, *arguments, expect=0):
        return [one.get("kind") for one in self.dalil("log", "--json", *arguments, expect=expect).of("entry")]

    def test_filters(self):
        everything = self.kinds("--limit", "0")
        self.assertEqual(everything[0], "archive_created")
        self.assertEqual(everything[-1], "link_withdrawn")
        self.assertEqual(self.kinds("--kind", "incident-revised"), ["incident_revised"] * 2)
        self.assertEqual(self.kinds("--incident", "I1"), ["incident_revised", "link_made", "link_made", "link_withdrawn"])
        self.assertEqual(self.kinds("--incident", "I2"), ["incident_revised"])
        self.assertEqual(self.kinds("--item", "disk:a.txt"), ["copy_seen", "link_made", "copy_seen", "link_withdrawn"])
        self.assertEqual(self.kinds("--item", "disk:a.txt", "--kind", "copy_seen", "--volume", "card"), ["copy_seen"])
        self.assertEqual(self.kinds("--volume", "card"), ["volume_stated", "copy_seen", "copy_seen", "run"])
        self.assertEqual(self.kinds("--class", "source"), ["scan_note"])
        self.assertEqual(self.kinds("--actor", "Rana", "--limit", "0"), everything)
        self.assertEqual(self.kinds("--limit", "2"), everything[-2:])
        self.assertEqual(self.kinds("--from", "1", "--limit", "2"), everything[1:3])
        self.assertEqual(self.kinds("--from", "1", "--limit", "0"), everything[1:])
        self.assertEqual(self.kinds("--since", "2100", expect=NO), [])
        self.assertEqual(self.kinds("--until", "2000-01-01", expect=NO), [])
        self.assertEqual(self.kinds("--since", "2000", "--until", "2100", "--limit", "0"), everything)

    def test_what_does_not_exist_is_said(self):
        self.fails("log", "--actor", "Nobody", expect=FAILURE, message="nobody here is called 'Nobody'")
        self.fails("log", "--kind", "nonsense", expect=FAILURE, message="no kind", hint="link_made")
        self.fails("log", "--class", "nonsense", expect=FAILURE, message="no class", hint="inventory")
        self.fails("log", "--since", "yesterday", expect=FAILURE, message="--since 'yesterday' is no date")
        self.fails("log", "--incident", "I9", expect=FAILURE, message="I9")

    def test_json_has_the_main_fields(self):
        [made] = [one for one in self.dalil("log", "--kind", "link-made", "--item", "disk:a.txt", "--json").of("entry")]
        self.assertEqual(made["fields"]["incident"], "I1")
        self.assertEqual(made["fields"]["digest"], hashlib.sha256(b"a").hexdigest())
        copies = self.dalil("log", "--kind", "copy-seen", "--volume", "disk", "--json").of("entry")
        raw = [one["fields"]["path_b64"] for one in copies if "path_b64" in one["fields"]]
        self.assertEqual([base64.b64decode(one) for one in raw], [b"b\xff.txt"])
        self.assertEqual(copies[0]["fields"]["size_bytes"], 1)


if __name__ == "__main__":
    main()
