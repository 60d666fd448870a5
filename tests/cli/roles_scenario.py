"""What each role is told: everything that its key opens, and of the rest that it is not visible; never a guess."""
import os

from scenario import FAILURE, NO, WRONG_KEY, Scenario, main

SECRETS = ("INC-1", "Khan Sheikhoun", "W7", "met in Idlib", "Ahmad Al-Hidden", "handed over", "secret link", "secret reason")
NOT_VISIBLE = "not visible to this role"


class Roles(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.dalil("incident", "add", "--set", "id=INC-1", "--set", "place=Khan Sheikhoun", "--set", "date=2017-09-11",
                   "--reason", "secret reason")
        identity = self.write("identity.txt", b"name: Ahmad Al-Hidden\n", below=self.dir)
        self.dalil("source", "add", "W7", "--consent", "courts", "--note", "met in Idlib", "--identity", identity)
        for name in "abc":
            self.write(f"card/{name}.bin", name.encode() * 100)
        self.scan("--source", "W7", "--note", "handed over", "--incident", "INC-1")
        self.dalil("link", "disk:card/a.bin", "INC-1", "--type", "context", "--why", "secret link")
        self.dalil("verify", self.tree, "--volume", "disk")
        self.keys = {}
        for role in ("auditor", "investigator"):
            self.keys[role] = os.path.join(self.dir, role + ".txt")
            self.dalil("key", "add", "--role", role, "--key-file", self.keys[role], "--name", role.title())

    def become(self, role):
        self.env["DALIL_KEY_FILE"] = self.keys[role]

    def refused(self, *arguments, message=NOT_VISIBLE):
        result = self.fails(*arguments, expect=WRONG_KEY, message=message)
        self.assertIn("dalil: hint: ", result.err)
        self.assertEqual(result.out, "", arguments)

    def assert_tells_nothing(self, result, secrets=SECRETS):
        for secret in secrets:
            self.assertNotIn(secret, result.out + result.err)


class Auditor(Roles):
    def setUp(self):
        super().setUp()
        self.become("auditor")

    def test_find_tells_what_it_may(self):
        for arguments in (["find"], ["find", "--json"], ["find", "--paths"], ["find", "--path", "a.bin"],
                          ["find", "--volume", "disk"], ["find", "--min-size", "1"]):
            self.assert_tells_nothing(self.dalil(*arguments))
        item = self.dalil("find", "--path", "a.bin", "--json").of("item")[0]
        self.assertEqual([item[field] for field in ("kind", "incidents", "sources", "consent")], [None] * 4)
        self.assertEqual(item["copies"][0]["path"], "card/a.bin")
        result = self.dalil("find")
        self.assertIn(NOT_VISIBLE, result.err)
        self.assertNotIn("incidents", result.out)

    def test_filters_that_need_a_class_are_refused(self):
        for filters in (["--incident", "INC-1"], ["--incident", "NOSUCH"], ["--type", "depicts"], ["--date", "2017"],
                        ["--claimed", "2017"], ["--incident-date", "2017"], ["--kind", "photo"], ["--camera", "canon"],
                        ["--linked"], ["--unlinked"], ["--source", "W7"], ["--source", "NOSUCH"], ["--consent", "courts"],
                        ["--consent", "none"]):
            self.refused("find", *filters)

    def test_filters_are_refused_in_an_empty_archive_too(self):
        self.env["DALIL_KEY_FILE"] = self.key
        self.archive = self.env["DALIL_ARCHIVE"] = os.path.join(self.dir, "empty")
        self.dalil("init", self.archive, "--key-file", os.path.join(self.dir, "other.txt"))
        self.env["DALIL_KEY_FILE"] = os.path.join(self.dir, "other.txt")
        key = os.path.join(self.dir, "second auditor.txt")
        self.dalil("key", "add", "--role", "auditor", "--key-file", key, "--name", "Second")
        self.env["DALIL_KEY_FILE"] = key
        for arguments in (["find", "--unlinked"], ["find", "--consent", "none"], ["incident", "list"],
                          ["incident", "stats"], ["source", "list"]):
            self.refused(*arguments)

    def test_show_says_what_is_missing(self):
        result = self.dalil("show", "disk:card/a.bin")
        self.assert_tells_nothing(result)
        self.assertIn("media facts, links, tags, reviews and sources: " + NOT_VISIBLE, result.out)
        result = self.dalil("show", "disk:card/a.bin", "--json")
        self.assert_tells_nothing(result)
        hidden = {one["what"]: one["visible"] for one in result.of("not_visible")}
        self.assertEqual(hidden, {"facts": False, "links": False, "tags": False, "reviews": False, "sources": False})
        for hidden in ("sources", "consent", "tags", "review_state"):
            self.assertIsNone(result.summary[hidden])
        self.assertEqual(result.of("provenance")[0]["note"], None)
        self.assertEqual(len(result.of("copy")), 1)

    def test_status_shows_volumes_items_and_verifications(self):
        result = self.dalil("status")
        self.assert_tells_nothing(result)
        for what in ("incidents", "links", "sources"):
            self.assertRegex(result.out, f"{what} +{NOT_VISIBLE}")
        self.assertIn("PASS", result.out)
        summary = self.dalil("status", "--json").summary
        self.assertEqual((summary["items"], summary["incidents"], summary["links"], summary["sources"]), (3, None, None, None))
        self.assertFalse(summary["evidence_visible"])

    def test_incidents_links_and_sources_are_refused(self):
        register = self.write("one.csv", b"id,date\nA-1,2017-09-11\n", below=self.dir)
        for arguments in (["incident", "list"], ["incident", "show", "INC-1"], ["incident", "show", "NOSUCH"],
                          ["incident", "stats"], ["incident", "import", register],
                          ["incident", "add", "--set", "id=A-1"],
                          ["incident", "edit", "INC-1", "--set", "killed=1", "--reason", "x"],
                          ["link", "disk:card/a.bin", "INC-1", "--type", "depicts"],
                          ["unlink", "disk:card/a.bin", "INC-1", "--why", "x"], ["source", "list"],
                          ["source", "show", "W7"], ["source", "show", "W7", "--identity"], ["source", "add", "W9"],
                          ["source", "edit", "W7", "--consent", "publish", "--reason", "x"],
                          ["source", "assign", "W7", "disk:card/a.bin"],
                          ["source", "unassign", "W7", "disk:card/a.bin", "--why", "x"],
                          ["tag", "list"], ["query", "list"],
                          ["review", "list"], ["review", "list", "--state", "unreviewed"],
                          ["review", "--link", "1", "--state", "verified"]):
            self.refused(*arguments)
        for arguments in (["tag", "disk:card/a.bin", "--add", "x"], ["query", "save", "x", "size>1"],
                          ["review", "disk:card/a.bin", "--state", "verified"]):
            self.refused(*arguments, message="role")  # to see, or to state: whichever comes first

    def test_a_scan_is_refused_before_anything_is_read(self):
        self.write("card/new.bin", b"new")
        self.refused("scan", self.tree, "--volume", "disk", message="not for this role")
        self.assertEqual(self.dalil("scan", self.tree, "--volume", "disk", "--dry-run", "--json").summary["indexed"], 1)
        self.refused("scan", self.tree, "--volume", "disk", "--dry-run", "--incident", "INC-1")
        self.refused("rebuild", message="for archivists")
        self.dalil("find", "--path", "new.bin", expect=NO)

    def test_verifying_is_done_and_says_nothing_of_incidents(self):
        with open(f"{self.tree}/card/a.bin", "r+b") as file:
            status = os.fstat(file.fileno())
            file.write(b"X")
        os.utime(f"{self.tree}/card/a.bin", ns=(status.st_atime_ns, status.st_mtime_ns))
        report = os.path.join(self.dir, "report.json")
        result = self.dalil("verify", self.tree, "--volume", "disk", "--report", report, expect=NO)
        self.assert_tells_nothing(result)
        self.assertIn("incidents   " + NOT_VISIBLE, result.out)
        with open(report) as file:
            text = file.read()
        for secret in SECRETS:
            self.assertNotIn(secret, text)
        self.assertIn('"incidents":null', text)
        self.assertIn('"incidents_visible":false', text)
        self.assertNotIn("endangered", text)
        self.env["DALIL_KEY_FILE"] = self.key
        self.assertEqual(self.dalil("volume", "list", "--json").of("volume")[0]["last_verification_result"], "FAIL")
        self.assertEqual(self.dalil("log", "--json").of("entry")[-1]["actor"], "Auditor")

    def test_log_and_volume_show_name_what_is_hidden(self):
        result = self.dalil("log", "--json", "--limit", "0")
        self.assert_tells_nothing(result)
        for entry in result.of("entry"):
            self.assertEqual(entry["visible"], entry["class"] == "inventory")
            self.assertEqual(entry["what"] is None, not entry["visible"])
        self.assertIn(NOT_VISIBLE, self.dalil("log").out)
        result = self.dalil("volume", "show", "disk")
        self.assert_tells_nothing(result)
        self.assertIn("notes of scans: " + NOT_VISIBLE, result.out)

    def test_check_says_that_it_looked_at_a_part(self):
        result = self.dalil("check")
        self.assertIn(NOT_VISIBLE, result.out)
        summary = self.dalil("check", "--json").summary
        self.assertTrue(summary["sound"])
        self.assertFalse(summary["derived_compared"])
        self.assertGreater(summary["entries_not_visible"], 5)


class Investigator(Roles):
    IDENTITY = ("Ahmad Al-Hidden", "handed over")

    def setUp(self):
        super().setUp()
        self.become("investigator")

    def test_everything_but_identities_and_notes_is_there(self):
        self.assertEqual(len(self.dalil("find", "--source", "W7", "--incident", "INC-1", "--json").of("item")), 3)
        shown = self.dalil("show", "disk:card/a.bin")
        self.assert_tells_nothing(shown, self.IDENTITY)
        self.assertIn("W7  courts", shown.out)
        self.assertIn("note: " + NOT_VISIBLE, shown.out)
        source = self.dalil("source", "show", "W7", "--json").of("source")[0]
        self.assertEqual((source["items"], source["identity_recorded"]), (3, None))
        text = self.dalil("source", "show", "W7", "--history")
        self.assertIn(NOT_VISIBLE, text.out)
        self.assert_tells_nothing(text, self.IDENTITY)
        self.assert_tells_nothing(self.dalil("log", "--limit", "0"), self.IDENTITY)
        self.assertEqual(self.dalil("status", "--json").summary["sources"], 1)

    def test_identities_are_refused(self):
        self.refused("source", "show", "W7", "--identity")
        identity = os.path.join(self.dir, "identity.txt")
        self.refused("source", "add", "W9", "--identity", identity)
        self.refused("source", "edit", "W7", "--identity", identity)
        self.assertEqual(self.dalil("source", "list", "--json").summary["sources"], 1)

    def test_sources_are_stated_and_scans_made_without_notes(self):
        self.dalil("source", "add", "W8", "--consent", "publish")
        self.write("card/new.bin", b"new")
        self.refused("scan", self.tree, "--volume", "disk", "--source", "W8", "--note", "x", message="notes of scans")
        self.assertEqual(self.scan("--source", "W8").summary["assigned"], 1)
        self.assertEqual(self.dalil("find", "--consent", "publish", "--count").out.strip(), "1")
        self.env["DALIL_KEY_FILE"] = self.key
        self.assertEqual(self.dalil("source", "show", "W8", "--json").of("source")[0]["author"], "Investigator")
        self.assert_sound()


if __name__ == "__main__":
    main()
