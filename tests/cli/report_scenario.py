"""Signed reports of drives that were checked elsewhere: what travels, what is taken in, and what is refused."""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import time
import xml.etree.ElementTree

from scenario import DAMAGED, FAILURE, NO, WRONG_KEY, Scenario, main, pattern

PREMIS = "{http://www.loc.gov/premis/v3}"
SCHEMA = os.path.join(os.environ.get("DALIL_SHARED", ""), "vectors", "premis", "premis.xsd")


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


class Reports(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.drive = os.path.join(self.dir, "b1")
        os.mkdir(self.drive)
        for i in range(12):
            self.write(f"d{i % 3}/f{i:02}.jpg", pattern(1000 + i, i))
        self.scan("--no-metadata")
        self.backup()
        self.signer = self.dalil("checkpoint", "keys", "--json").of("key")[0]["key"]
        self.report_key = os.path.join(self.dir, "report.key")
        self.verifier = self.dalil("report", "key", "--out", self.report_key, "--json").of("key")[0]["key"]
        self.count = 0

    def backup(self):
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "backup-1")

    def report(self, expect=0, key=None, offline=True, more=()):
        """Checked where the archive is not."""
        self.count += 1
        path = os.path.join(self.dir, f"report-{self.count}.jsonl")
        where = ["--offline"] if offline else ["--volume", "backup-1", "--no-record"]
        trust = ["--trust", self.signer] if offline else []
        self.dalil("verify", self.drive, *where, *trust, "--report", path, "--sign-key", key or self.report_key, *more,
                   expect=expect)
        return path

    def signed_again(self, path, change):
        """A report of which the statement was changed by who signs it. Stock tools sign."""
        statement = change(json.loads(bytes_of(path).splitlines()[-1])["note"].split("\n\n")[0] + "\n")
        line = next(one for one in bytes_of(self.report_key).decode().splitlines() if one.startswith("PRIVATE+KEY+"))
        name, key_id, secret = line.removeprefix("PRIVATE+KEY+").split("+", 2)
        key, text = (os.path.join(self.dir, one) for one in ("key.der", "statement"))
        with open(key, "wb") as file:
            file.write(bytes.fromhex("302e020100300506032b657004220420") + base64.b64decode(secret)[1:])
        with open(text, "w") as file:
            file.write(statement)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-keyform", "DER", "-rawin", "-in", text],
                                   check=True, capture_output=True).stdout
        note = f"{statement}\n\u2014 {name} {base64.b64encode(bytes.fromhex(key_id) + signature).decode()}\n"
        last = {"type": "signed_report", "schema": "dalil/1", "note": note}
        with open(path, "wb") as file:
            file.write(json.dumps(last, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")

    def damage(self, path="data/disk/d1/f01.jpg"):
        full = os.path.join(self.drive, path)
        times = os.stat(full)
        with open(full, "r+b") as file:
            file.seek(7)
            file.write(b"damage")
        os.utime(full, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a medium does it

    def next_second(self):
        """Verdicts are told apart by seconds."""
        now = int(time.time())
        self.wait_until(lambda: int(time.time()) > now, "the second is over")

    def take(self, path, *more, expect=0):
        return self.dalil("report", "import", path, "--json", *more, expect=expect)

    def verdict_of(self, path):
        copies = self.dalil("show", "backup-1:" + path, "--json").of("copy")
        return next(one for one in copies if one["volume"] == "backup-1")

    def volume(self):
        return next(one for one in self.dalil("volume", "list", "--json").of("volume") if one["label"] == "backup-1")


class Ended(Reports):
    def test_a_check_that_was_ended_early_dates_no_volume(self):
        path = self.report()
        self.signed_again(path, lambda text: text.replace("checked 12", "checked 1").replace("intact 12", "intact 1")
                          .replace("result PASS", "result INCOMPLETE"))
        taken = self.take(path).summary
        self.assertEqual((taken["result"], taken["intact"], taken["untouched"]), ("INCOMPLETE", 0, 12))
        self.assertNotIn("last_verification", self.volume())
        status = self.dalil("status", "--json")
        self.assertEqual({one["label"]: one["long_unverified"] for one in status.of("volume")},
                         {"disk": True, "backup-1": True})
        self.take(self.report())
        self.assertEqual(self.volume()["last_verification_result"], "PASS")
        self.assert_sound()


class SignedReports(Reports):
    def test_stock_tools_can_read_one(self):
        self.damage()
        path = self.report(expect=NO)
        lines = bytes_of(path).splitlines(keepends=True)
        objects = [json.loads(line) for line in lines]
        self.assertEqual([one["type"] for one in objects], ["verdict", "signed_report"])
        statement, signature = objects[-1]["note"].split("\n\n")
        facts = dict(line.split(" ", 1) for line in statement.splitlines()[1:])
        self.assertEqual(facts["lines"], f"1 sha256 {hashlib.sha256(b''.join(lines[:-1])).hexdigest()}")
        note = bytes_of(os.path.join(self.drive, "dalil/drive.note"))
        self.assertEqual(facts["note"], f"1 {hashlib.sha256(note).hexdigest()}")
        self.assertEqual((facts["result"], facts["scope"], facts["check"]), ("FAIL", "whole", "offline sha256"))
        self.assertTrue(facts["counts"].startswith("expected 12 checked 12 "))
        self.assertTrue(signature.startswith("\u2014 " + self.verifier.split("+")[0]))
        self.assertEqual(objects[-1]["key"], self.verifier)
        shown = self.dalil("report", "show", path, expect=NO)
        self.assertTrue(shown.out.startswith("FAIL  12 of 12 files checked, 11 intact"), shown.out)
        self.assertEqual(self.dalil("report", "show", path, "--json", expect=NO).of("report")[0]["signed_by"],
                         "+".join(self.verifier.split("+")[:2]))

    def test_a_reader_can_compare_the_signer(self):
        path = self.report()
        trusted = self.dalil("report", "show", path, "--trust", self.verifier).out
        self.assertTrue(trusted.startswith("PASS  12 of 12 files checked"), trusted)
        self.assertIn("signed by   a key that you trust", trusted)
        self.assertIn("signed by   none of the keys that you trust",
                      self.dalil("report", "show", path, "--trust", self.signer, expect=NO).out)

    def test_pass_heads_no_report_that_nobody_vouches_for(self):
        path = self.report()
        shown = self.dalil("report", "show", path)
        self.assertTrue(shown.out.startswith("CONSISTENT  a report that says PASS"), shown.out)
        # A report of before, which does not hold its key.
        line = json.loads(bytes_of(path))
        key = line.pop("key")
        with open(path, "w") as file:
            file.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
        shown = self.dalil("report", "show", path)
        self.assertTrue(shown.out.startswith("UNVERIFIED  a report that says PASS"), shown.out)
        self.assertTrue(self.dalil("report", "show", path, "--trust", self.verifier).out.startswith("PASS  "))
        self.take(path)
        line["key"] = key[:-4] + "AAA="
        with open(path, "w") as file:
            file.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
        self.fails("report", "show", path, expect=FAILURE, message="its key is not the signer's")

    def test_a_signature_that_was_altered_is_noticed_without_any_key(self):
        path = self.report()
        line = json.loads(bytes_of(path))
        signature = line["note"].rstrip().rsplit(" ", 1)[1]
        other = signature[:40] + ("A" if signature[40] != "A" else "B") + signature[41:]
        line["note"] = line["note"].replace(signature, other)
        with open(path, "w") as file:
            file.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
        for trust in ([], ["--trust", self.verifier], ["--trust", self.signer]):
            shown = self.dalil("report", "show", path, *trust, expect=NO)
            self.assertTrue(shown.out.startswith("ALTERED  a report that says PASS"), shown.out)
        self.assertEqual(self.dalil("report", "show", path, "--json", expect=NO).summary["signature"], "wrong")

    def test_a_strangers_report_writes_nothing_but_text_to_the_terminal(self):
        """Without --trust nobody knows whose it is: this may be anybody's, and is not even signed rightly."""
        self.damage()
        path = self.report(expect=NO)
        line, last = bytes_of(path).splitlines(keepends=True)
        evil = line.replace(b'"detail":"', b'"detail":"\\u001b[2J\xe2\x80\xae\\\\')
        note = last.replace(hashlib.sha256(line).hexdigest().encode(), hashlib.sha256(evil).hexdigest().encode())
        with open(path, "wb") as file:
            file.write(evil + note)
        shown = self.dalil("report", "show", path, expect=NO).out
        self.assertNotRegex(shown, "[\x1b\u202e]")
        self.assertIn("\\x1b[2J\\u202e\\", shown)

    def test_an_altered_report_is_refused_by_everybody(self):
        self.damage()
        path = self.report(expect=NO)
        whole = bytes_of(path)
        for change in (lambda b: b.replace(b"corrupt", b"missing", 1), lambda b: b.replace(b"f01", b"f02"),
                       lambda b: b.replace(b"FAIL", b"PASS"), lambda b: b[b.index(b"\n") + 1:], lambda b: b[:-1],
                       lambda b: b + b"\n", lambda b: b"", lambda b: b"\x00" * 100):
            with open(path, "wb") as file:
                file.write(change(whole))
            for command in ("show", "import"):
                result = self.dalil("report", command, path, expect=FAILURE)
                self.assertRegex(result.err, "no signed report|signature of the report is wrong")

    def test_the_key_file_is_kept_and_checked(self):
        self.assertEqual(os.stat(self.report_key).st_mode & 0o777, 0o600)
        self.fails("report", "key", "--out", self.report_key, expect=FAILURE, message="exists already")
        with open(os.path.join(self.dir, "no.key"), "w") as file:
            file.write("PRIVATE+KEY+x+00000000+AAAA\n")
        report = os.path.join(self.dir, "report")
        result = self.fails("verify", "--offline", self.drive, "--report", report, "--sign-key",
                            os.path.join(self.dir, "no.key"), expect=FAILURE, message="no key file", hint="report key")
        self.assertNotIn("AAAA", result.err)
        self.assertFalse(os.path.exists(report))

    def test_with_the_archive_a_report_can_be_signed_too(self):
        self.damage()
        path = self.report(expect=NO, offline=False)
        shown = self.dalil("report", "show", path, "--json", expect=NO)
        self.assertTrue(shown.of("report")[0]["with_archive"])
        self.assertEqual(shown.of("verdict")[0]["ranges"], [{"offset": 0, "size": 1001}])
        self.assertEqual(self.take(path, expect=NO).summary["not_intact"], 1)


class Import(Reports):
    def test_what_was_found_elsewhere_is_known_at_home(self):
        self.assertNotIn("last_verification", self.volume())
        good = self.report()
        summary = self.take(good).summary
        self.assertEqual((summary["result"], summary["intact"], summary["not_intact"]), ("PASS", 12, 0))
        self.assertEqual(self.volume()["last_verification_result"], "PASS")
        self.assertEqual(self.verdict_of("data/disk/d1/f01.jpg")["verdict"], "intact")
        self.next_second()
        self.damage()
        os.remove(os.path.join(self.drive, "data/disk/d2/f02.jpg"))
        self.dalil("incident", "add", "--set", "id=INC-1")
        self.dalil("link", "disk:d1/f01.jpg", "disk:d0/f00.jpg", "INC-1", "--type", "depicts")
        bad = self.report(expect=NO)
        text = self.dalil("report", "import", bad, expect=NO).out
        self.assertTrue(text.startswith("FAIL  volume 'backup-1'"), text)
        self.assertIn("INC-1: 1 of 2 items has no intact copy here", text)
        self.assertEqual(self.volume()["last_verification_result"], "FAIL")
        self.assertEqual(self.verdict_of("data/disk/d1/f01.jpg")["verdict"], "corrupt")
        status = self.dalil("status", "--json", expect=NO)
        self.assertEqual({(one["path"], one["verdict"]) for one in status.of("damaged_copy")},
                         {("data/disk/d1/f01.jpg", "corrupt"), ("data/disk/d2/f02.jpg", "missing")})
        shown = self.dalil("volume", "show", "backup-1")
        self.assertIn("by a report of archivist", shown.out)
        self.assertIn("report of a check of V2 taken in", self.dalil("log", "--kind", "report_imported").out)
        fields = self.dalil("log", "--kind", "report-imported", "--json").of("entry")[0]["fields"]
        self.assertTrue(fields["statement"].startswith("dalil.report/v1\n"))
        self.assert_sound()
        self.dalil("rebuild")
        self.assert_sound()
        self.assertEqual(self.verdict_of("data/disk/d1/f01.jpg")["verdict"], "corrupt")
        for path in (good, bad):
            self.fails("report", "import", path, expect=FAILURE, message="was taken in before")

    def test_an_older_report_does_not_override_what_is_newer(self):
        self.damage()
        old_bad = self.report(expect=NO)
        self.next_second()
        shutil.copy2(os.path.join(self.tree, "d1/f01.jpg"), os.path.join(self.drive, "data/disk/d1/f01.jpg"))
        self.dalil("verify", self.drive, "--volume", "backup-1")
        newest = self.volume()["last_verification"]
        summary = self.take(old_bad, expect=NO).summary
        self.assertEqual((summary["newer"], summary["not_intact"], summary["superseded"]), (12, 0, True))
        self.assertEqual((self.volume()["last_verification"], self.volume()["last_verification_result"]),
                         (newest, "PASS"))
        self.assertEqual(self.verdict_of("data/disk/d1/f01.jpg")["verdict"], "intact")
        self.assert_sound()
        self.dalil("rebuild")
        self.assertEqual(self.volume()["last_verification_result"], "PASS")

    def test_copies_that_came_later_are_not_spoken_of(self):
        path = self.report()
        self.write("d0/later.jpg", b"later")
        self.scan("--no-metadata")
        self.backup()
        summary = self.take(path).summary
        self.assertEqual((summary["result"], summary["intact"], summary["later"]), ("PASS", 12, 1))
        text = self.dalil("status").out
        self.assertRegex(text, "backup-1 .* PASS in part")
        self.assertIn("backup-1: PASS is for 12 of 13 copies\n    1 came later: read back when written, not verified", text)
        self.assertIn("PASS for 12 of 13 copies", self.dalil("volume", "show", "backup-1").out)
        self.assertIn("PASS in part", self.dalil("volume", "list").out)
        self.assertEqual(self.volume()["verified_copies"], 12)
        self.assertNotIn("verified", self.verdict_of("data/disk/d0/later.jpg"))

    def test_who_may_sign(self):
        """A known cosigner; somebody named by --trust; and nobody who was removed."""
        auditor_key = os.path.join(self.dir, "sami.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", auditor_key)
        as_sami = {"DALIL_KEY_FILE": auditor_key}
        sami = os.path.join(self.dir, "sami-report.key")
        verifier = self.dalil("report", "key", "--out", sami, "--json", env=as_sami).of("key")[0]["key"]
        path = self.report(key=sami)
        # Sami never cosigned: the archive does not know the key, but from whom it has it.
        self.fails("report", "import", path, expect=WRONG_KEY, message="a key that this archive does not know",
                   hint="--trust")
        self.assertEqual(self.take(path, "--trust", verifier).summary["signer"], verifier)
        # An auditor takes in a report of their own.
        self.next_second()
        own = self.report(key=sami)
        result = self.dalil("report", "import", own, "--json", env=as_sami)
        self.assertEqual(result.summary["signer_name"], "Sami")
        # Once they cosigned, everybody knows the key.
        self.dalil("cosign", env=as_sami)
        self.next_second()
        third = self.report(key=sami)
        self.assertEqual(self.take(third).summary["signer_name"], "Sami")
        self.dalil("key", "remove", "Sami", "--why", "lost")
        self.next_second()
        late = self.report(key=sami)
        for trust in ([], ["--trust", verifier]):
            result = self.fails("report", "import", late, *trust, expect=WRONG_KEY, message="before the report was made",
                                hint="by somebody whose key stands")
            self.assertRegex(result.err, "the key of 'Sami', which was removed on 20.* by 'archivist' \\(entry ")
        self.assert_sound()

    def test_a_removed_auditors_earlier_report_is_taken_on_an_archivists_word(self):
        sami_key, rana_key = os.path.join(self.dir, "sami.key"), os.path.join(self.dir, "rana.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", sami_key)
        self.dalil("key", "add", "--role", "auditor", "--name", "Lina", "--key-file", rana_key)
        key = os.path.join(self.dir, "sami-report.key")
        verifier = self.dalil("report", "key", "--out", key, "--json", env={"DALIL_KEY_FILE": sami_key}).of("key")[0]["key"]
        for cosigned in (False, True):
            self.next_second()
            early = self.report(key=key)
            if cosigned:
                self.dalil("cosign", env={"DALIL_KEY_FILE": sami_key})
                self.next_second()
                self.dalil("key", "remove", "Sami", "--why", "lost")
                self.fails("report", "import", early, expect=WRONG_KEY, message="the key of 'Sami', which was removed on",
                           hint="dated before that")
                self.fails("report", "import", early, "--trust", verifier, expect=WRONG_KEY, message="only archivists",
                           env={"DALIL_KEY_FILE": rana_key})
                summary = self.take(early, "--trust", verifier).summary
                self.assertTrue(summary["accepted"] and summary["signer_removed"])
                self.assertIn("by a report of Sami, whose key was removed before; accepted by archivist",
                              self.dalil("volume", "show", "backup-1").out)
        self.assert_sound()

    def forged_key(self, name):
        """A key of one's own under another's name."""
        other = os.path.join(self.dir, "other")
        if not os.path.exists(other):
            self.dalil("init", other, "--key-file", other + ".txt")
        env = {"DALIL_ARCHIVE": other, "DALIL_KEY_FILE": other + ".txt"}
        path = os.path.join(self.dir, f"forged-{len(os.listdir(self.dir))}.key")
        public = base64.b64decode(self.dalil("report", "key", "--out", path, "--json", env=env).of("key")[0]["key"].split("+", 2)[2])
        with open(path) as file:
            text = [line for line in file.read().splitlines() if line.startswith("PRIVATE")][0]
        digits = hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8]
        with open(path, "w") as file:
            file.write(f"PRIVATE+KEY+{name}+{digits}+{text.split('+', 4)[4]}\n")
        return path, f"{name}+{digits}+{base64.b64encode(public).decode()}"

    def test_a_borrowed_name_makes_nobody_the_signer(self):
        auditor = os.path.join(self.dir, "sami.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", auditor)
        rana = self.verifier.split("+")[0]
        key, verifier = self.forged_key(rana)
        forged = self.report(key=key)
        self.fails("report", "import", forged, "--trust", verifier, expect=WRONG_KEY, message="only archivists",
                   env={"DALIL_KEY_FILE": auditor})
        # An archivist names it in good faith: the name is that of their own key, which is another.
        self.fails("report", "import", forged, "--trust", verifier, expect=FAILURE, message="whose key is another")
        # Of somebody whose key nobody has seen yet the name may be right; it is not proven, and not shown.
        actor = next(one for one in self.dalil("key", "list", "--json").of("key") if one["actor_name"] == "Sami")["actor"]
        key, verifier = self.forged_key(rana.rsplit("/", 1)[0] + "/" + actor)
        text = self.dalil("report", "import", self.report(key=key), "--trust", verifier).out
        self.assertNotIn("Sami", text)
        self.assertIn("a key that this archive does not know", text)
        shown = self.dalil("volume", "show", "backup-1").out
        self.assertNotIn("Sami", shown)
        self.assertRegex(shown, "by a report of key dalil/.*, accepted by archivist")
        self.assertNotIn("Sami", str(self.dalil("volume", "show", "backup-1", "--json").of("run")[0]))

    def test_the_key_file_that_travels_names_nobody(self):
        auditor = os.path.join(self.dir, "sami.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami Haddad", "--key-file", auditor)
        path = os.path.join(self.dir, "sami-report.key")
        self.dalil("report", "key", "--out", path, env={"DALIL_KEY_FILE": auditor})
        self.assertNotIn(b"Sami", bytes_of(path))

    def test_a_signer_whom_the_auditor_was_not_told_is_no_damage(self):
        path = os.path.join(self.dir, "untold")
        self.dalil("verify", "--offline", self.drive, "--trust", self.verifier, "--report", path, "--sign-key",
                   self.report_key, expect=NO)
        self.assertTrue(self.dalil("report", "show", path, expect=NO).out.startswith("FAIL"))
        summary = self.take(path).summary
        self.assertEqual((summary["result"], summary["intact"]), ("PASS", 12))
        self.assertEqual(self.volume()["last_verification_result"], "PASS")
        self.dalil("status")
        # With damage besides it stays a failure.
        self.next_second()
        self.damage()
        self.dalil("verify", "--offline", self.drive, "--trust", self.verifier, "--report", path + "2", "--sign-key",
                   self.report_key, expect=NO)
        summary = self.take(path + "2", expect=NO).summary
        self.assertEqual((summary["result"], summary["intact"], summary["not_intact"]), ("FAIL", 11, 1))

    def test_a_drive_put_back_to_an_older_state_is_no_pass(self):
        before = self.drive + ".before"
        shutil.copytree(self.drive, before)
        self.next_second()
        honest = self.report()  # made before later runs
        for run in (2, 3):
            self.write(f"d0/later-{run}.jpg", b"later %d" % run)
            self.scan("--no-metadata")
            self.backup()
        self.next_second()
        shutil.rmtree(self.drive)
        os.rename(before, self.drive)
        path = self.report()  # by the older list all is well
        text = self.dalil("report", "import", path, expect=NO).out
        self.assertTrue(text.startswith("OLDER  volume 'backup-1'"), text)
        self.assertIn("checked     as run 1 had left it", text)
        self.assertIn("on record   run 3, ", text)
        self.assertRegex(text, " 2  copies on record that the older state lacks: missing")
        self.assertEqual(self.volume()["last_verification_result"], "OLDER")
        self.assertEqual(self.verdict_of("data/disk/d0/later-3.jpg")["verdict"], "missing")
        self.assertEqual(self.verdict_of("data/disk/d0/f00.jpg")["verdict"], "intact")
        status = self.dalil("status", expect=NO).out
        self.assertTrue(status.startswith("DAMAGE  volume 'backup-1' (V2): 2 missing; verified "), status)
        self.assert_sound()
        self.dalil("rebuild")
        self.assertEqual(self.volume()["last_verification_result"], "OLDER")
        summary = self.take(honest).summary  # of then, when nothing was newer
        self.assertEqual((summary["result"], summary["later"], summary["superseded"]), ("PASS", 2, True))
        self.assertEqual(self.volume()["last_verification_result"], "OLDER")

    def test_files_that_an_older_list_does_not_name_are_not_called_gone(self):
        lists = {name: bytes_of(os.path.join(self.drive, name)) for name in os.listdir(self.drive)
                 if os.path.isfile(os.path.join(self.drive, name))}
        shutil.copytree(os.path.join(self.drive, "dalil"), self.drive + ".dalil")
        self.write("d0/later.jpg", b"later")
        self.scan("--no-metadata")
        self.backup()
        self.next_second()
        shutil.rmtree(os.path.join(self.drive, "dalil"))
        os.rename(self.drive + ".dalil", os.path.join(self.drive, "dalil"))
        for name, content in lists.items():
            with open(os.path.join(self.drive, name), "wb") as file:
                file.write(content)
        summary = self.take(self.report(), expect=NO).summary
        self.assertEqual((summary["result"], summary["absent"], summary["untouched"]), ("OLDER", 0, 1))
        self.assertNotIn("verified", self.verdict_of("data/disk/d0/later.jpg"))
        self.dalil("status", expect=NO)

    def test_only_this_archives_drives(self):
        path = self.report()
        other = {"DALIL_ARCHIVE": os.path.join(self.dir, "other"), "DALIL_KEY_FILE": os.path.join(self.dir, "k2")}
        self.dalil("init", other["DALIL_ARCHIVE"], env=other)
        self.fails("report", "import", path, "--trust", self.verifier, env=other, expect=FAILURE,
                   message="another archive")

    def test_an_archive_that_was_rolled_back_takes_nothing_in(self):
        before = self.archive + ".before"
        shutil.copytree(self.archive, before)
        self.write("d0/later.jpg", b"later")
        self.scan("--no-metadata")
        self.backup()
        path = self.report()
        shutil.rmtree(self.archive)
        os.rename(before, self.archive)
        shutil.rmtree(self.home)  # nothing remembers
        os.mkdir(self.home)
        self.fails("report", "import", path, expect=DAMAGED, message="this archive knows of 1")

    def test_a_part_and_a_glance_are_not_taken_in(self):
        quick = self.report(offline=False, more=["--quick"])
        self.fails("report", "import", quick, expect=FAILURE, message="no content was read")
        path = os.path.join(self.dir, "part")
        self.dalil("verify", os.path.join(self.drive, "data"), "--below", "data", "--volume", "backup-1", "--no-record",
                   "--report", path, "--sign-key", self.report_key)
        self.fails("report", "import", path, expect=FAILURE, message="of a part of the volume")
        self.dalil("verify", self.tree, "--volume", "disk", "--report", path + "2", "--sign-key", self.report_key)
        self.fails("report", "import", path + "2", expect=FAILURE, message="no backup drive with an identity")

    def test_a_drive_whose_list_was_altered_makes_nothing_intact(self):
        with open(os.path.join(self.drive, "manifest-sha256.txt"), "r+b") as file:
            file.seek(3)
            file.write(b"0000")
        path = self.report(expect=NO)
        summary = self.take(path, expect=NO).summary
        self.assertEqual((summary["result"], summary["intact"], summary["not_intact"], summary["untouched"]),
                         ("FAIL", 0, 0, 12))
        self.assertEqual(self.volume()["last_verification_result"], "FAIL")
        self.assertNotIn("verified", self.verdict_of("data/disk/d1/f01.jpg"))

    def test_a_sealed_drive_as_well(self):
        sealed = os.path.join(self.dir, "s1")
        os.mkdir(sealed)
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", sealed, "--volume", "s1", "--sealed")
        one = next(os.path.join(directory, names[0])
                   for directory, _, names in os.walk(os.path.join(sealed, "objects")) if names)
        with open(one, "r+b") as file:
            file.seek(1000)
            file.write(b"damage")
        path = os.path.join(self.dir, "sealed-report")
        self.dalil("verify", "--offline", sealed, "--report", path, "--sign-key", self.report_key, expect=NO)
        if not os.path.exists(os.path.join(sealed, "dalil/drive.note")):
            self.fails("report", "import", path, expect=FAILURE, message="no backup drive with an identity")
            return
        summary = self.take(path, expect=NO).summary
        self.assertEqual((summary["volume"], summary["intact"], summary["not_intact"]), ("s1", 11, 1))
        self.assert_sound()


class Premis(Reports):
    def premis(self, *arguments, expect=0):
        path = os.path.join(self.dir, "report.xml")
        self.dalil("verify", self.drive, *arguments, "--report", path, "--report-format", "premis", expect=expect)
        root = xml.etree.ElementTree.parse(path).getroot()
        self.assertEqual((root.tag, root.get("version")), (PREMIS + "premis", "3.0"))
        if os.path.exists(SCHEMA):
            checked = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", SCHEMA, path], capture_output=True)
            self.assertEqual(checked.returncode, 0, checked.stderr)
        os.remove(path)
        return root

    def test_checks_are_events_of_objects_by_an_agent(self):
        self.write(b"data/\x01\xff &<>", b"extra", below=self.drive)
        self.damage()
        for arguments in (["--offline"], ["--volume", "backup-1", "--no-record"]):
            root = self.premis(*arguments, expect=NO)
            text = lambda element, path: element.find("/".join(PREMIS + one for one in path.split("/"))).text
            objects, events = root.findall(PREMIS + "object"), root.findall(PREMIS + "event")
            self.assertEqual((len(objects), len(events), len(root.findall(PREMIS + "agent"))), (3, 3, 1))
            self.assertEqual({text(one, "eventType") for one in events}, {"fixity check"})
            self.assertEqual(sorted(text(one, "eventOutcomeInformation/eventOutcome") for one in events),
                             ["FAIL", "corrupt", "extra"])
            known = {text(one, "eventIdentifier/eventIdentifierValue") for one in events}
            self.assertEqual({text(one, "linkingEventIdentifier/linkingEventIdentifierValue") for one in objects}, known)
            digest = hashlib.sha256(bytes_of(os.path.join(self.tree, "d1/f01.jpg"))).hexdigest()
            self.assertIn(digest, [text(one, "objectCharacteristics/fixity/messageDigest") for one in objects[1:]
                                   if one.find(PREMIS + "objectCharacteristics/" + PREMIS + "fixity") is not None])

    def test_a_drive_that_is_well_has_one_event(self):
        root = self.premis("--offline")
        self.assertEqual(len(root.findall(PREMIS + "event")), 1)
        self.assertEqual(len(root.findall(PREMIS + "object")), 1)

    def test_premis_is_not_signed(self):
        self.fails("verify", "--offline", self.drive, "--report", "x", "--report-format", "premis", "--sign-key",
                   self.report_key, expect=FAILURE, message="only reports of the format jsonl can be signed")


if __name__ == "__main__":
    main()
