"""Plain and sealed drives from one engine: what lies on both, and what each of them tells."""
import base64
import glob
import hashlib
import os
import random
import signal
import time

from backup_scenario import Backup, content_of
from scenario import FAILURE, NO, main


def sha256(data):
    return hashlib.sha256(data).digest()


def root_of(leaves):
    """RFC 6962 section 2.1, of leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:]))


class Kinds(Backup):
    def bytes_of(self, drive, name):
        with open(os.path.join(drive, name), "rb") as file:
            return file.read()

    def both(self, *more, **options):
        return self.backup(self.one, self.two, more=more, **options)

    def checkpoint(self, drive):
        lines = self.bytes_of(drive, "dalil/checkpoint").decode().splitlines()
        return int(lines[1]), base64.b64decode(lines[2])

    def tile(self, drive, level, index, width):
        name = f"dalil/tile/{level}/{index:03}" + (f".p/{width}" if width < 256 else "")
        data = self.bytes_of(drive, name)
        self.assertEqual(len(data), 32 * width)
        return [data[i:i + 32] for i in range(0, len(data), 32)]

    def leaves(self, drive, size):
        found = []
        for at in range(0, size, 256):
            found += self.tile(drive, 0, at // 256, min(256, size - at))
        return found

    def assert_restores(self, drive, number):
        out = os.path.join(self.dir, f"out-{number}-{random.random()}")
        os.mkdir(out)
        self.dalil("restore", "--from", f"backup-{number}={drive}", "--all", "--to", out)
        self.assertEqual(content_of(os.path.join(out, "disk")), content_of(self.tree))

    def assert_sealed_whole(self, drive, number, files):
        verified = self.dalil("verify", drive, "--volume", f"backup-{number}", "--sha256", "--no-record", "--json").summary
        self.assertEqual((verified["result"], verified["checked"]), ("PASS", files))
        listed = self.bytes_of(drive, "objects.sha256").decode().splitlines()
        self.assertEqual(len(listed), files)
        for line in listed:
            self.assertEqual(sha256(self.bytes_of(drive, line[66:])).hex(), line[:64])
        self.assertEqual(os.listdir(os.path.join(drive, "dalil/partial")), [])

    def test_both_kinds_from_one_reading(self):
        self.fill()
        result = self.both("--seal", "backup-2")
        self.assertTrue(result.summary["complete"])
        self.assertEqual([(one["sealed"], one["copied"], one["snapshot"]) for one in result.of("drive")],
                         [(False, 203, True), (True, 203, True)])
        self.assert_whole(self.one, 1)
        self.assert_sealed_whole(self.two, 2, 203)
        self.assert_restores(self.one, 1)
        self.assert_restores(self.two, 2)
        # A drive stays what it is.
        self.write("new.jpg", b"new")
        self.scan("--no-metadata")
        again = self.both()
        self.assertEqual([(one["copied"], one["there"]) for one in again.of("drive")], [(1, 203)] * 2)
        self.assert_sealed_whole(self.two, 2, 204)
        self.fails(*self.arguments(self.one), "--sealed", expect=FAILURE, message="is a plain drive, and cannot be sealed")
        swapped = ["--to", self.one, "--volume", "backup-2"]
        self.fails("backup", "disk", "--folder", "disk=" + self.tree, *swapped, expect=FAILURE,
                   message="is not the drive of volume 'backup-2': it is that of volume 'backup-1'")
        self.dalil("rebuild")
        self.assert_sound()
        self.assertEqual([one["there"] for one in self.both().of("drive")], [204] * 2)

    def test_a_sealed_drives_note_tells_what_can_be_counted_and_vouches_for_the_lists(self):
        self.fill(20, 1)
        self.both("--sealed")
        identities = set()
        for drive in (self.one, self.two):
            lines = self.bytes_of(drive, "dalil/drive.note").decode().split("\n\n")[0].splitlines()
            self.assertEqual((lines[0], lines[2].split()[:2], lines[3]), ("dalil.drive/v1", ["volume", "-"], "kind sealed"))
            identities.add(lines[2].split()[2])
            objects = [one for one in glob.glob(drive + "/objects/*/*")]
            self.assertEqual(lines[6], f"files {len(objects)} bytes {sum(map(os.path.getsize, objects))}")
            stated = {line.split(" ", 2)[2]: line.split(" ", 2)[1] for line in lines[8:]}
            snapshot = [os.path.relpath(one, drive) for one in glob.glob(drive + "/dalil/snapshot-*")]
            self.assertEqual(set(stated), {"objects.sha256", "index.age", "dalil-sealed.txt", "dalil/checkpoint",
                                           "dalil/signers", *snapshot})
            for name, digest in stated.items():
                self.assertEqual(sha256(self.bytes_of(drive, name)).hex(), digest)
            self.assertEqual(self.bytes_of(drive, "dalil/signers").count(b"\n"), 1)
        self.assertEqual(len(identities), 2)
        names = [{os.path.basename(one) for one in glob.glob(drive + "/objects/*/*")} for drive in (self.one, self.two)]
        self.assertFalse(names[0] & names[1])

    def test_the_tree_on_a_drive_proves_its_checkpoint_and_the_one_before(self):
        self.fill(600, 0)
        self.both("--seal", "backup-2")
        before = [self.checkpoint(drive) for drive in (self.one, self.two)]
        for drive, (size, root) in zip((self.one, self.two), before):
            self.assertEqual(root_of(self.leaves(drive, size)), root)
        self.write("new.jpg", b"new")
        self.scan("--no-metadata")
        self.both()
        for drive, (former, former_root) in zip((self.one, self.two), before):
            size, root = self.checkpoint(drive)
            leaves = self.leaves(drive, size)
            self.assertEqual((root_of(leaves), root_of(leaves[:former])), (root, former_root))
            self.assertEqual(self.tile(drive, 1, 0, size // 256),
                             [root_of(leaves[at:at + 256]) for at in range(0, size // 256 * 256, 256)])
            self.assertEqual(len(glob.glob(drive + "/dalil/tile/0/*.p/*")), 1, "a tile of the former checkpoint stayed")
        # A tile that is another one is told, and kept.
        path = max(glob.glob(self.one + "/dalil/tile/0/[0-9][0-9][0-9]"))
        with open(path, "r+b") as file:
            file.write(b"damage")
        problems = self.backup().of("problem")
        self.assertIn("another tile than the archive's", problems[0]["text"])
        size, root = self.checkpoint(self.one)
        self.assertEqual(root_of(self.leaves(self.one, size)), root)
        self.assertEqual(len(os.listdir(self.one + "/dalil/aside")), 1)

    def test_the_archive_comes_back_from_either(self):
        self.fill(5, 0)
        self.both("--seal", "backup-2")
        recovery, to = os.path.join(self.dir, "recovery.txt"), os.path.join(self.dir, "restored")
        self.dalil("recovery-key", "export", "--out", recovery)
        elsewhere = {"HOME": os.path.join(self.dir, "another machine")}  # this one has seen what came after the snapshot
        os.mkdir(elsewhere["HOME"])
        for drive in (self.one, self.two):
            first = glob.glob(drive + "/dalil/snapshot-*.age")
            self.assertEqual(len(first), 1)
            self.dalil("restore", "--archive-from", first[0], "--recovery-key", recovery, "--to", to, env=elsewhere)
            volumes = self.dalil("volume", "list", "--json", "--archive", to, env=elsewhere).of("volume")
            self.assertEqual([one["live_copies"] for one in volumes], [6] * 3)
            os.rename(to, f"{to}-{os.path.basename(drive)}")
            elsewhere["HOME"] = os.path.join(self.dir, "a third machine")
            os.makedirs(elsewhere["HOME"], exist_ok=True)
        self.write("new.jpg", b"new")
        self.scan("--no-metadata")
        before = glob.glob(self.one + "/dalil/snapshot-*")
        self.assertFalse(self.both("--no-snapshot").of("drive")[0]["snapshot"])
        self.assertEqual(glob.glob(self.one + "/dalil/snapshot-*"), before)
        self.both()
        self.assertEqual(len(glob.glob(self.one + "/dalil/snapshot-*")), 2)
        self.assertNotEqual(glob.glob(self.one + "/dalil/snapshot-*"), before)

    def test_what_is_gone_or_damaged_on_a_sealed_drive_is_sealed_again(self):
        self.fill(6, 0)
        self.both("--seal", "backup-2")
        objects = sorted(glob.glob(self.two + "/objects/*/*"))
        os.remove(objects[0])
        with open(objects[1], "r+b") as file:
            file.write(b"planted")
        os.utime(objects[2])
        drive = self.both().of("drive")[1]
        self.assertEqual((drive["copied"], drive["copied_again"], drive["set_aside"], drive["adopted"], drive["there"]),
                         (2, 1, 1, 1, 4))
        self.assert_sealed_whole(self.two, 2, 7)
        self.assert_restores(self.two, 2)

    def test_what_a_verification_found_damaged_is_not_counted_as_there(self):
        """Size and time are as recorded: only the verdict tells, and it is believed until the bytes are read again."""
        self.fill(6, 0)
        self.both("--seal", "backup-2")
        copy = os.path.join(self.one, "data/disk/d1/f0001.jpg")
        wrong = sorted(glob.glob(self.two + "/objects/*/*"))[3]
        for path in (copy, wrong):
            self.flip(path, 5)
        for number, drive in ((1, self.one), (2, self.two)):
            self.dalil("verify", drive, "--volume", f"backup-{number}", expect=NO)
        for drive in self.both().of("drive"):
            self.assertEqual((drive["copied"], drive["set_aside"], drive["there"]), (1, 1, 6), drive)
        self.assert_whole(self.one, 1)
        self.assert_sealed_whole(self.two, 2, 7)
        self.assert_restores(self.two, 2)
        self.assertEqual([drive["there"] for drive in self.both().of("drive")], [7, 7])

    def test_killed_at_any_moment_both_go_on(self):
        self.fill(1200, 4)
        total = 1205
        choose = random.Random(8)
        self.dalil("recovery-key", "make")
        for _ in range(6):
            process = self.start(*self.arguments(self.one, self.two), "--seal", "backup-2")
            time.sleep(choose.uniform(0.1, 1.2))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        counts = {one["label"]: one["live_copies"] for one in self.dalil("volume", "list", "--json").of("volume")}
        for number, drive in ((1, self.one), (2, self.two)):
            if counts.get(f"backup-{number}", 0):
                found = self.dalil("verify", drive, "--volume", f"backup-{number}", "--sha256", "--no-record", "--json")
                self.assertEqual((found.summary["result"], found.summary["checked"]), ("PASS", counts[f"backup-{number}"]))
        result = self.both("--seal", "backup-2")
        self.assertTrue(result.summary["complete"])
        for number, drive in enumerate(result.of("drive"), 1):
            recorded = counts.get(f"backup-{number}", 0)
            self.assertEqual((drive["there"], drive["copied"] + drive["adopted"]), (recorded, total - recorded))
        self.assert_whole(self.one, 1)
        self.assert_sealed_whole(self.two, 2, total)
        self.assert_sound()


if __name__ == "__main__":
    main()
