"""What somebody finds who takes the machine: on the disk without a key, and in a process while it runs."""
import base64
import hashlib
import os
import subprocess
import unittest

from scenario import MIB, Scenario, main

SECRETS = ["Rana al-Khatib", "0944 123 456", "INC-7731-KHAN", "Khan-Sheikhun-Hospital", "شاهد عيان رقم واحد",
           "from the hospital's roof", "rooftop-video-0912.txt", "withdrawn-because-of-fear", "the-group-working-disk"]


def encodings(secret):
    """The forms in which a text would stand in a file."""
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    yield secret.encode("utf-16-le")
    # In base64 a text looks different at each of three places; what does not depend on its neighbours is searched.
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + raw)[4 if shift else 0:-4]


class SwitchedOff(Scenario):
    def make(self):
        self.dalil("init", self.archive, "--name", "Amal")
        self.dalil("volume", "add", "the-group-working-disk", "--kind", "working")
        self.content = b"the bytes of a video " * 999
        self.write("Khan-Sheikhun-Hospital/rooftop-video-0912.txt", self.content)
        self.write("big.bin", os.urandom(2 * MIB))
        self.dalil("incident", "add", "--set", "id=INC-7731-KHAN", "--set", "date=2017-09-11",
                   "--set", "notes=from the hospital's roof", "--set", "description_ar=شاهد عيان رقم واحد")
        identity = os.path.join(self.dir, "identity.txt")
        with open(identity, "w", encoding="utf-8") as file:
            file.write("name: Rana al-Khatib\ncontact: 0944 123 456\n")
        self.dalil("source", "add", "S-1", "--identity", identity)
        os.unlink(identity)
        self.scan("--incident", "INC-7731-KHAN", "--source", "S-1", volume="the-group-working-disk")
        path = "the-group-working-disk:Khan-Sheikhun-Hospital/rooftop-video-0912.txt"
        self.dalil("unlink", path, "INC-7731-KHAN", "--why", "withdrawn-because-of-fear")
        self.dalil("find", "--json")
        self.dalil("verify", self.tree, "--volume", "the-group-working-disk")
        self.dalil("cosign")

    def on_the_disk(self):
        """Everything that was left in the archive and at home, without the key file."""
        for top in (self.archive, self.home):
            for folder, _, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)
                    with open(path, "rb") as file:
                        yield path, os.fsencode(path) + file.read()

    def assert_closed(self):
        digest = hashlib.sha256(self.content)
        sought = [form for secret in SECRETS for form in encodings(secret)]
        sought += [digest.digest(), digest.hexdigest().encode(), base64.b64encode(digest.digest())[:-4]]
        seen = 0
        for path, content in self.on_the_disk():
            seen += len(content)
            for form in sought:
                self.assertNotIn(form, content, path)
        self.assertGreater(seen, 100_000)

    def test_nothing_of_what_was_recorded_can_be_read_without_a_key(self):
        self.make()
        self.assert_closed()
        self.dalil("rebuild")
        self.assert_closed()
        self.dalil("key", "rotate", "--why", "yearly")
        self.assert_closed()

    def test_the_search_does_find_what_is_there(self):
        self.make()
        with open(os.path.join(self.archive, "keys", "notes.txt"), "wb") as file:
            file.write(base64.b64encode(b"to: " + SECRETS[0].encode() + b", urgent"))
        with self.assertRaises(AssertionError):
            self.assert_closed()


class SwitchedOn(Scenario):
    def status_of(self, process):
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
            return dict(line.split(":\t", 1) for line in file if ":\t" in line)

    @unittest.skipIf("ASAN_OPTIONS" in os.environ, "the address sanitizer leaves locking out")
    def test_keys_are_locked_in_memory_and_a_crash_leaves_no_core(self):
        self.make_archive()
        self.write_slow_files(40)
        process = self.start("scan", self.tree, "--volume", "disk")
        self.addCleanup(process.kill)
        self.wait_until(lambda: int(self.status_of(process)["VmLck"].split()[0]) > 0, "memory was locked", seconds=30)
        with open(f"/proc/{process.pid}/limits", encoding="utf-8") as file:
            [core] = [line for line in file if line.startswith("Max core file size")]
        self.assertEqual(core.split()[4:6], ["0", "0"])
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            arguments = file.read()
        with open(self.key, "rb") as file:
            secret = [line for line in file.read().splitlines() if line.startswith(b"AGE-SECRET-KEY")][0]
        self.assertNotIn(secret, arguments)
        with open(f"/proc/{process.pid}/environ", "rb") as file:
            self.assertNotIn(secret, file.read())
        process.kill()
        process.communicate()


if __name__ == "__main__":
    main()
