"""What a group asks of its archive, and how far the archive is from it."""
import os
import unittest

from scenario import FAILURE, NO, WRONG_KEY, Scenario, main


class Policies(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk")
        for i in range(4):
            self.write(f"d/f{i}", b"content %d" % i)
        self.dalil("incident", "add", "--set", "id=INC-1", "--set", "date=2017-09-11")
        self.scan()

    def backup(self, label, *more):
        folder = os.path.join(self.dir, label)
        os.makedirs(folder, exist_ok=True)
        self.dalil("backup", "disk", "--to", folder, "--volume", label, *more)
        return folder

    def policy(self, expect):
        return self.dalil("status", "--json", expect=expect).summary["policy"]

    def test_without_one_nothing_is_asked(self):
        shown = self.dalil("status")
        self.assertIn("no policy yet", shown.out)
        self.assertIsNone(self.policy(0))

    def test_copies_are_counted_by_volume_and_the_next_step_is_named(self):
        self.assertIn("2 copies", self.dalil("policy", "set", "--copies", "2", "--reason", "as agreed").out)
        found = self.policy(NO)
        self.assertEqual((found["items"], found["below_policy"], found["too_few_copies"]), (4, 4, 4))
        text = self.dalil("status", expect=NO).out
        self.assertIn("BELOW", text)
        self.assertIn("--volume NEW-LABEL", text)
        self.backup("one", "--path", "f1")
        self.assertEqual(self.policy(NO)["too_few_copies"], 3)
        text = self.dalil("status", expect=NO).out
        self.assertIn(f"dalil backup disk --to {self.dir}/one --volume one", text)
        self.assertIn("3 items short of copies are not on it", text)
        self.backup("one")
        self.assertEqual(self.policy(0)["below_policy"], 0)
        self.assertIn("KEPT", self.dalil("status").out)

    def test_a_damaged_copy_does_not_count(self):
        folder = self.backup("one")
        self.dalil("policy", "set", "--copies", "2")
        self.policy(0)
        with open(os.path.join(folder, "data", "disk", "d", "f2"), "r+b") as file:
            file.write(b"X")
        self.dalil("verify", folder, "--volume", "one", expect=NO)
        self.assertEqual(self.policy(NO)["too_few_copies"], 1)

    def test_cards_do_not_count(self):
        self.dalil("volume", "add", "card", "--kind", "source")
        self.dalil("scan", self.tree, "--volume", "card")
        self.dalil("policy", "set", "--copies", "2")
        self.assertEqual(self.policy(NO)["too_few_copies"], 4)

    def test_places_have_to_be_named(self):
        self.backup("one")
        self.dalil("policy", "set", "--copies", "2", "--places", "2")
        self.assertEqual(self.policy(NO)["too_few_places"], 4)
        self.assertIn("dalil volume edit one --at PLACE", self.dalil("status", expect=NO).out)
        self.dalil("volume", "edit", "one", "--at", "safe in Paris")
        self.assertEqual(self.policy(NO)["too_few_places"], 4)  # where the disk is, nobody said
        self.dalil("volume", "edit", "disk", "--at", "office")
        self.policy(0)
        self.assertIn("safe in Paris", self.dalil("volume", "show", "one").out)
        self.dalil("volume", "edit", "disk", "--at", "safe in Paris")
        self.assertEqual(self.policy(NO)["too_few_places"], 4)
        self.assertIn("once a drive was taken to another place", self.dalil("status", expect=NO).out)

    def test_two_spellings_of_a_place_are_one_place(self):
        self.backup("one")
        self.dalil("policy", "set", "--copies", "2", "--places", "2")
        for disk, one in (("office", " Office "), ("البيت الأوّل", "البيت  الاول"), ("Café", "cafe"), ("office", "  ")):
            self.dalil("volume", "edit", "disk", "--at", disk)
            self.dalil("volume", "edit", "one", "--at", one)
            self.assertEqual(self.policy(NO)["too_few_places"], 4, one)
        self.dalil("volume", "edit", "one", "--at", "office 2")
        self.policy(0)

    def test_what_was_read_in_time(self):
        self.dalil("policy", "set", "--copies", "1", "--verified-within", "26w")
        self.assertEqual(self.policy(0)["verified_within_days"], 182)  # taking in is reading
        self.dalil("policy", "set", "--verified-within", "0")
        self.assertEqual(self.policy(0)["verified_within_days"], 0)

    def test_an_incident_may_ask_for_more(self):
        self.dalil("link", "disk:d/f1", "INC-1", "--type", "depicts")
        self.dalil("policy", "set", "--copies", "1")
        self.policy(0)
        self.dalil("policy", "set", "--copies", "2", "--incident", "INC-1", "--reason", "will be asked for")
        found = self.policy(NO)
        self.assertEqual((found["below_policy"], found["incident_policies"]), (1, 1))
        self.assertIn("INC-1: 1 of 1 item (2 copies)", self.dalil("status", expect=NO).out)
        self.backup("one", "--incident", "INC-1")
        self.policy(0)
        history = self.dalil("policy", "show", "--history", "--json").of("policy")
        self.assertEqual([one.get("incident") for one in history], [None, "INC-1"])
        self.dalil("policy", "set", "--copies", "0", "--incident", "INC-1")
        self.assertEqual(self.policy(0)["incident_policies"], 0)
        self.assert_sound()
        self.dalil("rebuild")
        self.assertEqual(len(self.dalil("policy", "show", "--history", "--json").of("policy")), 3)

    def test_an_auditor_sees_the_one_for_everything(self):
        auditor = os.path.join(self.dir, "auditor.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Aya", "--key-file", auditor)
        self.dalil("policy", "set", "--copies", "2")
        self.dalil("policy", "set", "--copies", "3", "--incident", "INC-1")
        env = {"DALIL_KEY_FILE": auditor}
        shown = self.dalil("policy", "show", env=env).out
        self.assertIn("everything: 2 copies", shown)
        self.assertIn("policies of incidents: not visible to this role", shown)
        self.assertNotIn("INC-1", shown + self.dalil("status", env=env, expect=NO).out)
        self.assertNotIn("INC-1", self.dalil("log", "--limit", "0", env=env).out)
        self.fails("policy", "set", "--copies", "1", env=env, expect=WRONG_KEY, message="auditor")

    def test_mistakes_are_named(self):
        self.fails("policy", "set", expect=FAILURE, message="what is the policy to ask for", hint="--copies")
        self.fails("policy", "set", "--copies", "1", "--places", "2", expect=FAILURE, message="2 places take more")
        self.fails("policy", "set", "--verified-within", "soon", expect=FAILURE, message="no number of days", hint="180d")
        self.fails("policy", "set", "--copies", "9999", expect=FAILURE, message="too many")
        self.fails("policy", "set", "--copies", "2", "--incident", "NONE", expect=FAILURE, message="NONE")
        self.fails("volume", "edit", "disk", expect=FAILURE, message="what is to be changed")


if __name__ == "__main__":
    main()
