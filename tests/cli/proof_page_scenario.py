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
from witnesses import cosigned, stamped

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
        place = tempfile.mkdtemp(dir=self.dir)
        with open(os.path.join(place, "proof.json"), "w", encoding="utf-8") as file:
            file.write(json.dumps(value or self.value, ensure_ascii=False, indent=2) + "\n")
        shutil.copy(evidence or self.clip, os.path.join(os.fsencode(place), b"evidence.bin"))
        shutil.copy(os.path.join(ROOT, "tools", "check-proof.py"), place)
        with open(os.path.join(place, "known-key.txt"), "w", encoding="utf-8") as file:
            file.write((known or self.key_text) + "\n")
        return subprocess.run(["bash"], input=commands(), cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              encoding="utf-8", env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, timeout=120)

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
