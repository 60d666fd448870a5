"""An older archive, or one of another history, in the place of the right one; and no alarm without reason."""
import os
import random
import shutil
import signal
import stat
import subprocess
import time

from scenario import DAMAGED, FAILURE, Scenario, main


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Rollback(Scenario):
    def setUp(self):
        super().setUp()
        self.random = random.Random(20170911)
        self.snapshots = []

    def keep(self):
        """A copy of the directory, as `cp -a` makes it."""
        to = os.path.join(self.dir, f"snapshot{len(self.snapshots)}")
        subprocess.run(["cp", "-a", self.archive, to], check=True)
        self.snapshots.append(to)
        return to

    def put_back(self, snapshot):
        shutil.rmtree(self.archive)
        subprocess.run(["cp", "-a", snapshot, self.archive], check=True)

    def entries(self):
        return self.dalil("log", "--json").summary["entries"]

    def add_incident(self, name, **options):
        return self.dalil("incident", "add", "--set", "id=" + name, **options)

    def other_machine(self, name="other"):
        home = os.path.join(self.dir, name)
        os.makedirs(home, exist_ok=True)
        return {"HOME": home}

    def state_file(self):
        seen = os.path.join(self.home, ".local/state/dalil/seen")
        [name] = [name for name in os.listdir(seen) if not name.endswith(".lock")]
        return os.path.join(seen, name)


class Noticed(Rollback):
    def test_every_older_snapshot_at_every_command_of_a_history(self):
        self.dalil("init", self.archive)
        self.keep()
        self.write("a.txt", b"first")
        history = [("volume", "add", "disk", "--kind", "working"), ("incident", "add", "--set", "id=I1"),
                   ("scan", self.tree, "--volume", "disk"), ("link", "disk:a.txt", "I1", "--type", "depicts"),
                   ("incident", "edit", "I1", "--set", "place=Raqqa", "--reason", "was missing"),
                   ("unlink", "disk:a.txt", "I1", "--why", "no"), ("verify", self.tree, "--volume", "disk"),
                   ("incident", "add", "--set", "id=I2"), ("volume", "add", "backup", "--kind", "backup")]
        for command in history:
            self.dalil(*command)
            self.keep()
        for snapshot in self.snapshots[:-1]:
            self.put_back(snapshot)
            for reading in (("status",), ("log",), ("volume", "list"), ("find",), ("check",)):
                result = self.dalil(*reading, expect=DAMAGED)
                self.assertIn("OLDER THAN WHAT THIS MACHINE HAS SEEN", result.err)
                self.assertLessEqual(max(map(len, result.err.splitlines())), 80, result.err)
                self.assertNotIn("error", result.err)
            self.fails("incident", "add", "--set", "id=I9", expect=DAMAGED, message="nothing is written",
                       hint="checkpoint accept")
            self.fails("rebuild", expect=DAMAGED, message="nothing is written", hint="dalil verify --no-record")
        self.put_back(self.snapshots[-1])
        self.assertEqual(self.dalil("status").err, "")

    def test_a_history_that_went_on_differently(self):
        self.make_archive()
        fork = self.keep()
        for more in range(3):
            self.add_incident(f"I{more}")
        mine = self.keep()
        self.put_back(fork)
        for more in range(6):  # shorter, as long, longer
            self.add_incident(f"J{more}", env=self.other_machine())
            result = self.dalil("status", expect=DAMAGED)
            self.assertIn("OLDER" if more < 2 else "ANOTHER HISTORY", result.err)
            self.assertLessEqual(max(map(len, result.err.splitlines())), 80, result.err)
        self.put_back(mine)
        self.dalil("status")
        self.dalil("status", env=self.other_machine(), expect=DAMAGED)

    def test_reading_works_and_json_tells_the_story(self):
        self.make_archive()
        self.add_incident("I1")
        before, size = self.keep(), self.entries()
        self.add_incident("I2")
        self.put_back(before)
        result = self.dalil("incident", "list", "--json", expect=DAMAGED)
        self.assertEqual([one["id"] for one in result.of("incident")], ["I1"])
        [story] = result.of("rollback")
        self.assertEqual((story["kind"], story["expected_size"], story["found_size"]), ("smaller", size + 1, size))
        self.assertEqual(result.summary["type"], "summary")

    def test_a_machine_that_saw_less_is_content(self):
        self.make_archive()
        self.dalil("status", env=self.other_machine())
        before = self.keep()
        self.add_incident("I1")
        self.put_back(before)
        self.dalil("status", env=self.other_machine())
        self.dalil("status", expect=DAMAGED)


class Remembering(Rollback):
    def test_init_remembers_where_only_its_owner_reads(self):
        self.dalil("init", self.archive)
        path = self.state_file()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode), 0o700)
        self.assertTrue(read(path).decode().startswith("dalil/" + os.path.basename(path) + "\n"))

    def test_the_place_can_be_chosen(self):
        for name, env in (("xdg/dalil", {"XDG_STATE_HOME": os.path.join(self.dir, "xdg")}),
                          ("own", {"DALIL_STATE_DIR": os.path.join(self.dir, "own")})):
            archive = os.path.join(self.dir, "for-" + os.path.basename(name))
            self.dalil("init", archive, env=env)
            self.assertEqual(len(os.listdir(os.path.join(self.dir, name, "seen"))), 2)
        self.assertFalse(os.path.exists(os.path.join(self.home, ".local")))

    def test_a_file_that_is_no_checkpoint_is_an_error_that_names_it(self):
        self.make_archive()
        path = self.state_file()
        whole = read(path)
        for bad in (b"", b"rubbish", whole[:40], whole.replace(b"dalil/", b"other/")):
            with open(path, "wb") as file:
                file.write(bad)
            self.fails("status", expect=FAILURE, message=path)
            self.fails("volume", "add", "x", "--kind", "backup", expect=FAILURE, message=path)
        os.remove(path)
        os.mkdir(path)
        self.fails("status", expect=FAILURE, message=path)

    def test_a_changed_signature_is_an_error(self):
        self.make_archive()
        path = self.state_file()
        head, last = read(path).decode().rstrip("\n").rsplit(" ", 1)
        flipped = last[:-8] + ("A" if last[-8] != "A" else "B") + last[-7:]
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{head} {flipped}\n")
        self.fails("status", expect=FAILURE, message="wrong signature")

    def test_where_nothing_can_be_written_a_warning_says_so(self):
        env = {"DALIL_STATE_DIR": "/proc/no/such/place"}
        self.dalil("init", self.archive, env=env)
        result = self.dalil("incident", "add", "--set", "id=I1", env=env)
        self.assertEqual(result.err.count("does not remember"), 1)
        self.assertEqual(len(self.dalil("incident", "list", "--json", env=env).of("incident")), 1)


class NoFalseAlarm(Rollback):
    def test_killed_at_any_point(self):
        self.make_archive()
        rounds = 400 if "DALIL_LONG" in os.environ else 25
        for i in range(rounds):
            process = self.start("incident", "add", "--set", f"id=K{i}")
            time.sleep(self.random.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.dalil("status")
        self.assert_sound()

    def test_killed_in_a_scan_that_commits_often(self):
        self.make_archive()
        for i in range(3000):
            self.write(f"d{i % 30}/{i}", b"%d" % i)
        for i in range(40 if "DALIL_LONG" in os.environ else 6):
            process = self.start("scan", self.tree, "--volume", "disk", "--rehash")
            time.sleep(self.random.uniform(0.02, 0.5))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.dalil("status")

    def test_two_processes_at_once(self):
        self.make_archive()
        readers = [subprocess.Popen(["sh", "-c", 'while ! [ -e stop ]; do "$0" status >/dev/null || exit; done',
                                     os.environ["DALIL"]], cwd=self.dir, env=self.env, stderr=subprocess.PIPE)
                   for _ in range(2)]
        for i in range(60 if "DALIL_LONG" in os.environ else 20):
            self.add_incident(f"I{i}")
        open(os.path.join(self.dir, "stop"), "w").close()
        for reader in readers:
            _, err = reader.communicate(timeout=60)
            self.assertEqual((reader.returncode, err), (0, b""))
        self.dalil("status")

    def test_two_users_in_turn(self):
        self.make_archive()
        other = self.other_machine()
        for i in range(6):
            self.add_incident(f"A{i}")
            self.add_incident(f"B{i}", env=other)
            self.add_incident(f"C{i}", env=other)
        self.dalil("rebuild", env=other)
        self.dalil("status")
        self.dalil("check")

    def test_a_copy_that_is_up_to_date(self):
        self.make_archive()
        copy = self.keep()
        self.dalil("check", "--archive", copy)
        self.dalil("check")


if __name__ == "__main__":
    main()
