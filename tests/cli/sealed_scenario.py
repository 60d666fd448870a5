"""Sealed drives: what they tell, how they are checked, and how files come back with Dalil and without."""
import base64
import glob
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

from scenario import DAMAGED, FAILURE, NO, PARTIAL, Scenario, main, pattern

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs")
NAMES = {b"card-quokka/photo wallaby.jpg": 1000, b"card-quokka/video.mov": 2_500_000, b"\xd8\xad\xd9\x84\xd8\xa8.jpg": 5000,
         b"raw \xff name/it's \"x\".bin": 70_000, b"empty": 0, b"new\nline and\ttab\\.bin": 12, b" blanks  /  x ": 3}


class Sealed(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk-numbat")
        self.contents = {name: pattern(size, seed) if size > 100 else b"x" * size for seed, (name, size) in enumerate(NAMES.items())}
        for name, content in self.contents.items():
            self.write(name, content)
        self.dalil("incident", "add", "--set", "id=INC-bilby", "--reason", "x")
        self.scan("--incident", "INC-bilby", volume="disk-numbat")
        self.drive = os.path.join(self.dir, "drive")
        os.mkdir(self.drive)
        self.out = os.path.join(self.dir, "out")
        os.mkdir(self.out)
        self.recovery = os.path.join(self.dir, "recovery.txt")

    def sealing(self, drive=None, label="vault-dunnart"):
        return ["backup", "disk-numbat", "--folder", "disk-numbat=" + self.tree, "--to", drive or self.drive, "--volume", label,
                "--sealed"]

    def seal(self, *arguments, drive=None, label="vault-dunnart", expect=0):
        result = self.dalil(*self.sealing(drive, label), "--json", *arguments, expect=expect)
        result.drive = result.of("drive")[0]
        return result

    def verify(self, *arguments, **options):
        return self.dalil("verify", self.drive, "--volume", "vault-dunnart", "--json", *arguments, **options)

    def restore(self, *arguments, source=None, **options):
        return self.dalil("restore", *(source or ["--from", "vault-dunnart=" + self.drive]), "--to", self.out, "--json",
                          *(arguments or ["--all"]), **options)

    def files(self, below):
        found = {}
        for folder, _, names in os.walk(os.fsencode(below)):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, os.fsencode(below))] = file.read()
        return found

    def expected(self):
        return {b"disk-numbat/" + name: content for name, content in self.contents.items()}

    def snapshot(self):
        found = glob.glob(os.path.join(self.drive, "dalil/snapshot-*.age"))
        self.assertEqual(len(found), 1)
        return found[0]

    def tiles(self):
        return [name for name in self.files(self.drive) if name.startswith(b"dalil/tile/")]

    def sums(self):
        return subprocess.run(["sha256sum", "--check", "--quiet", "objects.sha256"], cwd=self.drive, capture_output=True)

    def objects(self):
        return [name for name in self.files(self.drive) if name.startswith(b"objects/")]


class Drive(Sealed):
    def test_it_is_verified_by_everybody_and_by_sha256sum(self):
        result = self.seal()
        self.assertTrue(result.summary["complete"])
        self.assertEqual((result.summary["selected"], result.drive["copied"], result.drive["failed"]), (7, 7, 0))
        self.assertEqual(len(self.objects()), 7)
        self.assertEqual(self.sums().returncode, 0)
        auditor = os.path.join(self.dir, "auditor.txt")
        self.dalil("key", "add", "--role", "auditor", "--key-file", auditor, "--name", "Sami")
        for mode in ([], ["--sha256"], ["--quick"]):
            for env in ({}, {"DALIL_KEY_FILE": auditor}):
                summary = self.verify(*mode, env=env).summary
                self.assertEqual((summary["result"], summary["checked"]), ("PASS", 7))
                self.assertNotIn("extra", summary["verdicts"])
        again = self.seal().drive
        self.assertEqual((again["there"], again["copied"], again["set_aside"]), (7, 0, 0))
        self.assert_sound()
        self.fails("scan", self.drive, "--volume", "vault-dunnart", expect=2, message="sealed drive")

    def test_new_and_changed_files_follow_and_nothing_goes(self):
        self.seal()
        before = set(self.objects())
        self.write("later.bin", b"later")
        self.write("empty", b"not any more")
        self.scan(volume="disk-numbat")
        self.assertEqual(self.seal().drive["copied"], 2)
        self.assertTrue(before < set(self.objects()))
        self.assertEqual(self.verify().summary["result"], "PASS")
        self.restore()
        found = self.files(self.out)
        self.assertEqual(found[b"disk-numbat/empty"], b"not any more")
        self.assertEqual(len([name for name in found if name.startswith(b"disk-numbat/empty.")]), 1)

    def test_a_seized_one_tells_sizes_and_counts_and_nothing_else(self):
        self.seal()
        everything = b"".join(name + b"\0" + content for name, content in self.files(self.drive).items()).lower()
        words = ["quokka", "wallaby", "video.mov", "numbat", "dunnart", "bilby", "Amal", os.path.basename(self.tree)]
        secrets = [word.encode() for word in words] + [b"\xd8\xad\xd9\x84\xd8\xa8"]
        for content in self.contents.values():
            if len(content) > 100:
                secrets += [content[:40], content[-40:]]
            digest = hashlib.sha256(content).digest()
            secrets += [digest, hashlib.md5(content).digest(), hashlib.sha1(content).digest()]
        for word in secrets:
            forms = [word, word.hex().encode(), base64.b64encode(word)[:-4], base64.b64encode(b"x" + word)[4:-4]]
            try:
                forms += [word.decode().encode("utf-16-le"), word.decode().encode("utf-16-be")]
            except UnicodeDecodeError:
                pass
            for form in forms:
                if len(form) >= 8:  # shorter ones occur in random bytes
                    self.assertFalse(form.lower() in everything, word)
        sizes = {len(content) for content in self.contents.values() if len(content) > 100}
        self.assertFalse(sizes & {os.path.getsize(os.path.join(os.fsencode(self.drive), name)) for name in self.objects()})

    def test_damage_of_any_object_or_list_is_found(self):
        self.seal()
        self.dalil("recovery-key", "export", "--out", self.recovery)
        rng = random.Random(5)
        for name in sorted(self.files(self.drive)):
            path = os.path.join(os.fsencode(self.drive), name)
            with open(path, "rb") as file:
                good = file.read()
            times = os.stat(path)
            for bad in [good[:rng.randrange(len(good))]] + [self.flipped(good, rng.randrange(len(good))) for _ in range(4)]:
                with open(path, "wb") as file:
                    file.write(bad)
                os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
                self.assert_found(name)
            with open(path, "wb") as file:
                file.write(good)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.assertEqual(self.verify().summary["result"], "PASS")
        self.assertEqual(self.sums().returncode, 0)

    def flipped(self, content, at):
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]

    def assert_found(self, name):
        if name.startswith(b"objects/"):
            self.assertEqual(self.verify(expect=NO).summary["result"], "FAIL")
            self.assertNotEqual(self.sums().returncode, 0, name)
        elif name == b"objects.sha256":
            listed = self.sums()
            self.assertTrue(listed.returncode != 0 or listed.stderr or len(open(os.path.join(self.drive, "objects.sha256"),
                            errors="replace").readlines()) < 7, name)
        elif name == b"index.age":
            opened = subprocess.run(["age", "-d", "-i", self.recovery, os.path.join(self.drive, "index.age")], capture_output=True) \
                if shutil.which("age") else None
            self.assertTrue(opened is None or opened.returncode != 0)
        elif name.startswith(b"dalil/snapshot-"):
            to = os.path.join(self.dir, "restored")
            process = self.start("restore", "--archive-from", self.snapshot(), "--recovery-key", self.recovery, "--to", to)
            process.communicate()
            self.assertIn(process.returncode, (2, DAMAGED))
            self.assertFalse(os.path.exists(to))
        elif name == b"dalil/checkpoint":
            process = self.start("checkpoint", "verify", os.path.join(self.drive, "dalil/checkpoint"))
            process.communicate()
            self.assertNotEqual(process.returncode, 0)
        elif name == b"dalil/drive.note":
            self.fails(*self.sealing(), expect=FAILURE, message="is not the drive of volume")
        else:
            self.assertIn(name, [b"dalil-sealed.txt", b"dalil/signers", *self.tiles()])

    def test_a_source_that_is_damaged_is_not_copied(self):
        path = self.write("card-quokka/video.mov", self.flipped(self.contents[b"card-quokka/video.mov"], 2_000_000))
        result = self.seal(expect=PARTIAL)
        self.assertEqual((result.drive["copied"], result.summary["source_failed"]), (6, 1))
        self.assertIn("not what the ledger says", result.of("problem")[0]["text"])
        self.assertEqual(self.files(os.path.join(self.drive, "dalil/partial")), {})
        with open(path, "wb") as file:
            file.write(self.contents[b"card-quokka/video.mov"])
        self.assertEqual(self.seal().drive["copied"], 1)

    def test_lost_attributes_are_told_by_the_file_that_had_them(self):
        try:
            os.setxattr(os.path.join(self.tree, "empty"), "user.origin", b"x")
        except OSError:
            self.skipTest("no extended attributes here")
        for more, words in ((["--dry-run"], "would be copied without its extended attributes"),
                            ([], "copied without its extended attributes")):
            problems = self.seal(*more).of("problem")
            self.assertEqual([(one["path"], words in one["text"]) for one in problems], [("empty", True)])

    def test_killed_at_any_time_it_goes_on_and_counts_nothing_unverified(self):
        for i in range(60):
            self.write(f"many/{i:03}.bin", pattern(100_000, i))
            self.contents[f"many/{i:03}.bin".encode()] = pattern(100_000, i)
        self.scan(volume="disk-numbat")
        self.dalil("recovery-key", "make")
        rng = random.Random(3)
        for _ in range(12):
            process = self.start(*self.sealing())
            time.sleep(0.02 + rng.random() * 0.5)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if "vault-dunnart" in self.dalil("volume", "list").out:
                process = self.start("verify", self.drive, "--volume", "vault-dunnart", "--json", "--no-record")
                # Killed while the lists were put in place, they are of two runs.
                out = "".join(line for line in process.communicate()[0].decode().splitlines()
                              if '"type":"drive_file"' not in line)
                self.assertNotRegex(out, '"verdict": ?"(corrupt|missing|unreadable)"')
        self.seal()
        self.assertEqual(self.verify().summary["result"], "PASS")
        self.assertEqual(self.sums().returncode, 0)
        self.restore()
        self.assertEqual(self.files(self.out), self.expected())
        self.assert_sound()


class Restore(Sealed):
    def test_everything_or_one_incident_or_a_folder_comes_back(self):
        self.seal()
        shutil.rmtree(self.tree)
        self.assertEqual(self.restore("--all", "--dry-run").summary["wanted"], 7)
        self.assertEqual(self.files(self.out), {})
        summary = self.restore("--path", "disk-numbat/card-quokka").summary
        self.assertEqual((summary["wanted"], summary["restored"]), (2, 2))
        summary = self.restore("--incident", "INC-bilby").summary
        self.assertEqual((summary["wanted"], summary["there"], summary["restored"]), (7, 2, 5))
        self.assertEqual(self.files(self.out), self.expected())

    def test_several_drives_mend_each_other_and_the_rest_is_listed(self):
        second = os.path.join(self.dir, "second")
        os.mkdir(second)
        self.seal()
        self.seal(drive=second, label="second")
        index = {}
        for volume, drive in (("vault-dunnart", self.drive), ("second", second)):
            for item in self.dalil("find", "--json").of("item"):
                for copy in item["copies"]:
                    if copy["volume"] == volume:
                        index[volume, copy["source_path"]] = os.path.join(drive, copy["path"])
        os.remove(index["vault-dunnart", "card-quokka/video.mov"])
        os.truncate(index["second", "empty"], 100)
        for volume in ("vault-dunnart", "second"):
            with open(index[volume, "card-quokka/photo wallaby.jpg"], "r+b") as file:
                file.seek(-10, 2)
                file.write(b"0123456789")
        both = ["--from", "vault-dunnart=" + self.drive, "--from", "second=" + second]
        result = self.restore(source=both, expect=NO)
        self.assertEqual((result.summary["restored"], result.summary["not_restored"]), (6, 1))
        lost = result.of("not_restored")[0]
        self.assertEqual(lost["path"], "disk-numbat/card-quokka/photo wallaby.jpg")
        self.assertEqual(len(lost["reasons"]), 2)
        expected = self.expected()
        del expected[b"disk-numbat/card-quokka/photo wallaby.jpg"]
        self.assertEqual(self.files(self.out), expected)
        # The disk that it came from is as good a drive as any.
        self.restore(source=both + ["--from", "disk-numbat=" + self.tree])
        self.assertEqual(self.files(self.out), self.expected())

    def page(self):
        """The page's blocks of commands; the archive is gone."""
        if not all(shutil.which(program) for program in ("age", "jq", "sha256sum")):
            self.skipTest("age or jq is not installed")
        self.seal()
        self.recipient = self.dalil("recovery-key", "show", "--json").of("recovery_key")[0]["recipient"]
        self.dalil("recovery-key", "export", "--out", self.recovery)
        shutil.rmtree(self.archive)
        with open(os.path.join(DOCS, "recovery.md")) as page:
            blocks = re.findall(r"```sh\n(.*?)```", page.read(), re.S)
        self.assertEqual(len(blocks), 6)
        return dict(zip(("objects", "index", "list", "one", "all", "unnamed"), blocks))

    def run_block(self, block, expect=0):
        env = {"PATH": os.environ["PATH"], "KEY": self.recovery, "DRIVE": self.drive, "OUT": self.out, "NAME": "video.mov",
               "LC_ALL": "C.UTF-8"}
        result = subprocess.run(["bash", "-euc", "set -o pipefail\n" + block], env=env, cwd=self.dir, capture_output=True)
        self.assertEqual(result.returncode, expect, block + result.stdout.decode() + result.stderr.decode())
        return result.stdout.decode()

    def times(self, below):
        return {name: os.stat(os.path.join(os.fsencode(below), name)).st_mtime for name in self.files(below)}

    def test_the_page_brings_everything_back_without_dalil(self):
        for seconds, name in enumerate(NAMES):
            os.utime(os.path.join(os.fsencode(self.tree), name), (1_500_000_000 + seconds,) * 2)
        self.scan(volume="disk-numbat")
        blocks = self.page()
        self.assertEqual(self.run_block(blocks["objects"]), "")
        self.assertEqual(self.run_block(blocks["index"]), "index.age: OK\n")
        self.assertEqual(len(self.run_block(blocks["list"]).splitlines()), 7)
        self.assertIn("one: OK", self.run_block(blocks["one"]))
        self.assertEqual(self.run_block(blocks["all"]), "")
        self.assertEqual(self.files(self.out), self.expected())
        self.assertEqual(self.times(self.out), {b"disk-numbat/" + name: at for name, at in self.times(self.tree).items()})

    def test_the_page_follows_no_forged_index(self):
        """Whoever has the drive can write an index: the recovery key's recipient is known to every role."""
        blocks = self.page()
        index = os.path.join(self.drive, "index.age")
        lines = subprocess.run(["age", "-d", "-i", self.recovery, index], capture_output=True, check=True).stdout
        first = json.loads(lines.splitlines()[0])
        first.pop("path_b64", None)  # it would count instead of `path`
        forged = [dict(first, path=path) for path in
                  ("disk/../../ESCAPED.txt", "../ESCAPED.txt", os.path.join(self.dir, "ESCAPED.txt"), "disk/./../../ESCAPED.txt", "..")]
        forged += [dict(first, path="x", path_b64=base64.b64encode(b"disk/../../ESCAPED.txt").decode()),
                   dict(first, object="../tree/video.mov", path="disk/leaked"), dict(first, path="disk/wrong", sha256="0" * 64)]
        text = lines + b"".join(json.dumps(one).encode() + b"\n" for one in forged)
        os.remove(index)
        subprocess.run(["age", "-r", self.recipient, "-o", index], input=text, check=True)
        self.assertIn("index.age: FAILED", self.run_block(blocks["index"], expect=1))
        before = set(os.listdir(self.dir))
        said = self.run_block(blocks["all"])
        self.assertEqual((said.count("REFUSED"), said.count("DAMAGED")), (7, 1))
        self.assertEqual(set(os.listdir(self.dir)), before)
        found = self.files(self.out)
        found.pop(b"disk/wrong")
        self.assertEqual(found, self.expected())

    def test_the_page_brings_contents_back_without_the_index(self):
        blocks = self.page()
        os.remove(os.path.join(self.drive, "index.age"))
        self.assertNotIn("DAMAGED", self.run_block(blocks["unnamed"]))
        found = sorted(content.rstrip(b"\0") for content in self.files(os.path.join(self.out, "unnamed")).values())
        self.assertEqual(found, sorted(content.rstrip(b"\0") for content in self.contents.values()))


if __name__ == "__main__":
    main()
