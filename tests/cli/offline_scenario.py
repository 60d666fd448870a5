"""A drive where the archive is not: the drive's list is judged by the key that signed it, each file by the list."""
import base64
import hashlib
import os
import shutil
import signal

from scenario import FAILURE, INTERRUPTED, MIB, NO, PARTIAL, Scenario, main, pattern


SMALL = 25
ALL = SMALL + 2


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


class Offline(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.drive = os.path.join(self.dir, "b1")
        os.mkdir(self.drive)

    def fill(self, small=SMALL, large=1):
        for i in range(small):
            self.write(f"d{i % 7}/f{i:04}.jpg", pattern(100 + 371 * i, i))
        for i in range(large):
            self.write(f"videos/{i}.mp4", pattern(3 * MIB + i + 1, 1000 + i))
        self.write(b"\xff\\ %41\n .", b"hostile")
        self.scan("--no-metadata")

    def make_drive(self, *more):
        self.fill()
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "backup-1", *more)
        self.keys = [one["key"] for one in self.dalil("checkpoint", "keys", "--json").of("key")]
        self.leave_the_archive()

    def leave_the_archive(self):
        """From here on nothing of it is in reach."""
        self.away = {name: self.env.pop(name) for name in ("DALIL_ARCHIVE", "DALIL_KEY_FILE")}
        os.rename(self.archive, self.archive + ".away")

    def verify(self, *more, expect=0, trust=True, **options):
        keys = sum((["--trust", key] for key in self.keys), []) if trust else []
        return self.dalil("verify", "--offline", self.drive, "--json", *keys, *more, expect=expect, **options)

    def at(self, path):
        return os.path.join(os.fsencode(self.drive), os.fsencode(path))

    def damage(self, path, offset=5):
        with open(self.at(path), "r+b") as file:
            file.seek(offset)
            byte = file.read(1)
            file.seek(offset)
            file.write(bytes([byte[0] ^ 1]))

    def verdicts(self, result):
        return {one["path"]: one["verdict"] for one in result.of("verdict")}

    def tree_state(self):
        """Everything of the drive but access times."""
        state = {}
        for directory, folders, files in os.walk(os.fsencode(self.drive)):
            for name in [b"."] + folders + files:
                path = os.path.join(directory, name)
                status = os.lstat(path)
                content = bytes_of(path) if os.path.isfile(path) else b""
                state[path] = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino,
                               hashlib.sha256(content).digest())
        return state


class Plain(Offline):
    def test_a_drive_passes_if_a_trusted_key_vouches_for_all_of_it(self):
        self.make_drive()
        result = self.verify("--medium")
        summary = result.summary
        self.assertEqual((summary["result"], summary["signature"], summary["kind"]), ("PASS", "trusted", "plain"))
        self.assertEqual((summary["expected"], summary["checked"], summary["verdicts"]), (ALL, ALL, {"intact": ALL}))
        self.assertEqual((summary["sequence"], summary["volume_id"]), (1, "V2"))
        self.assertEqual(result.of("verdict"), [])
        self.assertGreater(summary["bytes_checked"], 3 * MIB)
        self.assertNotIn("nothing was read", summary["read_path"])
        text = self.dalil("verify", "--offline", self.drive, "--trust", self.keys[0]).out
        self.assertIn(f"PASS  {ALL} of {ALL} files checked, {ALL} intact", text)

    def test_without_a_key_it_is_consistent_and_says_what_to_compare(self):
        self.make_drive()
        result = self.verify(trust=False)
        self.assertEqual((result.summary["result"], result.summary["signature"]), ("CONSISTENT", "not_compared"))
        signer = result.summary["signer"]
        self.assertTrue(self.keys[0].startswith(signer.rstrip("+.")), signer)
        text = self.dalil("verify", "--offline", self.drive).out
        self.assertTrue(text.startswith("CONSISTENT"), text)
        self.assertIn("dalil checkpoint keys", text)
        self.assertIn("--trust KEY", text)

    def test_a_drive_that_somebody_else_signed_fails(self):
        self.make_drive()
        self.keys = [self.stranger_key(self.keys[0].split("+")[0])]
        result = self.verify(expect=NO)
        self.assertEqual((result.summary["result"], result.summary["signature"]), ("FAIL", "not_trusted"))
        self.assertEqual(self.verdicts(result), {"dalil/drive.note": "corrupt"})

    def stranger_key(self, name):
        """A verifier key by the rules of signed notes, of a key that signed nothing."""
        key = b"\x01" + bytes(range(32))
        digest = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
        return f"{name}+{digest}+{base64.b64encode(key).decode()}"

    def test_every_sort_of_damage_is_named(self):
        self.make_drive()
        self.damage("data/disk/d1/f0001.jpg")
        self.damage("data/disk/videos/0.mp4", 2 * MIB)
        os.truncate(self.at("data/disk/d2/f0002.jpg"), 3)
        os.remove(self.at("data/disk/d3/f0003.jpg"))
        os.remove(self.at("data/disk/d4/f0004.jpg"))
        os.symlink("f0011.jpg", self.at("data/disk/d4/f0004.jpg"))
        shutil.rmtree(self.at("data/disk/d5"))
        self.write("data/planted.jpg", b"planted", below=self.drive)
        os.symlink("/etc/passwd", self.at("data/link"))
        self.write("beside", b"the drive may be used for other things, too", below=self.drive)
        result = self.verify("--medium", expect=NO)
        found = self.verdicts(result)
        lost = [f"data/disk/d5/f{i:04}.jpg" for i in range(SMALL) if i % 7 == 5]
        expected = {"data/disk/d1/f0001.jpg": "corrupt", "data/disk/d2/f0002.jpg": "corrupt",
                    "data/disk/videos/0.mp4": "corrupt", "data/disk/d3/f0003.jpg": "missing",
                    "data/disk/d4/f0004.jpg": "missing", "data/planted.jpg": "extra", "data/link": "extra",
                    **{path: "missing" for path in lost}}
        self.assertEqual(found, expected)
        summary = result.summary
        self.assertEqual((summary["expected"], summary["checked"]), (ALL, ALL))
        self.assertEqual(summary["verdicts"], {"intact": ALL - 5 - len(lost), "corrupt": 3, "missing": 2 + len(lost),
                                               "extra": 2})

    def test_an_extra_file_alone_is_listed_and_does_not_fail(self):
        self.make_drive()
        self.write("data/disk/d1/new.jpg", b"new", below=self.drive)
        result = self.verify()
        self.assertEqual((result.summary["result"], self.verdicts(result)), ("PASS", {"data/disk/d1/new.jpg": "extra"}))

    def test_the_drives_own_files_are_checked(self):
        self.make_drive()
        pristine = self.drive + ".pristine"
        shutil.copytree(self.drive, pristine)
        for path in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "dalil/README.txt",
                     "dalil/checkpoint", "dalil/drive.note"):
            for how in (self.damage, lambda one: os.remove(self.at(one))):
                shutil.rmtree(self.drive)
                shutil.copytree(pristine, self.drive)
                how(path)
                result = self.verify(expect=NO)
                self.assertEqual(result.summary["result"], "FAIL", path)
                self.assertIn(path, self.verdicts(result))
                self.assertGreater(result.summary["own_files_wrong"], 0)

    def test_a_list_that_was_made_to_fit_does_not(self):
        """Whoever changes a file can change the lists, and not the note."""
        self.make_drive()
        self.damage("data/disk/d1/f0001.jpg")
        for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            lines = []
            for line in bytes_of(self.at(name)).split(b"\n"):
                path = line[66:].replace(b"%0A", b"\n").replace(b"%25", b"%")
                if path:
                    line = hashlib.sha256(bytes_of(self.at(path))).hexdigest().encode() + line[64:]
                lines.append(line)
            with open(self.at(name), "wb") as file:
                file.write(b"\n".join(lines))
        self.assertEqual(self.dalil("verify-bag", self.drive, "--json").summary["result"], "VALID")
        result = self.verify(expect=NO)
        self.assertEqual(result.summary["result"], "FAIL")
        self.assertEqual(self.verdicts(result)["manifest-sha256.txt"], "corrupt")
        self.assertEqual(self.verify(trust=False, expect=NO).summary["result"], "FAIL")

    def test_nothing_is_written_to_the_drive(self):
        self.make_drive()
        for directory, folders, files in os.walk(os.fsencode(self.drive)):
            for name in files:
                os.chmod(os.path.join(directory, name), 0o444)
            os.chmod(directory, 0o555)
        before = self.tree_state()
        self.verify("--medium")
        self.verify("--report", os.path.join(self.dir, "report"))
        self.assertEqual(self.tree_state(), before)
        self.fails("verify", "--offline", self.drive, "--report", os.path.join(self.drive, "data", "report"),
                   expect=FAILURE, message="would lie on what is verified")
        self.assertEqual(self.tree_state(), before)
        for directory, folders, files in os.walk(os.fsencode(self.drive)):
            os.chmod(directory, 0o755)

    def test_a_folder_that_cannot_be_entered_is_unreadable_and_not_missing(self):
        self.make_drive()
        if os.geteuid() == 0:
            self.skipTest("root enters every folder")
        os.chmod(self.at("data/disk/d1"), 0)
        self.addCleanup(os.chmod, self.at("data/disk/d1"), 0o755)
        result = self.verify(expect=NO)
        self.assertNotIn("missing", self.verdicts(result).values())
        self.assertEqual(self.verdicts(result)["data/disk/d1/f0001.jpg"], "unreadable")

    def test_ctrl_c_ends_it_and_says_so(self):
        self.fill(3, 0)
        self.write_slow_files(12, 64 * MIB)
        self.scan("--no-metadata")
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "backup-1")
        self.leave_the_archive()
        report = os.path.join(self.dir, "report")
        process = self.start("verify", "--offline", self.drive, "--json", "--report", report)
        fds = f"/proc/{process.pid}/fd"

        def reads():
            try:
                return any("slow" in os.readlink(os.path.join(fds, one)) for one in os.listdir(fds))
            except OSError:
                return process.poll() is not None
        self.wait_until(reads, "it reads")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, INTERRUPTED))
        if process.returncode == INTERRUPTED:
            self.assertIn(b'"result":"INCOMPLETE"', out.splitlines()[-1])
            self.assertIn(b'"interrupted":true', bytes_of(report))

    def test_a_drive_that_was_only_begun_holds_nothing_to_check(self):
        self.fill(3, 0)
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "backup-1")
        for name in os.listdir(self.drive):
            if name != "dalil":
                path = os.path.join(self.drive, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        os.remove(self.at("dalil/drive.note"))
        self.fails("verify", "--offline", self.drive, expect=FAILURE, message="is no backup drive", hint="verify-bag")

    def test_wrong_usage_is_told_before_anything_is_read(self):
        self.make_drive()
        fails = lambda *arguments, **expected: self.fails("verify", *arguments, expect=FAILURE, **expected)
        fails("--offline", self.drive, "--volume", "backup-1", message="--offline takes no")
        fails("--offline", self.drive, "--trust", "nonsense", message="is no verifier key")
        fails("--offline", self.drive, "--sign-key", "x", message="no report to sign")
        fails("--offline", self.drive, "--report", "r", "--report-format", "xml", message="no format of reports")
        fails("--offline", self.drive, "--report", "no/such/folder", message="No such file")
        fails("--offline", os.path.join(self.dir, "gone"), message="No such file")
        fails("--offline", self.tree, message="is no backup drive")
        fails(self.drive, message="--volume is required")
        fails(self.drive, "--volume", "x", "--trust", self.keys[0], message="--trust is for --offline")


class Sealed(Offline):
    def make_sealed(self):
        self.fill()
        self.dalil("recovery-key", "make")
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", self.drive, "--volume", "s1", "--sealed")
        self.keys = [one["key"] for one in self.dalil("checkpoint", "keys", "--json").of("key")]
        self.leave_the_archive()
        objects = [os.path.join(directory, name) for directory, _, files in os.walk(os.path.join(self.drive, "objects"))
                   for name in files]
        self.objects = sorted(os.path.relpath(one, self.drive) for one in objects)
        self.assertEqual(len(self.objects), ALL)

    def test_a_sealed_drive_is_checked_by_its_objects(self):
        self.make_sealed()
        has_note = os.path.exists(self.at("dalil/drive.note"))
        result = self.verify("--medium", expect=0 if has_note else PARTIAL)
        self.assertEqual(result.summary["result"], "PASS" if has_note else "CONSISTENT")
        self.assertEqual((result.summary["kind"], result.summary["checked"]), ("sealed", ALL))
        self.assertEqual(self.verify(trust=False).summary["result"], "CONSISTENT")
        self.damage(self.objects[0], 3000)
        os.remove(self.at(self.objects[1]))
        self.write("objects/aa/extra.age", b"x", below=self.drive)
        result = self.verify(expect=NO)
        self.assertEqual(self.verdicts(result), {self.objects[0]: "corrupt", self.objects[1]: "missing",
                                                 "objects/aa/extra.age": "extra"})

    def test_a_drive_of_an_earlier_version_is_consistent_at_most(self):
        """There is no note; nothing vouches for the list, whoever is trusted."""
        self.make_sealed()
        if os.path.exists(self.at("dalil/drive.note")):
            shutil.move(self.at("dalil/checkpoint"), self.at("checkpoint"))
            shutil.rmtree(self.at("dalil"))
        result = self.verify(expect=PARTIAL)
        self.assertEqual((result.summary["result"], result.summary["signature"]), ("CONSISTENT", "none"))
        self.assertEqual(self.verify(trust=False).summary["result"], "CONSISTENT")
        self.damage("checkpoint", 60)
        self.assertEqual(self.verify(expect=NO).summary["result"], "FAIL")

    def test_a_note_that_leads_elsewhere_tells_nothing_of_what_lies_there(self):
        self.make_drive()
        secret = b"of the auditor alone"
        self.write("secret.txt", secret, below=self.dir)
        note = bytes_of(self.at("dalil/drive.note"))
        for path in (b"../secret.txt", b"data/../../secret.txt"):
            with open(self.at("dalil/drive.note"), "wb") as file:
                file.write(note.replace(b"\n\n", b"\nsha256 " + b"0" * 64 + b" " + path + b"\n\n", 1))
            result = self.verify(trust=False, expect=NO)
            self.assertEqual(self.verdicts(result)[path.decode()], "unreadable")
            self.assertNotIn(hashlib.sha256(secret).hexdigest()[:8], result.out)
            self.assertNotIn(f"{len(secret)} bytes", result.out)

    def test_a_list_that_leads_elsewhere_is_refused(self):
        self.make_sealed()
        line = bytes_of(self.at("objects.sha256")).splitlines()[0].decode()
        for path in ("../../etc/passwd", "objects/../../x", "/etc/passwd", "objects/", "objects//x", "objects"):
            with open(self.at("objects.sha256"), "a") as file:
                file.write(line[:66] + path + "\n")
            result = self.verify(trust=False, expect=NO)
            self.assertEqual(self.verdicts(result)["objects.sha256"], "corrupt")


if __name__ == "__main__":
    main()
