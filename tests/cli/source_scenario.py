"""Who items came from: aliases for those who may see them, names for archivists, consent for all that leaves."""
import os
import pty
import select
import signal
import subprocess
import time

from scenario import DALIL, FAILURE, NO, Result, Scenario, main

NAME, CONTACT = "Ahmad Al-Hidden", "+963 944 000 000"
IDENTITY = f"name: {NAME}\ncontact: {CONTACT}\nnote: asks for silence\n  until 2030\n"


class Sources(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for name in "abcd":
            self.write(f"card/{name}.bin", name.encode())
        self.identity = self.write("identity.txt", IDENTITY.encode(), below=self.dir)

    def fed(self, text, *arguments, expect=0):
        process = subprocess.run([DALIL, *arguments], input=text, env=self.env, capture_output=True, cwd=self.dir)
        self.assertEqual(process.returncode, expect, process.stderr)
        return Result(process.returncode, process.stdout, process.stderr)

    def shown(self, alias, *arguments):
        return self.dalil("source", "show", alias, "--json", *arguments)

    def aliases(self, item):
        return self.dalil("show", item, "--json").summary["sources"]

    def matched(self, *filters):
        process = self.start("find", "--json", *filters)
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, NO), err)
        return sorted(copy["path"][-5] for item in Result(0, out, err).of("item") for copy in item["copies"])


class Stating(Sources):
    def test_a_source_is_added_shown_and_listed(self):
        self.dalil("source", "add", "W7", "--consent", "courts", "--note", "met in Idlib", "--reason", "asked in person")
        source = self.shown("W7").of("source")[0]
        self.assertEqual((source["alias"], source["consent"], source["note"], source["items"], source["identity_recorded"]),
                         ("W7", "courts", "met in Idlib", 0, False))
        listed = self.dalil("source", "list", "--json")
        self.assertEqual([one["alias"] for one in listed.of("source")], ["W7"])
        text = self.dalil("source", "show", "W7").out
        self.assertIn("asked in person", text)
        self.assertIn("none on record", text)

    def test_consent_is_archive_only_unless_more_was_given(self):
        self.dalil("source", "add", "W7")
        self.assertEqual(self.shown("W7").of("source")[0]["consent"], "archive-only")
        self.fails("source", "add", "W8", "--consent", "everything", expect=FAILURE, message="'everything'", hint="courts")

    def test_an_alias_stands_for_one(self):
        self.dalil("source", "add", "Witness 7")
        self.fails("source", "add", "Witness 7", expect=FAILURE, message="exists already", hint="source edit")
        self.fails("source", "add", "WITNESS  7", expect=FAILURE, message="mistaken for the source 'Witness 7'")
        self.fails("source", "add", "a\nb", expect=FAILURE, message="cannot be an alias")
        self.fails("source", "show", "W9", expect=FAILURE, message="no source 'W9'", hint="source list")
        self.assertEqual(self.dalil("source", "list", "--json").summary["sources"], 1)

    def test_the_real_name_is_printed_only_when_asked_for(self):
        self.dalil("source", "add", "W7", "--identity", self.identity)
        for arguments in (["source", "show", "W7"], ["source", "show", "W7", "--history"], ["source", "list"], ["log"],
                          ["source", "show", "W7", "--json"], ["log", "--json"], ["status"], ["check"]):
            result = self.dalil(*arguments)
            for secret in (NAME, CONTACT, "silence"):
                self.assertNotIn(secret, result.out + result.err, arguments)
        self.assertTrue(self.shown("W7").of("source")[0]["identity_recorded"])
        text = self.dalil("source", "show", "W7", "--identity").out
        self.assertIn(NAME, text)
        self.assertIn("until 2030", text)
        identity = self.shown("W7", "--identity").of("identity")[0]
        self.assertEqual((identity["name"], identity["contact"], identity["note"]),
                         (NAME, CONTACT, "asks for silence\nuntil 2030"))

    def test_the_identity_comes_from_standard_input(self):
        self.fed(IDENTITY.encode(), "source", "add", "W7", "--identity", "-")
        self.assertEqual(self.shown("W7", "--identity").of("identity")[0]["name"], NAME)

    def test_no_identity_is_taken_from_the_arguments(self):
        self.fails("source", "add", "W7", "--name", NAME, expect=FAILURE, message="--name")

    def test_a_bad_identity_is_refused_without_a_word_of_it(self):
        bad = self.write("bad.txt", f"name: {NAME}\n{CONTACT}\n".encode(), below=self.dir)
        result = self.fails("source", "add", "W7", "--identity", bad, expect=FAILURE, message="line 2", hint="contact:")
        self.assertNotIn(NAME, result.err)
        self.assertNotIn("944", result.err)
        empty = self.write("empty.txt", b"\n", below=self.dir)
        self.fails("source", "add", "W7", "--identity", empty, expect=FAILURE, message="says nothing")
        self.fails("source", "add", "W7", "--identity", self.dir + "/gone", expect=FAILURE, message="gone")
        self.assertEqual(self.dalil("source", "list", "--json").summary["sources"], 0)

    def test_edits_need_a_reason_and_are_kept(self):
        self.dalil("source", "add", "W7", "--identity", self.identity)
        self.fails("source", "edit", "W7", "--consent", "publish", expect=FAILURE, message="--reason")
        self.fails("source", "edit", "W7", expect=FAILURE, message="nothing to change")
        text = self.dalil("source", "edit", "W7", "--consent", "publish", "--reason", "signed a form").out
        self.assertIn("consent: archive-only -> publish", text)
        self.dalil("source", "edit", "W7", "--consent", "courts", "--reason", "is afraid")
        history = self.shown("W7", "--history").of("revision")
        self.assertEqual([one["consent"] for one in history], ["archive-only", "publish", "courts"])
        self.assertEqual([one.get("reason") for one in history], [None, "signed a form", "is afraid"])
        new = self.write("new.txt", b"name: Somebody Else\n", below=self.dir)
        self.dalil("source", "edit", "W7", "--identity", new)
        self.assertEqual(self.shown("W7", "--identity").of("identity")[0]["name"], "Somebody Else")
        names = [one["name"] for one in self.shown("W7", "--identity", "--history").of("identity")]
        self.assertEqual(names, ["Somebody Else", NAME])
        entries = self.dalil("log", "--json").summary["entries"]
        self.assertIn("nothing to change", self.dalil("source", "edit", "W7", "--identity", new).err)
        self.assertEqual(self.dalil("log", "--json").summary["entries"], entries)
        self.assert_sound()

    def test_a_note_comes_from_a_file(self):
        note = self.write("note.txt", "two\nlines أ\n\n".encode(), below=self.dir)
        self.dalil("source", "add", "W7", "--note-file", note)
        self.assertEqual(self.shown("W7").of("source")[0]["note"], "two\nlines أ")
        self.dalil("source", "edit", "W7", "--note-file", "/dev/null", "--reason", "told too much")
        self.assertNotIn("note", self.shown("W7").of("source")[0])
        self.fails("source", "add", "W8", "--note", "x", "--note-file", note, expect=FAILURE, message="exclude each other")


class OnATerminal(Sources):
    def answer(self, answers, *arguments):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(DALIL, [DALIL, *arguments], self.env)
        seen, deadline = b"", time.monotonic() + 60
        while time.monotonic() < deadline:
            if answers and answers[0][0] in seen:
                os.write(fd, answers.pop(0)[1])
            if not select.select([fd], [], [], 0.2)[0]:
                continue
            try:
                piece = os.read(fd, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        else:
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(answers, [], seen)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen

    def test_the_identity_is_asked_for(self):
        code, seen = self.answer([(b"Real name", NAME.encode() + b"\n"), (b"Contact", b"\n"), (b"Note", b"by night\n")],
                                 "source", "add", "W7")
        self.assertEqual(code, 0, seen)
        identity = self.shown("W7", "--identity").of("identity")[0]
        self.assertEqual((identity["name"], identity.get("contact"), identity["note"]), (NAME, None, "by night"))

    def test_empty_answers_are_none_and_no_identity_asks_nothing(self):
        code, seen = self.answer([(b"Real name", b"\n"), (b"Contact", b"\n"), (b"Note", b"\n")], "source", "add", "W7")
        self.assertEqual(code, 0, seen)
        self.assertFalse(self.shown("W7").of("source")[0]["identity_recorded"])
        code, seen = self.answer([], "source", "add", "W8", "--no-identity")
        self.assertEqual(code, 0, seen)
        self.assertNotIn(b"Real name", seen)

    def test_ctrl_c_at_the_question_records_nothing(self):
        code, seen = self.answer([(b"Real name", b"\x03")], "source", "add", "W7")
        self.assertEqual(code, 130, seen)
        self.assertEqual(self.dalil("source", "list", "--json").summary["sources"], 0)


class Assigning(Sources):
    def setUp(self):
        super().setUp()
        self.dalil("source", "add", "W7", "--consent", "publish")
        self.dalil("source", "add", "W8")

    def test_items_are_assigned_and_unassigned_by_hand(self):
        self.scan()
        digest = self.dalil("find", "--path", "c.bin", "--json").of("item")[0]["digest"]
        made = self.dalil("source", "assign", "W7", "disk:card/a.bin", digest[:8], f"{self.tree}/card/b.bin",
                          "--why", "his card", "--json").summary
        self.assertEqual((made["assigned"], made["unchanged"]), (3, 0))
        again = self.dalil("source", "assign", "W7", digest, "--json").summary
        self.assertEqual((again["assigned"], again["unchanged"]), (0, 1))
        self.dalil("source", "assign", "W8", digest)
        self.assertEqual(self.aliases(digest), ["W7", "W8"])
        self.assertEqual(self.dalil("show", digest, "--json").summary["consent"], "archive-only")
        self.fails("source", "unassign", "W8", "disk:card/a.bin", "--why", "x", expect=FAILURE, message="does not come from",
                   hint="dalil show")
        self.fails("source", "unassign", "W8", digest, expect=FAILURE, message="--why")
        self.dalil("source", "unassign", "W8", digest, "--why", "mixed up")
        self.assertEqual(self.aliases(digest), ["W7"])
        withdrawn = [one for one in self.dalil("show", digest, "--json").of("assignment") if one["withdrawn"]]
        self.assertEqual([(one["alias"], one["withdrawn_why"]) for one in withdrawn], [("W8", "mixed up")])
        text = self.dalil("show", digest).out
        self.assertIn("sources (consent: publish)", text)
        self.assertIn("withdrawn: mixed up", text)
        self.assert_sound()

    def test_what_cannot_be_assigned_is_refused_whole(self):
        self.scan()
        self.fails("source", "assign", "W7", "disk:card/a.bin", "ffffffff", expect=FAILURE, message="'ffffffff'")
        self.fails("source", "assign", "nobody", "disk:card/a.bin", expect=FAILURE, message="no source 'nobody'")
        self.assertEqual(self.aliases("disk:card/a.bin"), [])

    def test_a_scan_assigns_what_is_new_and_leaves_the_rest(self):
        self.assertEqual(self.scan("--source", "W7").summary["assigned"], 4)
        self.write("card/e.bin", b"e")
        self.write("card/copy of a.bin", b"a")
        result = self.scan("--source", "W8")
        self.assertEqual((result.summary["assigned"], result.summary["unchanged"]), (2, 4))
        self.assertEqual(self.aliases("disk:card/e.bin"), ["W8"])
        self.assertEqual(self.aliases("disk:card/a.bin"), ["W7", "W8"])
        self.assertEqual(self.aliases("disk:card/b.bin"), ["W7"])
        self.assertIn("not assigned", self.dalil("scan", self.tree, "--volume", "disk", "--source", "W7").out)
        self.assert_sound()

    def test_a_scan_refuses_a_source_that_nobody_stated(self):
        for more in ([], ["--dry-run"]):
            self.fails("scan", self.tree, "--volume", "disk", "--source", "nobody", *more, expect=FAILURE,
                       message="no source 'nobody'", hint="dalil source add")
        self.dalil("find", "--count", expect=NO)

    def test_a_scans_note_comes_from_a_file(self):
        note = self.write("note.txt", b"handed over at night\n", below=self.dir)
        self.scan("--note-file", note)
        self.assertIn("handed over at night", self.dalil("show", "disk:card/a.bin").out)

    def test_finding_by_source_and_consent(self):
        self.scan()
        self.dalil("source", "assign", "W7", "disk:card/a.bin", "disk:card/b.bin")
        self.dalil("source", "assign", "W8", "disk:card/b.bin", "disk:card/c.bin")
        self.assertEqual(self.matched("--source", "W7"), ["a", "b"])
        self.assertEqual(self.matched("--source", "W7", "--source", "W8"), ["a", "b", "c"])
        self.assertEqual(self.matched("--consent", "publish"), ["a"])
        self.assertEqual(self.matched("--consent", "archive-only"), ["b", "c"])
        self.assertEqual(self.matched("--consent", "courts"), [])
        self.assertEqual(self.matched("--consent", "none"), ["d"])
        self.assertEqual(self.matched("--consent", "publish", "--consent", "none"), ["a", "d"])
        self.assertEqual(self.matched("--source", "W8", "--consent", "publish"), [])
        item = self.dalil("find", "--path", "b.bin", "--json").of("item")[0]
        self.assertEqual((item["sources"], item["consent"]), (["W7", "W8"], "archive-only"))
        none = self.dalil("find", "--path", "d.bin", "--json").of("item")[0]
        self.assertEqual((none["sources"], none.get("consent", "absent")), ([], "absent"))
        self.fails("find", "--source", "nobody", expect=FAILURE, message="no source 'nobody'")
        self.fails("find", "--consent", "all", expect=FAILURE, message="'all'", hint="archive-only")
        status = self.dalil("status", "--json").summary
        self.assertEqual((status["sources"], status["items_without_source"]), (2, 1))

    def test_paths_of_find_can_be_assigned(self):
        self.scan()
        listing = self.start("find", "--path", "card/", "-0")
        paths, _ = listing.communicate(timeout=60)
        assigning = subprocess.run(["xargs", "-0", DALIL, "source", "assign", "W7"], input=paths, env=self.env,
                                   capture_output=True, cwd=self.dir)
        self.assertEqual(assigning.returncode, 0, assigning.stderr)
        self.assertEqual(self.matched("--source", "W7"), ["a", "b", "c", "d"])

    def test_a_rebuild_keeps_sources(self):
        self.scan("--source", "W7")
        self.dalil("source", "edit", "W7", "--identity", self.identity)
        before = [self.shown("W7", "--identity", "--history").out, self.dalil("find", "--json").out]
        self.dalil("rebuild")
        self.assertEqual([self.shown("W7", "--identity", "--history").out, self.dalil("find", "--json").out], before)
        self.assert_sound()


if __name__ == "__main__":
    main()
