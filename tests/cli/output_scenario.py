"""What callers rely on: streams, codes, the shape of JSON, help, and manners on a terminal."""
import os
import pty
import select
import subprocess
import time

from scenario import DALIL, FAILURE, NO, WRONG_KEY, Scenario, main

COMMANDS = ["init", "volume add", "volume list", "volume show", "incident import", "incident add", "incident edit",
            "incident show", "incident list", "incident stats", "source add", "source edit", "source show", "source list",
            "source assign", "source unassign", "scan", "link", "unlink", "find", "show", "verify",
            "status", "check", "rebuild", "log", "prove", "check-proof", "version"]


class Terminal:
    """A command on a terminal of its own, with answers typed when their prompts appear."""

    def __init__(self, env, *arguments):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.execve(DALIL, [DALIL, *arguments], env)
        self.pid, self.seen = pid, b""

    def read_until(self, text, seconds=60):
        deadline = time.monotonic() + seconds
        while text is None or text not in self.seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text} did not appear in {self.seen}")
            if not select.select([self.fd], [], [], 1)[0]:
                continue
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                piece = b""
            if not piece:
                break
            self.seen += piece

    def type(self, prompt, answer):
        self.read_until(prompt)
        self.seen = self.seen.split(prompt, 1)[1]
        os.write(self.fd, answer + b"\n")

    def end(self):
        self.read_until(None)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Output(Scenario):
    def test_each_help_ends_with_the_exit_codes(self):
        for command in ["", *COMMANDS]:
            by_flag = self.dalil(*command.split(), "--help").out
            self.assertEqual(self.dalil("help", *command.split()).out, by_flag)
            self.assertIn("Exit codes:", by_flag, command)
            self.assertTrue(by_flag.rstrip().endswith("interrupted; what was reported done is kept"), command)

    def test_the_overview_names_every_command(self):
        text = self.dalil("help").out + self.dalil("help", "volume").out + self.dalil("help", "incident").out
        text += self.dalil("help", "source").out
        for command in COMMANDS:
            self.assertIn("  " + command.split()[-1], text)

    def test_wrong_usage_says_where_help_is(self):
        for arguments, message in ((["scan"], "FOLDER"), (["nosuch"], "nosuch"), ([], "no command"),
                                   (["volume"], "no command"), (["find", "--nosuch"], "--nosuch"),
                                   (["volume", "add", "x", "--kind", "odd"], "'odd'"), (["help", "nosuch"], "nosuch")):
            result = self.fails(*arguments, expect=FAILURE, message=message)
            self.assertEqual(result.out, "", arguments)
            self.assertIn("dalil: hint: ", result.err)

    def test_version(self):
        self.assertRegex(self.dalil("version").out, r"^dalil \d+\.\d+\.\d+\n$")
        self.assertEqual(self.dalil("--version").out, self.dalil("version").out)

    def test_every_json_object_has_type_and_schema_and_a_summary_ends(self):
        self.make_archive()
        self.write("a.bin", b"a")
        self.scan("--dry-run")
        self.scan()
        self.dalil("incident", "add", "--set", "id=A-1", "--json")
        self.dalil("source", "add", "W7", "--json")
        for arguments in (["volume", "list"], ["volume", "show", "disk"], ["incident", "list"],
                          ["incident", "show", "A-1", "--history"], ["incident", "stats", "--by", "party"],
                          ["link", "disk:a.bin", "A-1", "--type", "depicts"],
                          ["source", "assign", "W7", "disk:a.bin"], ["source", "list"],
                          ["source", "show", "W7", "--history", "--identity"],
                          ["source", "edit", "W7", "--consent", "courts", "--reason", "x"], ["find"], ["show", "disk:a.bin"],
                          ["verify", self.tree, "--volume", "disk"], ["status"], ["check"], ["log"], ["rebuild"],
                          ["unlink", "disk:a.bin", "A-1", "--why", "x"],
                          ["source", "unassign", "W7", "disk:a.bin", "--why", "x"], ["version"]):
            result = self.dalil(*arguments, "--json")
            self.assertEqual({one["schema"] for one in result.objects}, {"dalil/1"}, arguments)
            self.assertEqual([one["type"] for one in result.objects].index("summary"), len(result.objects) - 1)
            self.assertTrue(result.summary["command"].startswith(arguments[0]))

    def test_global_options_stand_anywhere(self):
        self.make_archive()
        env = {"DALIL_ARCHIVE": "", "DALIL_KEY_FILE": ""}
        options = ["--archive", self.archive, "--key-file", self.key]
        self.dalil(*options, "volume", "list", env=env)
        self.dalil("volume", *options, "list", env=env)
        self.dalil("volume", "list", *options, env=env)

    def test_a_folder_named_like_a_command(self):
        self.make_archive()
        os.makedirs(f"{self.dir}/verify")
        self.dalil("scan", "verify", "--volume", "disk")

    def test_quiet_keeps_remarks_back_but_no_result(self):
        self.make_archive()
        self.assertIn("nothing matched", self.dalil("find", expect=NO).err)
        self.assertEqual(self.dalil("find", "-q", expect=NO).err, "")
        self.assertIn("disk", self.dalil("volume", "list", "-q").out)

    def test_color_only_when_asked_for(self):
        self.make_archive()
        self.assertNotIn("\x1b", self.dalil("status").out)
        self.assertIn("\x1b[", self.dalil("status", "--color", "always").out)
        self.assertNotIn("\x1b", self.dalil("status", "--color", "never").out)
        self.fails("status", "--color", "pink", expect=FAILURE, message="--color")

    def test_a_full_standard_output_is_an_error(self):
        self.make_archive()
        with open("/dev/full", "wb") as full:
            process = subprocess.run([DALIL, "status"], env=self.env, stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(process.returncode, FAILURE)
        self.assertIn(b"standard output", process.stderr)

    def test_a_reader_that_leaves_is_no_error_message(self):
        self.make_archive()
        for i in range(3000):
            self.write(f"some folder with a long name/file {i}", b"%d" % i)
        self.scan("--no-metadata")
        process = self.start("find", "--json")
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        process.wait(timeout=60)

    def test_log_names_entry_time_actor_and_class(self):
        self.make_archive()
        entries = self.dalil("log", "--json").of("entry")
        self.assertEqual([entry["seq"] for entry in entries], list(range(len(entries))))
        self.assertEqual(entries[-1]["actor"], "archivist")
        self.assertEqual(entries[-1]["class"], "inventory")
        self.assertIn("disk", entries[-1]["what"])
        self.assertEqual(len(self.dalil("log", "--limit", "1", "--json").of("entry")), 1)


class OnATerminal(Scenario):
    PASSPHRASE = b"five words that nobody guesses"

    def setUp(self):
        super().setUp()
        self.env["DALIL_KEY_FILE"] = ""
        self.env["TERM"] = "xterm"

    def make(self):
        terminal = Terminal(self.env, "init", self.archive)
        terminal.type(b"New passphrase: ", self.PASSPHRASE)
        terminal.type(b"The same again: ", self.PASSPHRASE)
        self.assertEqual(terminal.end(), 0, terminal.seen)
        self.assertNotIn(self.PASSPHRASE, terminal.seen)

    def test_a_passphrase_is_asked_for_without_echo(self):
        self.make()
        terminal = Terminal(self.env, "volume", "list")
        terminal.type(b": ", self.PASSPHRASE)
        self.assertEqual(terminal.end(), 0, terminal.seen)
        self.assertNotIn(self.PASSPHRASE, terminal.seen)

    def test_three_wrong_passphrases_end_it(self):
        self.make()
        terminal = Terminal(self.env, "volume", "list")
        for _ in range(3):
            terminal.type(b"': ", b"not the one at all")
        self.assertEqual(terminal.end(), WRONG_KEY, terminal.seen)

    def test_two_different_passphrases_make_nothing(self):
        terminal = Terminal(self.env, "init", self.archive)
        terminal.type(b"New passphrase: ", self.PASSPHRASE)
        terminal.type(b"The same again: ", self.PASSPHRASE + b"x")
        self.assertEqual(terminal.end(), FAILURE)
        self.assertIn(b"differ", terminal.seen)
        self.assertFalse(os.path.exists(self.archive))

    def test_ctrl_c_at_the_prompt_ends_it(self):
        terminal = Terminal(self.env, "init", self.archive)
        terminal.read_until(b"New passphrase: ")
        time.sleep(0.3)  # the echo goes off after the prompt, and typed-ahead input is dropped with it
        os.write(terminal.fd, b"\x03")
        self.assertEqual(terminal.end(), 130)

    def test_progress_is_drawn_and_wiped(self):
        self.env["DALIL_KEY_FILE"] = self.key
        self.make_archive()
        for i in range(6000):
            self.write(f"d{i % 30}/f{i}", b"%d" % i)
        terminal = Terminal(self.env, "scan", self.tree, "--volume", "disk")
        self.assertEqual(terminal.end(), 0, terminal.seen)
        self.assertIn(b"\r\x1b[K", terminal.seen)
        self.assertIn(b"indexed", terminal.seen)


if __name__ == "__main__":
    main()
