"""Making an archive, opening it, and every way in which that fails."""
import os
import shutil
import signal
import stat
import subprocess
import unittest

from scenario import DAMAGED, FAILURE, LOCKED, NO_ARCHIVE, WRONG_KEY, Scenario, main

PASSPHRASE = "five words that nobody guesses"


def by_passphrase(passphrase):
    return {"DALIL_KEY_FILE": "", "DALIL_PASSPHRASE_COMMAND": f"echo '{passphrase}'"}


class Making(Scenario):
    def test_init_makes_a_key_file_that_only_its_owner_can_read(self):
        result = self.dalil("init", self.archive)
        self.assertIn("Back up", result.out)
        self.assertEqual(stat.S_IMODE(os.stat(self.key).st_mode), 0o600)
        lines = open(self.key).read().splitlines()
        self.assertTrue(lines[0].startswith("# created: "))
        self.assertTrue(lines[1].startswith("# public key: age1"))
        self.assertTrue(lines[2].startswith("AGE-SECRET-KEY-1"))
        self.assertEqual(os.listdir(os.path.join(self.archive, "keys")), ["archivist-1.age"])
        self.dalil("status")

    def test_init_uses_a_key_file_that_exists_and_leaves_it_alone(self):
        self.dalil("init", os.path.join(self.dir, "other"))
        before = open(self.key).read()
        self.dalil("init", self.archive)
        self.assertEqual(open(self.key).read(), before)
        self.dalil("status")

    def test_init_says_in_json_what_it_made(self):
        result = self.dalil("init", self.archive, "--json", "--name", "Rania")
        self.assertEqual(result.objects[0]["type"], "archive")
        self.assertEqual(result.objects[0]["actor_name"], "Rania")
        self.assertTrue(result.objects[0]["key_file_made"])
        self.assertEqual(result.summary["type"], "summary")

    @unittest.skipUnless(shutil.which("age"), "age is not installed")
    def test_stock_age_opens_the_slot(self):
        self.dalil("init", self.archive)
        slot = os.path.join(self.archive, "keys", "archivist-1.age")
        keyring = subprocess.run(["age", "-d", "-i", self.key, slot], capture_output=True, check=True).stdout
        self.assertTrue(keyring)

    @unittest.skipUnless(shutil.which("age-keygen"), "age is not installed")
    def test_a_key_file_of_age_keygen_serves(self):
        subprocess.run(["age-keygen", "-o", self.key], capture_output=True, check=True)
        self.dalil("init", self.archive)
        self.dalil("status")

    def test_init_over_something_that_exists_is_refused(self):
        os.mkdir(self.archive)
        self.fails("init", self.archive, expect=FAILURE, message="exists already", hint="never made over another")
        self.assertEqual(os.listdir(self.archive), [])
        self.assertFalse(os.path.exists(self.key))

    def test_a_failed_init_leaves_neither_archive_nor_key_file(self):
        self.fails("init", os.path.join(self.dir, "no", "such", "folder"), expect=FAILURE, message="cannot")
        self.assertFalse(os.path.exists(self.key))
        self.assertEqual(sorted(os.listdir(self.dir)), ["home"])

    def test_a_short_passphrase_is_refused(self):
        self.fails("init", self.archive, env=by_passphrase("short"), expect=FAILURE, message="shorter than 8",
                   hint="random words")
        self.assertFalse(os.path.exists(self.archive))

    def test_without_key_file_terminal_or_command_init_says_what_to_give(self):
        self.fails("init", self.archive, env={"DALIL_KEY_FILE": ""}, expect=FAILURE, message="no terminal",
                   hint="--key-file")
        self.assertFalse(os.path.exists(self.archive))


class Opening(Scenario):
    def test_passphrase_by_command(self):
        self.dalil("init", self.archive, env=by_passphrase(PASSPHRASE))
        self.dalil("status", env=by_passphrase(PASSPHRASE))

    def test_wrong_passphrase(self):
        self.dalil("init", self.archive, env=by_passphrase(PASSPHRASE))
        self.fails("status", env=by_passphrase("another one altogether"), expect=WRONG_KEY,
                   message="the passphrase does not open archive", hint="nothing was changed")
        self.dalil("status", env=by_passphrase(PASSPHRASE))

    def test_passphrase_command_that_fails(self):
        self.dalil("init", self.archive, env=by_passphrase(PASSPHRASE))
        self.fails("status", env={"DALIL_KEY_FILE": "", "DALIL_PASSPHRASE_COMMAND": "exit 7"}, expect=FAILURE,
                   message="failed with status 7", hint="first line")

    def test_wrong_key_file(self):
        self.make_archive()
        other = os.path.join(self.dir, "other.txt")
        self.dalil("init", os.path.join(self.dir, "elsewhere"), "--key-file", other)
        self.fails("status", "--key-file", other, expect=WRONG_KEY, message="does not open archive", hint="key file")
        self.assertEqual(self.dalil("volume", "list", "--json").summary["volumes"], 1)

    def test_a_file_that_is_no_key_file(self):
        self.make_archive()
        other = self.write("notes.txt", b"no key at all\n", below=self.dir)
        self.fails("status", "--key-file", other, expect=FAILURE, message="is no key file", hint="AGE-SECRET-KEY-1")

    def test_a_key_file_that_is_not_there(self):
        self.make_archive()
        self.fails("status", "--key-file", os.path.join(self.dir, "gone.txt"), expect=FAILURE, message="gone.txt")

    def test_an_archive_with_key_files_alone_asks_for_one(self):
        self.make_archive()
        self.fails("status", env={"DALIL_KEY_FILE": ""}, expect=WRONG_KEY, message="opens with a key file",
                   hint="--key-file")

    def test_no_archive_named(self):
        self.fails("status", env={"DALIL_ARCHIVE": ""}, expect=NO_ARCHIVE, message="no archive was named",
                   hint="DALIL_ARCHIVE")

    def test_no_archive_there(self):
        self.fails("status", expect=NO_ARCHIVE, message=self.archive)

    def test_an_empty_directory_is_no_archive(self):
        os.mkdir(self.archive)
        self.fails("status", expect=NO_ARCHIVE, message=self.archive)

    def test_no_secret_is_taken_from_the_arguments(self):
        self.fails("status", "--passphrase", "x", expect=FAILURE, message="--passphrase")


class Damage(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for i in range(40):
            self.write(f"f{i}", b"%d" % i * 100)
        self.scan("--no-metadata")
        self.data = os.path.join(self.archive, "data.mdb")

    def test_a_truncated_database_is_refused(self):
        size = os.path.getsize(self.data)
        os.truncate(self.data, size // 2 // 4096 * 4096)
        self.fails("status", expect=DAMAGED, message=self.archive)

    def test_a_flipped_byte_is_never_a_wrong_answer(self):
        sound = self.dalil("find", "--json").out
        content = open(self.data, "rb").read()
        refused = 0
        for at in range(2 * 4096 + 100, len(content), max(1, len(content) // 25)):
            with open(self.data, "r+b") as file:
                file.seek(at)
                file.write(bytes([content[at] ^ 0x10]))
            process = self.start("find", "--json")
            out, err = process.communicate(timeout=60)
            if process.returncode == DAMAGED:
                refused += 1
                self.assertIn(b"dalil: error: ", err)
            else:
                self.assertEqual((process.returncode, out.decode()), (0, sound), (at, err))
            with open(self.data, "r+b") as file:
                file.seek(at)
                file.write(content[at:at + 1])
        self.assertGreater(refused, 0)
        self.assert_sound()


class Locking(Scenario):
    def test_a_second_writer_is_refused_and_readers_are_not(self):
        self.make_archive()
        self.write_slow_files(20)
        scan = self.start("scan", self.tree, "--volume", "disk", "--no-metadata", "-v", "--json")
        self.assertTrue(scan.stdout.readline())
        scan.send_signal(signal.SIGSTOP)
        try:
            self.assertIsNone(scan.poll(), "the scan was over too soon")
            self.fails("volume", "add", "late", "--kind", "backup", expect=LOCKED, message="locked")
            self.dalil("volume", "list")
        finally:
            scan.send_signal(signal.SIGCONT)
        scan.communicate(timeout=120)
        self.assertEqual(scan.returncode, 0)
        self.dalil("volume", "add", "late", "--kind", "backup")
        self.assertEqual(self.dalil("find", "--count").out.strip(), "20")


if __name__ == "__main__":
    main()
