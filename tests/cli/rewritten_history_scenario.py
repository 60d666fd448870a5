"""Two archivists and an auditor, one of them dishonest: what is found out about a history that was written anew.

Basel holds an archivist's keys, a copy of the archive from before, and all the time in the world. He drops what Amal
recorded and writes the rest again. Each test puts one anchor to it; the last ones show what no anchor holds.
"""
import os
import shutil
import subprocess

from scenario import DAMAGED, NO, WRONG_KEY, Scenario, main


class RewrittenHistory(Scenario):
    def setUp(self):
        super().setUp()
        self.amal = self.person("amal", self.key)
        self.dalil("init", self.archive, "--name", "Amal", env=self.amal)
        self.basel, self.sami = self.admit("archivist", "Basel"), self.admit("auditor", "Sami")
        self.write("tank.jpg", b"a tank")
        self.write("street.jpg", b"a street")
        self.dalil("volume", "add", "disk", "--kind", "working", env=self.amal)
        self.scan(env=self.basel)
        self.add_incident("I1", self.amal)
        self.kept = os.path.join(self.dir, "basel-keeps-this")
        subprocess.run(["cp", "-a", self.archive, self.kept], check=True)
        self.fork = self.size(self.amal)
        # What Basel will want to be rid of, and what came after it.
        self.dalil("link", "disk:tank.jpg", "I1", "--type", "identifies-perpetrator", "--why", "unit 12", env=self.amal)
        self.add_incident("I2", self.basel)
        self.dalil("verify", self.tree, "--volume", "disk", env=self.sami)

    def person(self, name, key):
        """A machine of one's own: what it has seen it remembers."""
        home = os.path.join(self.dir, "home-of-" + name)
        os.makedirs(home)
        return {"HOME": home, "DALIL_KEY_FILE": key}

    def admit(self, role, name):
        key = os.path.join(self.dir, name + ".key")
        self.dalil("key", "add", "--role", role, "--name", name, "--key-file", key, env=self.amal)
        return self.person(name.lower(), key)

    def new_machine(self, person, name):
        return self.person(name, person["DALIL_KEY_FILE"])

    def add_incident(self, name, who):
        self.dalil("incident", "add", "--set", "id=" + name, "--set", "date=2017-09-11", env=who)

    def log(self, who):
        return self.dalil("log", "--json", env=who).of("entry")

    def size(self, who):
        return len(self.log(who))

    def links(self, who):
        return [one["actor"] for one in self.log(who) if one.get("kind") == "link_made"]

    def rewrite(self, more=4):
        """Basel writes the history again from where his copy ends, on a machine that never saw the true one."""
        forger = self.new_machine(self.basel, "forger")
        shutil.rmtree(self.archive)
        subprocess.run(["cp", "-a", self.kept, self.archive], check=True)
        self.dalil("link", "disk:tank.jpg", "I1", "--type", "context", "--why", "unit unknown", env=forger)
        self.add_incident("I2", forger)
        self.dalil("verify", self.tree, "--volume", "disk", env=forger)
        for number in range(more):  # so that the forged history is the longer one
            self.add_incident(f"J{number}", forger)
        return forger

    def test_each_act_bears_its_actors_key(self):
        actors = {}
        for one in self.log(self.amal):
            actors.setdefault(one["actor"], set()).add(one["kind"])
        self.assertIn("link_made", actors["Amal"])
        self.assertIn("copy_seen", actors["Basel"])
        self.assertEqual(actors["Sami"], {"directories_verified", "run", "verification_begun"})
        self.assertNotIn("link_made", actors["Basel"])
        checkpoints = self.dalil("checkpoint", "list", "--json", env=self.sami).of("checkpoint")
        signed_by = {one["size"]: [by["actor"] for by in one["signed_by"]] for one in checkpoints}
        for number, one in enumerate(self.log(self.amal)):
            covering = min(size for size in signed_by if size > number)
            self.assertEqual(signed_by[covering], [one["actor"]])

    def test_who_had_seen_the_true_history_is_told(self):
        self.rewrite()
        for who in (self.amal, self.sami, self.basel):  # Basel's own everyday machine is no exception
            result = self.dalil("status", env=who, expect=DAMAGED)
            self.assertIn("ANOTHER HISTORY", result.err)

    def test_the_auditor_does_not_cosign_it_even_on_a_new_machine(self):
        self.dalil("cosign", env=self.sami)
        self.rewrite()
        self.dalil("cosign", env=self.sami, expect=DAMAGED)
        # The archive's own record of what was cosigned went with the true history; the auditor's file did not.
        forgot = self.new_machine(self.sami, "sami-anew")
        kept = os.path.join(self.sami["HOME"], ".local/state/dalil/cosigned")
        shutil.copytree(kept, os.path.join(forgot["HOME"], ".local/state/dalil/cosigned"))
        self.dalil("cosign", env=forgot, expect=DAMAGED)

    def test_a_checkpoint_that_was_kept_elsewhere_contradicts_it(self):
        file = os.path.join(self.dir, "with-the-lawyer.txt")
        self.dalil("checkpoint", "export", file, env=self.amal)
        self.rewrite()
        stranger = self.new_machine(self.amal, "lawyer")
        result = self.dalil("checkpoint", "verify", file, env=stranger, expect=NO)
        self.assertTrue(result.out.startswith("INCONSISTENT"), result.out)

    def test_a_shorter_forgery_is_a_rollback(self):
        file = os.path.join(self.dir, "with-the-lawyer.txt")
        self.dalil("checkpoint", "export", file, env=self.amal)
        shutil.rmtree(self.archive)
        subprocess.run(["cp", "-a", self.kept, self.archive], check=True)
        stranger = self.new_machine(self.amal, "lawyer")
        self.dalil("checkpoint", "verify", file, env=stranger, expect=DAMAGED)

    def test_a_bundle_that_a_court_has_still_proves_what_was_dropped(self):
        bundle = os.path.join(self.dir, "court.json")
        [link] = [one["seq"] for one in self.log(self.amal) if one.get("kind") == "link_made"]
        self.dalil("cosign", env=self.sami)
        self.dalil("prove", "--link", str(link), "--out", bundle, env=self.amal)
        keys = self.dalil("key", "list", "--json", env=self.sami).of("key")
        self.rewrite()
        result = self.dalil("check-proof", bundle, env=self.new_machine(self.amal, "court"))
        self.assertIn("unit 12", result.out)
        [amal] = [one["actor"] for one in keys if one["actor_name"] == "Amal"]
        self.assertIn(amal, result.out)

    def test_nothing_is_laid_to_amal(self):
        """Her entries after the fork cannot be written again without her key: they are gone, or they are Basel's."""
        self.rewrite()
        anew = self.new_machine(self.basel, "anew")
        self.assertEqual(self.links(anew), ["Basel"])
        after = self.log(anew)[self.fork:]
        self.assertEqual({one["actor"] for one in after}, {"Basel"})

    def test_not_detected_a_machine_that_saw_nothing_has_nothing_to_compare_with(self):
        self.rewrite()
        newcomer = self.new_machine(self.amal, "newcomer")
        self.assertEqual(self.dalil("status", env=newcomer).err, "")
        self.assertTrue(self.dalil("check", "--json", env=newcomer).summary["sound"])
        self.assertEqual(self.links(newcomer), ["Basel"])

    def test_not_detected_what_nobody_else_saw_yet_is_dropped_without_a_trace(self):
        """The anchor is older than what is dropped: everybody but the one who wrote it is content."""
        file = os.path.join(self.dir, "with-the-lawyer.txt")
        shutil.rmtree(self.archive)
        subprocess.run(["cp", "-a", self.kept, self.archive], check=True)
        lawyer, auditor = self.new_machine(self.amal, "lawyer"), self.new_machine(self.sami, "auditor-anew")
        self.dalil("checkpoint", "export", file, env=lawyer)
        self.dalil("cosign", env=auditor)
        self.kept = self.kept + "-2"
        subprocess.run(["cp", "-a", self.archive, self.kept], check=True)
        anew = self.new_machine(self.amal, "amal-anew")
        self.dalil("link", "disk:tank.jpg", "I1", "--type", "identifies-perpetrator", env=anew)
        self.rewrite()
        self.dalil("checkpoint", "verify", file, env=lawyer)
        self.dalil("cosign", env=auditor)
        self.assertIn("ANOTHER HISTORY", self.dalil("status", env=anew, expect=DAMAGED).err)

    def test_a_removed_archivist_can_go_on_only_with_a_history_that_ends_before_the_removal(self):
        self.dalil("key", "remove", "Basel", "--why", "found out", env=self.amal)
        slot = [name for name in os.listdir(os.path.join(self.kept, "keys")) if name.startswith("archivist-2")]
        for name in slot:
            shutil.copy(os.path.join(self.kept, "keys", name), os.path.join(self.archive, "keys", name))
        result = self.dalil("incident", "add", "--set", "id=X", "--set", "date=2017", env=self.basel, expect=WRONG_KEY)
        self.assertIn("may sign", result.err)
        self.rewrite(more=0)  # his old copy still takes his signature ...
        self.assertIn("OLDER", self.dalil("status", env=self.amal, expect=DAMAGED).err)  # ... and Amal is told


if __name__ == "__main__":
    main()
