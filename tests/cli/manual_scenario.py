"""The manual page and the completions: made from the table of commands, and accepted by those who read them."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

from scenario import FAILURE, Scenario, main

# What stands for dalil where its completion is tried: it says which words it was given.
SHOW = {
    "bash": "PS1='> '; dalil() { printf '[%s]' \"$@\"; printf '(%s)\\n' shown; }\n",
    "zsh": "PS1='> '; autoload -Uz compinit; compinit -u -D\n"
           "dalil() { printf '[%s]' \"$@\"; printf '(%s)\\n' shown; }\n",
    "fish": "function fish_prompt; printf '> '; end; set -g fish_greeting\n"
            "function dalil; printf '[%s]' $argv; printf '(%s)\\n' shown; end\n",
}
START = {
    "bash": lambda rc: ["bash", "--noprofile", "--rcfile", rc, "-i"],
    "zsh": lambda rc: ["zsh", "-d", "-i"],  # reads $ZDOTDIR/.zshrc
    "fish": lambda rc: ["fish", "--no-config", "--init-command", f"source {rc}", "-i"],
}


class Shell:
    """An interactive shell on a terminal of its own, which knows a completion and nothing else."""

    def __init__(self, shell, completion, directory, env):
        rc = os.path.join(directory, ".zshrc")
        with open(rc, "w", encoding="utf-8") as file:
            file.write(f"{SHOW[shell]}source {completion}\n")
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(directory)
            env = {**env, "TERM": "xterm", "ZDOTDIR": directory, "COLUMNS": "200"}
            os.execvpe(shell, START[shell](rc), env)
        self.pid = pid

    def words_of(self, line):
        """The words that the program gets when this is typed, Tab and all."""
        os.write(self.fd, line.encode() + b"\r")
        seen, deadline = b"", time.monotonic() + 30
        while b"(shown)" not in seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"no answer to {line!r}: {seen}")
            if select.select([self.fd], [], [], 1)[0]:
                seen += os.read(self.fd, 65536)
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode("utf-8", "replace")).replace("\r", "")
        return re.search(r"((?:\[[^\]]*\])+)\(shown\)", text).group(1)

    def end(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


class Manual(Scenario):
    def made(self, *arguments):
        path = os.path.join(self.dir, "made")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.dalil("help", *arguments).out)
        return path

    def run_tool(self, *command):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              stdin=subprocess.DEVNULL)

    def test_manual_page_names_every_command_and_option(self):
        page = self.dalil("help", "--man").out
        for text in (".SS scan", ".SS volume add", "\\fB\\-\\-map\\fR \\fIFILE\\fR", "DALIL_KEY_FILE",
                     "13  the archive is damaged"):
            self.assertIn(text, page)
        self.assertNotIn("--", page.replace("'dalil help --man'", ""), "a hyphen that cannot be copied")

    def test_those_who_read_manual_pages_have_nothing_to_say_about_it(self):
        page = self.made("--man")
        for command in (("groff", "-man", "-ww", "-z", "-Tutf8", page), ("mandoc", "-T", "lint", "-W", "warning", page)):
            if shutil.which(command[0]):
                said = self.run_tool(*command).stdout.splitlines()
                # It has no date: whoever builds the same program gets the same page.
                self.assertEqual([line for line in said if "missing date" not in line], [], command[0])

    def complete(self, name):
        if shutil.which(name) is None:
            self.skipTest(f"{name} is not there")
        os.makedirs(os.path.join(self.dir, "sub dir"))
        for file in ("two words.csv", "note"):
            with open(os.path.join(self.dir, file), "w", encoding="utf-8"):
                pass
        shell = Shell(name, self.made("--completion", name), self.dir, self.env)
        try:
            for line, words in (("dalil sca\t", "[scan]"), ("dalil volume li\t", "[volume][list]"),
                                ("dalil --archive scan volume li\t", "[--archive][scan][volume][list]"),
                                ("dalil volume add --js\t", "[volume][add][--json]"),
                                ("dalil --color alw\t", "[--color][always]"), ("dalil --color=alw\t", "[--color=always]"),
                                ("dalil scan --map two\t", "[scan][--map][two words.csv]"),
                                ("dalil scan --map=two\t", "[scan][--map=two words.csv]"),
                                ("dalil scan --map two\\ wo\t", "[scan][--map][two words.csv]"),
                                ("dalil scan sub\t", "[scan][sub dir]"),
                                ("dalil scan --note two\t", "[scan][--note][two]"),
                                ("dalil status two\t", "[status][two]"), ("dalil help volu\t", "[help][volume]")):
                self.assertEqual(shell.words_of(line).replace("/]", "]"), words, line)  # zsh drops the slash
            self.assertIn(shell.words_of("dalil scan --ma\tx"), ("[scan][--map][x]", "[scan][--map=x]"))
        finally:
            shell.end()

    def test_bash_completes(self):
        self.complete("bash")

    def test_zsh_completes(self):
        self.complete("zsh")

    def test_fish_completes(self):
        self.complete("fish")

    def test_other_shells_are_refused(self):
        self.fails("help", "--completion", "csh", expect=FAILURE, message="csh", hint="bash, zsh, fish")


if __name__ == "__main__":
    main()
