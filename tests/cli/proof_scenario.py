"""Proofs as courts get them: checked by the program and by the script, which always agree."""
import base64
import json
import os
import random
import subprocess
import sys

from scenario import FAILURE, FIXTURES, NO, Scenario, main, pattern

SCRIPT = os.path.join(os.path.dirname(FIXTURES), "tools", "check-proof.py")
INCIDENT = "B-2017-09-11-ZAMALKA"


def flipped(base64_text, at=5):
    """The same length, another bit."""
    raw = bytearray(base64.b64decode(base64_text))
    raw[at] ^= 1
    return base64.b64encode(raw).decode()


class Proofs(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk", "safe")
        self.dalil("incident", "add", "--set", "id=" + INCIDENT, "--set", "date=2017-09-11")
        self.clip = os.fsdecode(self.write("field/clip.bin", pattern(2_500_000, 1)))
        self.write("field/other.bin", b"another")
        self.write("names of witnesses/list.txt", b"two")
        self.scan("--incident", INCIDENT, "--note", "a neighbour", "--no-metadata")
        self.dalil("verify", self.tree, "--volume", "disk")
        self.proof = os.path.join(self.dir, "proof.json")
        self.made = 0

    def prove(self, *what, **options):
        self.made += 1
        path = os.path.join(self.dir, f"proof-{self.made}.json")
        result = self.dalil("prove", *what, "--out", path, "--json", **options)
        return path, result

    def save(self, value, name="changed.json"):
        """In the one form that proofs have."""
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2) + "\n")
        return path

    def script(self, *arguments):
        return subprocess.run([sys.executable, "-B", SCRIPT, *map(os.fspath, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=60,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})

    def check(self, *arguments, expect=0, first=None):
        """Both checkers come to this exit code and first word; the program knows no archive and no key."""
        nothing = {"DALIL_ARCHIVE": "/nonexistent", "DALIL_KEY_FILE": "/nonexistent"}
        ours = self.dalil("check-proof", *arguments, expect=expect, env=nothing)
        theirs = self.script(*arguments)
        self.assertEqual(theirs.returncode, expect, f"{arguments}\n{ours.out}\n{theirs.stdout}\n{theirs.stderr}")
        self.assertEqual(ours.out.split(" ")[0], theirs.stdout.split(" ")[0])
        if first is not None:
            self.assertEqual(ours.out.split(" ")[0], first)
        return ours, theirs

    def load(self, path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def test_everything_that_can_be_proven_is_right_to_both(self):
        shown = self.dalil("show", "disk:field/clip.bin", "--json")
        link = shown.of("link")[0]["seq"]
        run = [one["seq"] for one in self.dalil("volume", "show", "disk", "--json").of("run")
               if one["kind"] == "verify"][0]
        for what, kind in ((["disk:field/clip.bin"], "copy_seen"),
                           (["disk:field/clip.bin", "--copy", "disk:field/clip.bin"], "copy_seen"),
                           (["disk:field/clip.bin@disk"], "directories_verified"),
                           (["--link", link], "link_made"), (["--run", run], "run"),
                           (["--incident", INCIDENT], "incident_revised"), (["--entry", 0], "archive_created")):
            path, result = self.prove(*map(str, what))
            self.assertEqual(result.summary["kind"], kind)
            ours, theirs = self.check(path, first="CONSISTENT")
            self.assertIn(f"says: {kind}", theirs.stdout)
            self.assertIn("this does not prove", ours.out)
        for seq in range(self.dalil("log", "--json", "--limit", "0").summary["entries"]):
            path, _ = self.prove("--entry", str(seq))
            self.check(path, first="CONSISTENT")

    def test_both_read_the_same_out_of_an_entry(self):
        path, _ = self.prove("disk:field/clip.bin")
        ours, theirs = self.check(path)
        for line in ("  size            2500000", "  volume          V1", "  directory       field",
                     "  name            clip.bin", "  class           inventory"):
            self.assertIn(line + "\n", ours.out)
            self.assertIn(line + "\n", theirs.stdout)
        path, _ = self.prove("--incident", INCIDENT)
        _, theirs = self.check(path)
        self.assertIn(f"id {INCIDENT}; date 2017-09-11", theirs.stdout)

    def test_a_key_is_trusted_only_if_it_signed(self):
        path, _ = self.prove("disk:field/clip.bin")
        key = self.load(path)["keys"][0]["key"]
        ours, _ = self.check(path, "--trust", key, first="PROVEN")
        self.assertNotIn("Nobody compared a key", ours.out)
        self.dalil("init", os.path.join(self.dir, "other"), env={"DALIL_KEY_FILE": os.path.join(self.dir, "k2")})
        other = os.path.join(self.dir, "foreign.json")
        self.dalil("prove", "--entry", "0", "--out", other, env={"DALIL_ARCHIVE": os.path.join(self.dir, "other"),
                                                                 "DALIL_KEY_FILE": os.path.join(self.dir, "k2")})
        stranger = self.load(other)["keys"][0]["key"]
        self.check(path, "--trust", stranger, expect=NO, first="WRONG")
        self.check(path, "--trust", key, "--trust", stranger, expect=NO, first="WRONG")
        self.check(path, "--trust", key[:-2] + "A=", expect=FAILURE)

    def test_the_evidence_is_compared(self):
        path, _ = self.prove("disk:field/clip.bin")
        self.check(path, "--file", self.clip, first="CONSISTENT")
        with open(self.clip, "r+b") as file:
            file.seek(1_234_567)
            file.write(b"\0")
        self.check(path, "--file", self.clip, expect=NO, first="WRONG")
        self.check(path, "--file", os.path.join(self.tree, "field/other.bin"), expect=NO)
        self.check(path, "--file", os.path.join(self.dir, "nowhere"), expect=FAILURE)
        of_run, _ = self.prove("--entry", "0")
        self.check(of_run, "--file", self.clip, expect=NO, first="WRONG")

    def mutations(self, value, other):
        """A name, and the proof after an alteration."""
        def altered(change):
            copy = json.loads(json.dumps(value))
            change(copy)
            return copy
        yield "content of another entry", altered(lambda v: v["entry"].update(content=other["entry"]["content"]))
        yield "entry of another place", altered(lambda v: v.update(entry=other["entry"]))
        yield "another entry's path", altered(lambda v: v.update(checkpoints=other["checkpoints"]))
        yield "content", altered(lambda v: v["entry"].update(content=flipped(v["entry"]["content"])))
        yield "salt", altered(lambda v: v["entry"].update(salt=flipped(v["entry"]["salt"])))
        yield "time", altered(lambda v: v["entry"].update(line=v["entry"]["line"].replace("T", "T0", 1)[:-1]))
        yield "actor", altered(lambda v: v["entry"].update(line=v["entry"]["line"].replace(" inventory", "0 inventory")))
        yield "class", altered(lambda v: v["entry"].update(line=v["entry"]["line"].replace("inventory", "evidence")))
        yield "kind", altered(lambda v: v.update(kind="run"))

        def change_line(at, change):
            return altered(lambda v: v["checkpoints"][0]["proof"].__setitem__(at, change(v["checkpoints"][0]["proof"][at])))
        lines = value["checkpoints"][0]["proof"]
        blank = lines.index("")
        yield "index", change_line(1, lambda line: "index 1")
        yield "a step of the path", change_line(2, flipped)
        yield "origin", change_line(blank + 1, lambda line: line + "0")
        yield "size", change_line(blank + 2, lambda line: str(int(line) + 1))
        yield "wrong root", change_line(blank + 3, flipped)
        yield "wrong signature", change_line(-1, lambda line: line[:line.rindex(" ") + 1] + flipped(line.split(" ")[2], 40))
        yield "key id", change_line(-1, lambda line: line[:line.rindex(" ") + 1] + flipped(line.split(" ")[2], 1))
        yield "a step too many", altered(lambda v: v["checkpoints"][0]["proof"].insert(2, lines[2]))
        yield "a step too few", altered(lambda v: v["checkpoints"][0]["proof"].pop(2))
        yield "no key", altered(lambda v: v.update(keys=[]))
        yield "a signature doubled under another name", altered(
            lambda v: v["checkpoints"][0]["proof"].append(lines[-1].replace("dalil/", "dalil/x")))
        yield "no checkpoint", altered(lambda v: v.update(checkpoints=[]))

    def test_whatever_is_altered_is_wrong_to_both(self):
        path, _ = self.prove("disk:field/clip.bin")
        other, _ = self.prove("disk:field/other.bin")
        value = self.load(path)
        self.check(self.save(value), first="CONSISTENT")
        for name, changed in self.mutations(value, self.load(other)):
            with self.subTest(name):
                self.check(self.save(changed), "--file", self.clip, expect=NO, first="WRONG")

    def test_what_is_no_proof_is_refused_by_both(self):
        path, _ = self.prove("disk:field/clip.bin")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        value = json.loads(text)
        for name, changed in (("cut off", text[:-2]), ("empty", ""), ("a list", "[]\n"), ("deep", "[" * 100_000),
                              ("saved by another program", json.dumps(value)), ("carriage returns", text.replace("\n", "\r\n")),
                              ("a member twice", text.replace('  "kind"', '  "kind": "run",\n  "kind"')),
                              ("more members", {**value, "note": "x"}), ("another version", {**value, "format": "dalil-proof-2"}),
                              ("no signature", text.replace("— ", "- ")), ("salt cut", text.replace('"salt": "', '"salt": "A')),
                              ("a lone surrogate", text.replace('"kind": "', '"kind": "\\ud800'))):
            with self.subTest(name):
                self.check(self.save(changed), expect=FAILURE)

    def test_no_flipped_byte_leaves_two_opinions(self):
        path, _ = self.prove("disk:field/clip.bin")
        with open(path, "rb") as file:
            original = file.read()
        chance = random.Random(1)
        said = {0: 0, NO: 0, FAILURE: 0}
        changed_path = os.path.join(self.dir, "flipped.json")
        for _ in range(120):
            changed = bytearray(original)
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
            with open(changed_path, "wb") as file:
                file.write(changed)
            theirs = self.script(changed_path).returncode
            self.dalil("check-proof", changed_path, expect=theirs)
            said[theirs] += 1
        self.assertGreater(min(said[NO], said[FAILURE]), 10, said)

    def test_wrong_questions_leave_no_file(self):
        out = os.path.join(self.dir, "none.json")
        for arguments, code, message in (
                (["--entry", "1000"], FAILURE, "there is no entry 1000"), (["--link", "0"], FAILURE, "made no link"),
                (["--run", "0"], FAILURE, "is no scan or verification"), ([], FAILURE, "one thing has to be named"),
                (["disk:field/clip.bin", "--entry", "1"], FAILURE, "one thing has to be named"),
                (["disk:field/clip.bin@safe"], FAILURE, "holds no verdict"),
                (["disk:field/clip.bin", "--facts"], FAILURE, "no media facts"),
                (["disk:field/clip.bin", "--copy", "disk:field/other.bin"], FAILURE, "is a copy of another item")):
            with self.subTest(arguments):
                self.fails("prove", *arguments, "--out", out, expect=code, message=message)
                self.assertFalse(os.path.exists(out))
        path, _ = self.prove("--entry", "0")
        with open(path, "rb") as file:
            before = file.read()
        self.fails("prove", "--entry", "1", "--out", path, expect=FAILURE, message="exists already")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_a_proof_tells_of_no_other_entry(self):
        path, _ = self.prove("disk:field/clip.bin")
        value = self.load(path)
        content = base64.b64decode(value["entry"]["content"])
        text = json.dumps(value).encode() + content
        for secret in (b"witnesses", b"other.bin", b"neighbour", INCIDENT.encode(), b"safe", b"\"disk"):
            self.assertNotIn(secret, text)


if __name__ == "__main__":
    main()
