"""Trees that mean no good: nothing hangs, nothing is followed, every file is accounted for."""
import json
import os
import shutil
import socket
import threading

from scenario import FAILURE, PARTIAL, Scenario, main


def without_override():
    """Root reads everything; without these capabilities it is like anybody."""
    if os.geteuid() != 0:
        return ()
    dropped = "-dac_override,-dac_read_search"
    return ("setpriv", "--inh-caps=" + dropped, "--bounding-set=" + dropped)


class Hostile(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.write("good.bin", b"good")

    def test_a_fifo_a_socket_and_a_device_are_reported_and_never_read(self):
        os.mkfifo(f"{self.tree}/pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            os.chdir(self.tree)
            listener.bind("sock")
            os.chdir("/")
        summary = self.scan().summary
        self.assert_accounted(summary)
        self.assertEqual((summary["skipped"], summary["indexed"], summary["failed"]), (2, 1, 0))
        problems = self.scan().of("problem")
        self.assertEqual(sorted(one["path"] for one in problems), ["pipe", "sock"])

    def test_links_are_recorded_and_never_followed(self):
        os.symlink(".", f"{self.tree}/loop")
        os.symlink("/etc/passwd", f"{self.tree}/away")
        os.symlink("nowhere", f"{self.tree}/dangling")
        os.symlink("mutual-b", f"{self.tree}/mutual-a")
        os.symlink("mutual-a", f"{self.tree}/mutual-b")
        summary = self.scan().summary
        self.assert_accounted(summary)
        self.assertEqual((summary["symlinks"], summary["new_items"], summary["failed"]), (5, 1, 0))
        self.assertEqual(self.dalil("verify", self.tree, "--volume", "disk", "--json").summary["result"], "PASS")

    def test_an_unreadable_file_costs_itself_alone(self):
        os.chmod(self.write("secret.bin", b"secret"), 0)
        os.makedirs(f"{self.tree}/closed")
        self.write("closed/inside.bin", b"inside")
        os.chmod(f"{self.tree}/closed", 0)
        self.addCleanup(os.chmod, f"{self.tree}/closed", 0o700)
        result = self.scan(prefix=without_override(), expect=PARTIAL)
        self.assert_accounted(result.summary)
        self.assertEqual(result.summary["indexed"], 1)
        problems = {one["path"]: one for one in result.of("problem")}
        self.assertEqual(problems["secret.bin"]["errno"], 13)
        self.assertIn("closed", problems)
        self.assertEqual(self.dalil("find", "--count").out.strip(), "1")
        self.assert_sound()

    def test_what_could_not_be_read_is_not_taken_for_vanished(self):
        path = self.write("secret.bin", b"secret")
        self.scan()
        os.chmod(path, 0)
        os.utime(path, (1, 1))
        self.scan(prefix=without_override(), expect=PARTIAL)
        os.chmod(path, 0o600)
        shown = self.dalil("show", "disk:secret.bin", "--json")
        self.assertEqual([copy["state"] for copy in shown.of("copy")], ["live"])

    def test_names_are_bytes(self):
        names = [b"line\nbreak", b"not-utf8-\xff\xfe", b"tab\there", b"quote'\"\\", b"-dash",
                 "صورة ١.jpg".encode(), b"bidi-\xe2\x80\xaegpj.exe", b"\x1b[31mred"]
        for i, name in enumerate(names):
            self.write(name, b"content %d" % i)
        summary = self.scan().summary
        self.assertEqual((summary["indexed"], summary["failed"]), (len(names) + 1, 0))
        raw = self.dalil("find", "--paths", "-0", "--volume", "disk").raw
        self.assertEqual(sorted(raw.split(b"\0")[:-1]), sorted(names + [b"good.bin"]))
        text = self.dalil("find", "--paths").raw
        self.assertEqual(len(text.splitlines()), len(names) + 1)
        self.assertNotIn(b"\x1b", text)
        self.assertNotIn(b"\xe2\x80\xae", text)
        paths = [copy for one in self.dalil("find", "--json").of("item") for copy in one["copies"]]
        not_utf8 = [copy for copy in paths if "path_b64" in copy]
        self.assertEqual(len(not_utf8), 1)
        self.assertEqual(not_utf8[0]["path"], "not-utf8-\\xff\\xfe")
        self.assertEqual(self.dalil("verify", self.tree, "--volume", "disk", "--json").summary["result"], "PASS")
        self.dalil("show", b"disk:line\nbreak")

    def test_paths_longer_than_the_kernel_takes(self):
        name = "d" * 200
        at = os.open(self.tree, os.O_RDONLY)
        for _ in range(30):
            os.mkdir(name, dir_fd=at)
            below = os.open(name, os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        with os.fdopen(os.open("deep.bin", os.O_WRONLY | os.O_CREAT, dir_fd=at), "wb") as file:
            file.write(b"deep")
        os.close(at)
        summary = self.scan("--incident-from", "INC-([0-9]+)").summary
        self.assertEqual((summary["indexed"], summary["failed"]), (2, 0))
        self.assertEqual(self.dalil("verify", self.tree, "--volume", "disk", "--json").summary["result"], "PASS")
        self.assertEqual(self.dalil("find", "--path", "deep.bin", "--count").out.strip(), "1")

    def test_files_that_vanish_during_the_walk_are_accounted_for(self):
        for i in range(3000):
            self.write(f"d{i % 30}/f{i}", b"%d" % i)
        scan = self.start("scan", self.tree, "--volume", "disk", "--json", "--no-metadata")
        remover = threading.Thread(target=lambda: [shutil.rmtree(f"{self.tree}/d{i}") for i in range(29, 14, -1)])
        remover.start()
        out, err = scan.communicate(timeout=120)
        remover.join()
        self.assertIn(scan.returncode, (0, PARTIAL), err)
        self.assert_accounted(json.loads(out.splitlines()[-1]))
        summary = self.scan("--no-metadata", expect=None).summary  # some may have been taken in before they went
        self.assert_accounted(summary)
        self.assertEqual(self.dalil("verify", self.tree, "--volume", "disk", "--json").summary["result"], "PASS")
        self.assert_sound()

    def test_the_archive_itself_is_skipped(self):
        result = self.dalil("scan", self.dir, "--volume", "disk", "--json", expect=PARTIAL)
        self.assertEqual([one["path"] for one in result.of("problem")], ["key.txt"])
        self.assert_accounted(result.summary)
        paths = self.dalil("find", "--paths").out
        self.assertNotIn("data.mdb", paths)
        self.assertIn("good.bin", paths)

    def test_a_file_given_as_item_is_only_read_if_it_is_a_regular_one(self):
        os.mkfifo(f"{self.tree}/pipe")
        self.fails("show", f"{self.tree}/pipe", expect=FAILURE, message="pipe")


if __name__ == "__main__":
    main()
