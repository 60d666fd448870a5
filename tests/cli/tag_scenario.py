"""Tags: put on items, taken off, listed, shown, kept on record."""
import os
import subprocess

from scenario import DALIL, FAILURE, Scenario, main


class Tags(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        for name in "abc":
            self.write(f"card/{name}.bin", name.encode())
        self.scan()

    def tags_of(self, item):
        return self.dalil("show", item, "--json").summary["tags"]

    def listed(self):
        return {one["tag"]: one["items"] for one in self.dalil("tag", "list", "--json").of("tag")}

    def test_tags_are_put_on_and_taken_off(self):
        made = self.dalil("tag", "disk:card/a.bin", "disk:card/b.bin", "--add", "سوق", "--add", "by night",
                          "--why", "seen", "--json")
        self.assertEqual((made.summary["items"], made.summary["added"], made.summary["unchanged"]), (2, 4, 0))
        self.assertEqual({one["result"] for one in made.of("tagging")}, {"new"})
        self.assertEqual(self.listed(), {"by night": 2, "سوق": 2})
        self.assertEqual(self.tags_of("disk:card/a.bin"), ["سوق", "by night"])
        again = self.dalil("tag", "disk:card/a.bin", "disk:card/c.bin", "--add", "سوق", "--remove", "by night",
                           expect=FAILURE)
        self.assertIn("has no tag 'by night'", again.err)
        self.assertIn("nothing was changed", again.err)
        self.assertEqual(self.listed(), {"by night": 2, "سوق": 2})
        text = self.dalil("tag", "disk:card/a.bin", "--remove", "by night", "--why", "a dark street").out
        self.assertIn("has no longer 'by night'", text)
        shown = self.dalil("show", "disk:card/a.bin").out
        self.assertIn("by night (taken off)  (seen)", shown)
        self.assertIn("taken off: a dark street", shown)
        self.assertEqual(self.listed(), {"by night": 1, "سوق": 2})
        self.assert_sound()
        self.dalil("rebuild")
        self.assertEqual(self.listed(), {"by night": 1, "سوق": 2})

    def test_one_entry_holds_many_items(self):
        self.dalil("tag", "disk:card/a.bin", "disk:card/b.bin", "disk:card/c.bin", "--add", "x")
        logged = self.dalil("log", "--kind", "tags-changed", "--json").of("entry")
        self.assertEqual(len(logged), 1)
        self.assertEqual((logged[0]["class"], logged[0]["fields"]["tag"], logged[0]["fields"]["items"]),
                         ("evidence", "x", 3))
        self.assertIn("tag x put on 3 items", self.dalil("log").out)
        self.assertEqual(len(self.dalil("log", "--item", "disk:card/b.bin", "--kind", "tags-changed", "--json").of("entry")), 1)

    def test_an_item_that_is_named_twice_is_one(self):
        digest = self.dalil("find", "--path", "a.bin", "--json").of("item")[0]["digest"]
        made = self.dalil("tag", digest, digest[:8], "disk:card/a.bin", "--add", "x", "--json").summary
        self.assertEqual((made["items"], made["added"]), (1, 1))

    def test_names_that_look_alike_are_refused(self):
        self.dalil("tag", "disk:card/a.bin", "--add", "Market")
        self.fails("tag", "disk:card/b.bin", "--add", "market", expect=FAILURE, message="mistaken for the tag 'Market'")
        self.fails("tag", "disk:card/b.bin", "--add", "a\nb", expect=FAILURE, message="cannot be a tag")

    def test_mistakes_are_named(self):
        self.fails("tag", expect=FAILURE, message="which items")
        self.fails("tag", "disk:card/a.bin", expect=FAILURE, message="what is to become", hint="--add")
        self.fails("tag", "ffffffff", "--add", "x", expect=FAILURE, message="'ffffffff'")
        self.fails("tag", "list", "--add", "x", expect=FAILURE, message="has no meaning here", hint="dalil help tag")
        self.assertEqual(self.listed(), {})
        self.assertIn("no tags yet", self.dalil("tag", "list").err)

    def test_paths_of_find_can_be_tagged(self):
        paths = self.dalil("find", "-0").out.encode()
        tagging = subprocess.run(["xargs", "-0", DALIL, "tag", "--add", "all", "--"], input=paths, env=self.env,
                                 capture_output=True, cwd=self.dir)
        self.assertEqual(tagging.returncode, 0, tagging.stderr)
        self.assertEqual(self.listed(), {"all": 3})

    def test_a_destroyed_tag_is_gone(self):
        self.dalil("tag", "disk:card/a.bin", "--add", "Name of a person")
        seq = self.dalil("log", "--kind", "tags-changed", "--json").of("entry")[0]["seq"]
        self.dalil("redact", str(seq), "--why", "asked for")
        self.assertEqual(self.listed(), {})
        self.assertNotIn("Name of a person", self.dalil("log").out + self.dalil("show", "disk:card/a.bin").out)
        self.assert_sound()

    def test_the_words_of_the_group_are_in_the_manual_and_in_completions(self):
        manual = self.dalil("help", "--man").out
        self.assertIn(".SS tag\n", manual)
        self.assertIn(".SS tag list\n", manual)
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("tag", self.dalil("help", "--completion", shell).out)
        self.assertIn("--add", self.dalil("help", "tag").out)
        self.assertIn("list the tags", self.dalil("help", "tag", "list").out)
        script = os.path.join(self.dir, "completion.bash")
        with open(script, "w", encoding="utf-8") as file:
            file.write(self.dalil("help", "--completion", "bash").out)
        asked = subprocess.run(["bash", "-c", f'source {script}; COMP_WORDS=(dalil tag --a); COMP_CWORD=2; _dalil; '
                                'echo "${COMPREPLY[@]}"'], capture_output=True, text=True, check=True)
        self.assertIn("--add", asked.stdout.split())


if __name__ == "__main__":
    main()
