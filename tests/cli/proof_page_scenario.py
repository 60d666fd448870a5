"""The commands of docs/checking-without-dalil.md, run as they stand there: right on a proof, stopping on a bad one."""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile

from scenario import FIXTURES, Scenario, main, pattern
from time_authority import TimeAuthority
from witnesses import attach, cosigned, stamped

ROOT = os.path.dirname(FIXTURES)
PAGE = os.path.join(ROOT, "docs", "checking-without-dalil.md")


def commands():
    with open(PAGE, encoding="utf-8") as page:
        return "\n".join(re.findall(r"^```sh\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL))


def flip(text, at=5):
    raw = bytearray(base64.b64decode(text))
    raw[at] ^= 1
    return base64.b64encode(raw).decode()


class Page(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.clip = self.write("field/clip.bin", pattern(2_500_000, 1))
        for number in range(9):
            self.write(f"field/{number}.bin", b"%d" % number)
        self.scan("--no-metadata")
        self.proof = os.path.join(self.dir, "proof.json")
        self.dalil("prove", "disk:field/clip.bin", "--out", self.proof)
        with open(self.proof, encoding="utf-8") as file:
            self.value = json.load(file)
        self.key_text = self.value["keys"][0]["key"]

    def run_page(self, value=None, evidence=None, known=None):
        """The page's commands in a directory of their own."""
        self.place = place = tempfile.mkdtemp(dir=self.dir)
        with open(os.path.join(place, "proof.json"), "w", encoding="utf-8") as file:
            file.write(json.dumps(value or self.value, ensure_ascii=False, indent=2) + "\n")
        shutil.copy(evidence or self.clip, os.path.join(os.fsencode(place), b"evidence.bin"))
        shutil.copy(os.path.join(ROOT, "tools", "check-proof.py"), place)
        with open(os.path.join(place, "known-key.txt"), "w", encoding="utf-8") as file:
            file.write((known or self.key_text) + "\n")
        return subprocess.run(["bash"], input=commands(), cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              encoding="utf-8", env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, timeout=400)

    def test_every_command_of_the_page_succeeds(self):
        done = self.run_page()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertGreaterEqual(done.stdout.count("right: "), 6, done.stdout)
        self.assertNotIn("WRONG", done.stdout)
        self.assertIn("Signature Verified Successfully", done.stdout)
        self.assertIn("PROVEN", done.stdout)

    def test_cosignatures_and_time_stamps_are_checked(self):
        value = self.witnessed()
        done = self.run_page(value)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("was cosigned by Omar at Tue Sep 12 07:06:40", done.stdout)
        self.assertIn("TSA: DirName:/CN=Test authority", done.stdout)
        self.assertIn("Verification: OK", done.stdout)

        lines = value["checkpoints"][0]["proof"]
        name, signature = lines[-1].rsplit(" ", 1)
        lines[-1] = name + " " + flip(signature, 40)
        self.assert_stops(self.run_page(value))
        lines[-1] = name + " " + flip(signature, 9)  # another time
        self.assert_stops(self.run_page(value))
        lines[-1] = name + " " + signature
        self.assertEqual(self.run_page(value).returncode, 0)
        stamp = value["checkpoints"][0]["timestamps"][0]
        token = stamp["token"]
        stamp["token"] = base64.b64encode(self.authority.token(b"something else")).decode()
        self.assert_stops(self.run_page(value))
        stamp["token"] = flip(token, -20)
        self.assert_stops(self.run_page(value))

    def test_the_proof_of_an_archive_that_was_stamped_and_cosigned(self):
        authority = TimeAuthority(os.path.join(self.dir, "authority"))
        auditor = os.path.join(self.dir, "auditor.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Omar", "--key-file", auditor)
        attach(self, authority)
        self.dalil("cosign", env={"DALIL_KEY_FILE": auditor})
        path = os.path.join(self.dir, "witnessed.json")
        self.dalil("prove", "disk:field/clip.bin", "--out", path)
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
        self.assertEqual(len(value["checkpoints"]), 3)
        done = self.run_page(value)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("was cosigned by Omar", done.stdout)
        self.assertIn("PROVEN", done.stdout)

        # What the script says is to be done with the files that it writes.
        shutil.copy(authority.root, os.path.join(self.place, "ROOT.pem"))
        wanted = re.findall(r"^  (openssl ts -verify .*)$", done.stdout, re.MULTILINE)
        self.assertEqual(len(wanted), 1, done.stdout)
        for changed, expect in ((None, 0), ("checkpoint.txt", 1), ("token.tst", 1)):
            if changed:
                with open(os.path.join(self.place, "stamps", "1", changed), "r+b") as file:
                    file.seek(-20, os.SEEK_END)
                    byte = file.read(1)
                    file.seek(-1, os.SEEK_CUR)
                    file.write(bytes([byte[0] ^ 1]))
            made = subprocess.run(["bash", "-c", wanted[0]], cwd=self.place, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=60)
            self.assertEqual(made.returncode, expect, made.stdout)
            self.assertEqual("Verification: OK" in made.stdout, expect == 0, made.stdout)
            if changed:
                with open(os.path.join(self.place, "stamps", "1", changed), "r+b") as file:
                    file.seek(-20, os.SEEK_END)
                    file.write(byte)

    def test_a_known_key_that_only_stands_in_the_list_has_not_signed(self):
        """A forger who makes the whole proof with a key of his own can still name the group's."""
        other, key = os.path.join(self.dir, "other"), os.path.join(self.dir, "other.key")
        env = {"DALIL_ARCHIVE": other, "DALIL_KEY_FILE": key}
        self.dalil("init", other, env=env)
        self.dalil("volume", "add", "disk", "--kind", "working", "--root", self.tree, env=env)
        self.dalil("scan", self.tree, "--volume", "disk", "--no-metadata", env=env)
        path = os.path.join(self.dir, "forged.json")
        self.dalil("prove", "disk:field/clip.bin", "--out", path, env=env)
        with open(path, encoding="utf-8") as file:
            forged = json.load(file)
        forged["keys"].insert(0, self.value["keys"][0])
        done = self.run_page(forged)
        self.assert_stops(done)
        self.assertIn("WRONG: the key that the group gave has signed", done.stdout)

    def witnessed(self):
        """The proof with a cosignature and a time-stamp."""
        self.authority = TimeAuthority(os.path.join(self.dir, "authority"))
        return stamped(cosigned(self.value, self.dir), self.authority)

    def assert_stops(self, done):
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("PROVEN", done.stdout)

    def test_it_stops_before_the_script_on_whatever_is_wrong(self):
        def change(act):
            copy = json.loads(json.dumps(self.value))
            act(copy)
            return copy
        lines = self.value["checkpoints"][0]["proof"]
        blank = lines.index("")

        def line(at, new):
            return change(lambda v: v["checkpoints"][0]["proof"].__setitem__(at, new))
        signature = lines[-1].rsplit(" ", 1)
        other = self.write("other.bin", b"another")
        for name, arguments in {
                "evidence": {"evidence": other},
                "content": {"value": change(lambda v: v["entry"].update(content=flip(v["entry"]["content"], -1)))},
                "salt": {"value": change(lambda v: v["entry"].update(salt=flip(v["entry"]["salt"])))},
                "time": {"value": change(lambda v: v["entry"].update(line=v["entry"]["line"].replace("Z ", "9Z ")))},
                "index": {"value": line(1, "index 0")}, "step": {"value": line(2, flip(lines[2]))},
                "root": {"value": line(blank + 3, flip(lines[blank + 3]))},
                "size": {"value": line(blank + 2, str(int(lines[blank + 2]) + 1))},
                "signature": {"value": line(-1, signature[0] + " " + flip(signature[1], 40))},
                "known key": {"known": self.key_text.replace("+A", "+B")}}.items():
            with self.subTest(name):
                self.assert_stops(self.run_page(**arguments))


if __name__ == "__main__":
    main()
