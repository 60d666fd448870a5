"""Lists on a terminal of 80 columns: nothing wraps, and what tells rows apart stays whole."""
import fcntl
import os
import signal
import struct
import subprocess
import termios

from scenario import DALIL, FAILURE, FIXTURES, INTERRUPTED, NO, WRONG_KEY, Scenario, main

WIDTH = 80
INCIDENT = "SNHR-2017-09-14-MAYADEEN"
LONG = "card-1/copied by the Mayadeen media office in the autumn/DCIM/100APPLE/IMG_20170914_100549_edited.jpg"


def exif_photo(taken):
    """A JPEG of nothing but a time without a zone."""
    text = taken.encode() + b"\0"
    ifd0 = struct.pack(">HHHIII", 1, 0x8769, 4, 1, 26, 0)
    exif = struct.pack(">HHHIII", 1, 0x9003, 2, len(text), 44, 0)
    tiff = b"MM\0*" + struct.pack(">I", 8) + ifd0 + exif + text
    app1 = b"Exif\0\0" + tiff
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(app1) + 2) + app1 + b"\xff\xd9"


class Terminal(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()

    def on_terminal(self, *arguments, expect=0, columns=WIDTH):
        """The lines that a terminal of this width gets."""
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([DALIL, *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE,
                                   env={**self.env, "NO_COLOR": "1"}, cwd=self.dir)
        os.close(slave)
        seen = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(master)
        error = process.communicate()[1]
        self.assertEqual(process.returncode, expect, (seen, error))
        return seen.decode().replace("\r\n", "\n").splitlines()

    def fits(self, *arguments, **options):
        lines = self.on_terminal(*arguments, **options)
        for line in lines:
            self.assertLessEqual(len(line), WIDTH, (arguments, lines))
        return lines

    def test_find_keeps_the_time_and_the_incident_whole(self):
        self.dalil("incident", "add", "--set", "id=" + INCIDENT, "--set", "date=2017-09-14")
        self.write("a/" + os.path.basename(LONG), exif_photo("2017:09:14 10:05:49"))
        self.write(LONG, b"no photo at all")
        self.scan("--incident", INCIDENT)
        self.assertIn("(zone unknown)", self.dalil("find").out)
        shown = "\n".join(self.fits("find"))
        self.assertIn("2017-09-14 10:05:49 (zone unknown)", shown)
        self.assertEqual(shown.count(INCIDENT), 2)
        self.assertIn("edited.jpg", shown)

    def test_every_list_fits(self):
        self.dalil("incident", "add", "--set", "id=" + INCIDENT, "--set", "date=2017-09-14", "--set", "killed=42",
                   "--set", "governorate=Deir ez-Zor", "--set", "perpetrator_group=Syrian or Russian air forces")
        self.dalil("source", "add", "W7", "--note", "who took it is known to the office")
        self.write(LONG, b"content")
        self.scan("--incident", INCIDENT, "--source", "W7")
        self.assertIn("copied by", self.dalil("show", "disk:" + LONG).out)
        self.dalil("key", "add", "--role", "investigator", "--name", "Huda of the second office", "--key-file", "huda.txt")
        for arguments in (["incident", "list"], ["key", "list"], ["source", "list"], ["source", "show", "W7"], ["volume", "list"],
                          ["log"], ["checkpoint", "list"], ["status"], ["find"]):
            self.fits(*arguments)
        [row] = [line for line in self.fits("incident", "list") if INCIDENT in line]
        self.assertIn("42", row)
        copies = self.on_terminal("show", "disk:" + LONG)
        [path] = [line for line in copies if line.endswith("edited.jpg")]
        self.assertLessEqual(len(path), WIDTH)
        self.assertIn("Huda of the second office", self.dalil("key", "list").out)

    def test_lists_of_incidents_and_names_fit_and_cut_no_id(self):
        register = os.path.join(FIXTURES, "incidents", "snhr-2017-09.json")
        self.dalil("incident", "import", register)
        ids = [one["id"] for one in self.dalil("incident", "list", "--json").of("incident")]
        shown = "\n".join(self.fits("incident", "list"))
        self.assertEqual([one for one in ids if one not in shown], [])
        lines = self.fits("incident", "stats", "--by", "party")
        self.assertTrue(any(line.startswith("Internat") for line in lines), lines)
        self.fits("incident", "stats", "--by", "governorate,party")
        self.write(LONG, b"content")
        self.scan("--incident", ids[0])
        self.fits("find", "--count-by", "weapon")
        for arguments in (["parties"], ["weapons"], ["gazetteer", "Idlib"], ["areas-of-control"]):
            self.fits("vocabulary", "show", *arguments)

    def test_help_breaks_lines_between_words(self):
        self.assertEqual([line for line in self.dalil("help", "verify").out.splitlines() if len(line) > WIDTH], [])
        for command in (["help"], ["help", "backup"], ["help", "verify"], ["report", "import", "--help"], ["help", "restore"]):
            lines = self.fits(*command)
            beside = [line for line in lines if line.startswith(" " * 34)]
            self.assertTrue(all(line[34] != " " for line in beside), beside)

    def test_a_damaged_file_keeps_its_folder(self):
        """What is wrong with it goes below where both do not fit."""
        path = "copied by the Mayadeen office/DCIM/IMG_20170914.jpg"
        self.write(path, b"content" * 1000)
        self.scan("--no-metadata")
        self.dalil("incident", "add", "--set", "id=" + INCIDENT)
        self.dalil("link", "disk:" + path, INCIDENT, "--type", "depicts")
        drive = os.path.join(self.dir, "b1")
        os.mkdir(drive)
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", drive, "--volume", "b1")
        with open(os.path.join(drive, "data/disk", path), "r+b") as file:
            file.write(b"X")
        for arguments in (["verify", "--offline", drive], ["verify", drive, "--volume", "b1"]):
            lines = self.on_terminal(*arguments, expect=NO)
            # A key is one word, to be copied.
            self.assertEqual([line for line in lines if len(line) > WIDTH and not line.startswith("    dalil/")], [])
            [bad] = [line for line in lines if line.startswith(("  corrupt ", "  changed ")) and "IMG_20170914" in line]
            self.assertTrue(bad.endswith(path), bad)
        self.assertIn("ENDANGERED  incident " + INCIDENT, "\n".join(lines))
        self.fits("volume", "show", "b1")
        lines = self.fits("repair", drive, "--volume", "b1", "--from", "disk=" + self.tree)
        self.assertTrue([line for line in lines if path in line], lines)
        self.fits("volume", "show", "b1")

    def test_scan_and_verify_shorten_paths(self):
        self.write(LONG, b"content")
        os.mkfifo(os.path.join(self.tree, LONG + ".pipe"))
        lines = self.on_terminal("scan", self.tree, "--volume", "disk", "-v")
        [indexed] = [line for line in lines if line.startswith("new ") and "IMG_" in line]
        self.assertLessEqual(len(indexed), WIDTH)
        self.assertTrue(indexed.endswith("edited.jpg"))
        self.write(LONG, b"changed")
        lines = self.on_terminal("verify", self.tree, "--volume", "disk", expect=NO)
        [bad] = [line for line in lines if "IMG_" in line and ".pipe" not in line]
        self.assertLessEqual(len(bad), WIDTH)
        self.assertIn(LONG, self.dalil("verify", self.tree, "--volume", "disk", expect=NO).out)


class Words(Scenario):
    """What is said has to fit what was asked."""

    def setUp(self):
        super().setUp()
        self.make_archive()

    def key_for(self, role):
        path = os.path.join(self.dir, role + ".txt")
        self.dalil("key", "add", "--role", role, "--name", role.title(), "--key-file", path)
        return {"DALIL_KEY_FILE": path}

    def test_status_says_of_what(self):
        self.write("a", b"a")
        self.scan()
        self.assertIn("1  items linked to no incident", self.dalil("status").out)

    def test_a_removed_key_is_told_to_outsiders(self):
        self.key_for("investigator")
        self.assertEqual([one["removed"] for one in self.dalil("checkpoint", "keys", "--json").of("key")], [None, None])
        self.dalil("key", "remove", "Investigator", "--why", "left")
        [date] = [one["removed"] for one in self.dalil("checkpoint", "keys", "--json").of("key") if one["removed"]]
        text = self.dalil("checkpoint", "keys").out
        self.assertIn("Investigator (investigator) signs with; removed " + date[:10], text)
        self.assertEqual(text.count("removed"), 1)

    def test_a_refusal_names_what_was_asked(self):
        for role in ("investigator", "auditor"):
            env = self.key_for(role)
            for arguments, message in ((["redact", "1"], "destroying contents is for archivists"),
                                       (["key", "rotate"], "sealing everything anew is for archivists"),
                                       (["key", "remove", "archivist"], "only an archivist")):
                self.fails(*arguments, "--why", "x", env=env, expect=WRONG_KEY, message=message, hint="archivist's key")
            self.fails("rebuild", env=env, expect=WRONG_KEY, message="rebuilding is for archivists")

    def test_a_strangers_key_file(self):
        other = os.path.join(self.dir, "other.txt")
        self.dalil("init", os.path.join(self.dir, "elsewhere"), "--key-file", other)
        result = self.fails("status", "--key-file", other, expect=WRONG_KEY, message="does not open", hint="'dalil key add'")
        self.assertNotIn("passphrase", result.err)
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--passphrase",
                   env={"DALIL_NEW_PASSPHRASE_COMMAND": "echo five random words are fine"})
        self.fails("status", "--key-file", other, expect=WRONG_KEY, message="does not open", hint="for a passphrase neither")

    def test_labels_that_people_would_mix_up(self):
        self.dalil("volume", "add", "قرص أحمد", "--kind", "backup")
        for label, known in (("Disk", "disk"), ("dísk", "disk"), ("قرص احمد", "قرص أحمد")):
            self.fails("volume", "add", label, "--kind", "backup", expect=FAILURE,
                       message=f"could be mistaken for the volume '{known}'", hint="case and accents")
        self.dalil("volume", "add", "disk 2", "--kind", "backup")

    def test_what_find_prints_can_be_given_to_show(self):
        names = (b"two\nlines.jpg", b"back\\slash", b"byte\xff", "\u202egpj.exe".encode(), b"a\\nb", b"a\nb")
        for i, name in enumerate(names):
            self.write(b"dir\n1/" + name, b"content %d" % i)
        self.scan("--no-metadata")
        printed = self.dalil("find", "--paths").out.splitlines()
        self.assertEqual(len(printed), len(names))
        found = [self.dalil("show", path, "--json").of("item")[0]["digest"] for path in printed]
        self.assertEqual(len(set(found)), len(names) if "disk:dir\\n1/a\\nb" not in printed else len(names))
        self.fails("show", "disk:dir\\n1/nothing\\n", expect=FAILURE, message="has no copy")

    def test_help_has_its_blank_lines_and_dots(self):
        for command in (["backup"], ["report", "import"], ["verify-bag"], ["policy", "set"]):
            text = self.dalil("help", *command).out
            self.assertIn("\n\nOptions of every command", text)
        for command in (["source", "assign"], ["link"]):
            text = self.dalil("help", *command).out
            self.assertIn("ITEM...", text)
            self.assertNotIn("ITEM... ...", text)
            self.assertNotIn("....", text)

    def test_an_interrupted_scan_that_saw_nothing(self):
        os.truncate(self.write("slow.bin", b"slow"), 1 << 40)
        process = self.start("scan", self.tree, "--volume", "disk", "--no-metadata")

        def reads():
            try:
                files = [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{process.pid}/fd")]
            except OSError:
                return False
            return any(file.endswith("slow.bin") for file in files)

        self.wait_until(reads, "the file was being read")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, INTERRUPTED)
        text = self.dalil("volume", "show", "disk").out
        [run] = [line for line in text.splitlines() if ": " in line and "entry" in line]
        self.assertTrue(run.endswith(": nothing was recorded"), text)
        self.assertRegex(text, r"last scan +\S+ \S+  INTERRUPTED: nothing was recorded")

    def test_a_proof_says_that_it_names_signers(self):
        self.write("a", b"a")
        self.scan()
        text = self.dalil("prove", "--entry", "0", "--out", "proof.txt").out
        self.assertNotRegex(text, r"(?m)^who speaks for it")
        learned = text.split("nothing else of the archive\n")[1].split("\n\n")[0]
        self.assertIn("who speaks for it, with name and role", learned)
        self.assertIn("archivist", learned)


if __name__ == "__main__":
    main()
