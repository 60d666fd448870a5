"""What commands say of drives: the answer first, nothing that means more than was done, commands that can be pasted."""
import os
import re
import shutil
import subprocess
import unicodedata

from scenario import DALIL, FAILURE, NO, Scenario, main


class DriveWords(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for i in range(6):
            self.write(f"d/f{i}.jpg", b"content %d" % i * 100)
        self.scan("--no-metadata")
        self.programs = os.path.join(self.dir, "programs")
        os.mkdir(self.programs)
        os.symlink(DALIL, os.path.join(self.programs, "dalil"))

    def backup(self, *labels, expect=0, more=()):
        targets = []
        for label in labels:
            folder = os.path.join(self.dir, "media " + label)
            os.makedirs(folder, exist_ok=True)
            targets += ["--to", folder, "--volume", label]
        return self.dalil("backup", "disk", "--folder", "disk=" + self.tree, *targets, *more, expect=expect).out

    def damage(self, label, name="f1.jpg"):
        with open(os.path.join(self.dir, "media " + label, "data/disk/d", name), "r+b") as file:
            file.write(b"X")

    def paste(self, command):
        env = {**self.env, "PATH": self.programs + ":" + os.environ["PATH"]}
        result = subprocess.run(["bash", "-c", command], env=env, cwd=self.dir, capture_output=True)
        return result.returncode, result.stdout.decode() + result.stderr.decode()

    def commands(self, text, begin):
        return [line.strip() for line in text.splitlines() if line.strip().startswith(begin)]

    def test_commands_can_be_pasted_and_name_every_drive(self):
        labels = ("نسخة ثانية", "it's $HOME", "two\nlines", "plain")
        text = self.backup(*labels)
        self.assertNotRegex(text, "(?m)^lines")
        for begin in ("dalil verify", "(cd "):
            commands = self.commands(text, begin)
            self.assertEqual(len(commands), len(labels), text)
            for command in commands:
                code, said = self.paste(command)
                self.assertEqual(code, 0, command + "\n" + said)

    def test_status_says_what_mends_the_damage(self):
        self.backup("نسخة ثانية")
        self.damage("نسخة ثانية")
        self.dalil("verify", os.path.join(self.dir, "media نسخة ثانية"), "--volume", "نسخة ثانية", expect=NO)
        [command] = self.commands(self.dalil("status", expect=NO).out, "dalil repair")
        code, said = self.paste(command)
        self.assertEqual(code, 0, command + said)
        self.assertTrue(said.startswith("REPAIRED"), said)
        for command in self.commands(said, "dalil verify"):
            self.assertEqual(self.paste(command)[0], 0, command)
        self.dalil("status")

    def test_what_is_unverified_is_named_with_its_folder(self):
        self.backup("b 1")
        commands = self.commands(self.dalil("status").out, "dalil verify")
        self.assertEqual(len(commands), 2)
        for command in commands:
            code, said = self.paste(command)
            self.assertEqual(code, 0, command + said)

    def test_a_selection_that_matches_nothing_is_no_dry_run(self):
        text = self.backup("b1", expect=NO, more=["--path", "nowhere"])
        self.assertTrue(text.startswith("NOTHING"), text)
        self.assertNotIn("DRY RUN", text)

    def test_the_answer_stands_first_and_the_endangered_are_few(self):
        for i in range(13):
            self.dalil("incident", "add", "--set", f"id=INC-{i:02}")
            self.dalil("link", "disk:d/f1.jpg", f"INC-{i:02}", "--type", "depicts")
        self.backup("b1")
        self.damage("b1")
        text = self.dalil("verify", os.path.join(self.dir, "media b1"), "--volume", "b1", expect=NO).out
        self.assertTrue(text.startswith("FAIL  volume 'b1'"), text)
        self.assertTrue(text.splitlines()[1].startswith("ENDANGERED  incident INC-00: 1 of 1 item has no intact copy here"))
        self.assertEqual(text.count("no intact copy here"), 10)
        self.assertIn("ENDANGERED  and 3 more incidents; -v lists all", text)
        verbose = self.dalil("verify", os.path.join(self.dir, "media b1"), "--volume", "b1", "-v", expect=NO).out
        self.assertEqual(verbose.count("no intact copy here"), 13)

    def test_what_was_not_read_is_present_and_not_intact(self):
        text = self.dalil("verify", self.tree, "--volume", "disk", "--quick").out
        self.assertIn("6 of 6 copies checked, 6 present", text)
        self.assertNotIn("intact", text)

    def test_a_list_that_nobody_vouches_for_makes_nothing_intact(self):
        self.backup("b1")
        drive = os.path.join(self.dir, "media b1")
        other = os.path.join(self.dir, "other")
        self.dalil("init", other, "--key-file", other + ".txt")
        env = {"DALIL_ARCHIVE": other, "DALIL_KEY_FILE": other + ".txt"}
        stranger = self.dalil("checkpoint", "keys", "--json", env=env).of("key")[0]["key"]
        text = self.dalil("verify", "--offline", drive, "--trust", stranger, expect=NO).out
        self.assertTrue(text.startswith("FAIL  none of the keys that you trust has signed the drive's list"), text)
        self.assertIn("by a list that nobody vouches for:\n  as listed ", text)
        self.assertNotIn("intact", text)
        note = os.path.join(drive, "dalil/drive.note")
        with open(note) as file:
            lines = file.read()
        with open(note, "w") as file:
            file.write(re.sub("time 2", "time 1", lines))
        text = self.dalil("verify", "--offline", drive, expect=NO).out
        self.assertTrue(text.startswith("FAIL  the drive's note was altered after it was signed, or forged"), text)
        self.assertNotIn("intact", text)

    def test_names_that_look_alike_are_told_apart(self):
        name = "أحمد.jpg"
        composed, apart = unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)
        self.assertNotEqual(composed, apart)
        self.write("n/" + composed, b"named")
        self.scan("--no-metadata")
        os.rename(os.path.join(self.tree, "n", composed), os.path.join(self.tree, "n", apart))
        os.rename(os.path.join(self.tree, "d/f1.jpg"), os.path.join(self.tree, "d/F1.JPG"))
        text = self.dalil("verify", self.tree, "--volume", "disk").out
        self.assertIn(apart + " (another Unicode form of the name)", text)
        self.assertIn("F1.JPG (upper and lower case)", text)

    def test_a_seed_can_be_pasted_and_is_none_below_zero(self):
        self.dalil("verify", self.tree, "--volume", "disk", "--sample", "3", "--seed", "123456789")
        self.assertIn("seed 123456789", self.dalil("volume", "show", "disk").out)
        self.fails("verify", self.tree, "--volume", "disk", "--sample", "3", "--seed", "-1", expect=FAILURE, message="--seed")

    def test_restore_makes_its_folder_and_says_what_a_path_is(self):
        self.backup("b1")
        drive = "b1=" + os.path.join(self.dir, "media b1")
        out = os.path.join(self.dir, "out")
        self.dalil("restore", "--from", drive, "--all", "--to", out, "--dry-run")
        self.assertFalse(os.path.exists(out))
        self.dalil("restore", "--from", drive, "--all", "--to", out)
        self.assertTrue(os.path.exists(os.path.join(out, "disk/d/f1.jpg")))
        self.fails("restore", "--from", drive, "--all", "--to", out + "/a/b/c", expect=FAILURE, message="a/b/c",
                   hint="has to exist")
        result = self.dalil("restore", "--from", drive, "--path", "d/f1.jpg", "--to", out, expect=NO)
        self.assertIn("--path LABEL/FOLDER", result.err)

    def test_a_repair_of_lists_alone_is_something(self):
        self.backup("b1")
        drive = os.path.join(self.dir, "media b1")
        os.remove(os.path.join(drive, "manifest-sha256.txt"))
        text = self.dalil("repair", drive, "--volume", "b1").out
        self.assertTrue(text.startswith("REPAIRED"), text)
        self.assertTrue(self.dalil("repair", drive, "--volume", "b1").out.startswith("NOTHING TO DO"))


if __name__ == "__main__":
    main()
