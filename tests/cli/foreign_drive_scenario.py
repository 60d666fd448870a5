"""Drives with the file systems of other systems, as served by stock drivers: FAT, exFAT and NTFS in an image file."""
import os
import shutil
import signal
import subprocess

from backup_scenario import Backup, content_of
from scenario import FAILURE, MIB, NO, main, pattern

IMAGE_BYTES = 96 * MIB


class Image:
    """A file system in a file; mounted by a driver in user space, for root only."""

    def __init__(self, test, name, mount_point, make, serve, through_loop):
        self.test, self.mount_point, self.serve = test, mount_point, serve
        for tool in (make[0], serve[0]):
            if shutil.which(tool) is None:
                test.skipTest(f"{tool} is not installed")
        if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
            test.skipTest("nothing can be mounted here")
        self.device = os.path.join(test.dir, name)
        with open(self.device, "wb") as file:
            file.truncate(IMAGE_BYTES)
        subprocess.run([*make, self.device], check=True, capture_output=True)
        if through_loop:
            loop = subprocess.run(["losetup", "--find", "--show", self.device], capture_output=True, text=True)
            if loop.returncode != 0:
                test.skipTest("there are no loop devices here")
            self.device = loop.stdout.strip()
            test.addCleanup(subprocess.run, ["losetup", "--detach", self.device], capture_output=True)
        self.mount()
        test.addCleanup(subprocess.run, ["umount", "-l", mount_point], capture_output=True)

    def mount(self):
        result = subprocess.run([*self.serve, self.device, self.mount_point], capture_output=True, timeout=60)
        if not os.path.ismount(self.mount_point):
            self.test.skipTest(f"cannot be mounted here: {result.stderr.decode(errors='replace')}")

    def unplug_and_plug(self):
        """What the driver only remembered is gone afterwards."""
        subprocess.run(["umount", self.mount_point], check=True)
        self.mount()


class Foreign(Backup):
    kinds = {
        "exfat": (["mkfs.exfat"], ["mount.exfat-fuse"], True),
        "ntfs": (["mkntfs", "-F", "-Q"], ["ntfs-3g"], True),
        "fat": (["mkfs.vfat", "-F", "32"], ["fusefat", "-o", "rw+"], False),
    }

    def plug(self, kind, mount_point=None):
        name = f"{kind}-{os.path.basename(mount_point or self.one)}.img"
        return Image(self, name, mount_point or self.one, *self.kinds[kind])

    def fill_with(self, kind):
        """Names in Arabic, but for a driver that makes none."""
        self.video = "khan/video.mp4" if kind == "fat" else "خان شيخون/فيديو.mp4"
        self.write("khan/one.jpg" if kind == "fat" else "خان شيخون/صورة ١.jpg", pattern(70_000, 1))
        self.write(self.video, pattern(3 * MIB + 5, 2))
        self.write("empty", b"")
        for i in range(40):
            self.write(f"DCIM/IMG_{i:04}.JPG", pattern(100 + 91 * i, 10 + i))
        self.scan("--no-metadata")

    def serves(self, kind, *more):
        """Made, unplugged, verified by several, added to, restored from."""
        drive = self.plug(kind)
        self.fill_with(kind)
        self.assertTrue(self.backup(more=more).summary["complete"])
        drive.unplug_and_plug()
        verify = ["verify", self.one, "--volume", "backup-1", "--medium", "--no-record", "--json"]
        self.assertEqual([self.dalil(*verify).summary[key] for key in ("result", "checked")], ["PASS", 43])
        self.assertEqual(self.dalil("verify", self.one, "--offline", "--json", expect=None).summary["checked"], 43)
        again = self.backup().of("drive")[0]
        self.assertEqual((again["there"], again["copied"], again["adopted"], again["set_aside"]), (43, 0, 0, 0))
        self.write("new.jpg", b"new")
        self.scan("--no-metadata")
        self.assertEqual(self.backup().of("drive")[0]["copied"], 1)
        drive.unplug_and_plug()
        out = os.path.join(self.dir, "out")
        self.dalil("restore", "--from", "backup-1=" + self.one, "--all", "--to", out)
        self.assertEqual(content_of(out + "/disk"), content_of(self.tree))
        return drive

    def refuses_and_renames(self, kind):
        self.plug(kind)
        self.write("why?.jpg", b"a name that Windows has not")
        self.write("plain.jpg", b"one that it has")
        self.scan("--no-metadata")
        self.assertEqual([one["path"] for one in self.backup(expect=FAILURE).of("loss")], ["why?.jpg"])
        self.assertEqual(os.listdir(self.one), [])
        self.backup(more=["--rename-safe"])
        self.assertIn("why%3F.jpg", os.listdir(self.one + "/data/disk"))
        self.assertEqual(self.dalil("verify", self.one, "--volume", "backup-1", "--json").summary["result"], "PASS")
        out = os.path.join(self.dir, "out")
        self.dalil("restore", "--from", "backup-1=" + self.one, "--all", "--to", out)
        self.assertEqual(content_of(out + "/disk"), content_of(self.tree))
        # Where the name cannot be held either, it stays as the drive has it. (The driver of NTFS holds it.)
        self.plug(kind, self.two)
        self.dalil("restore", "--from", "backup-1=" + self.one, "--all", "--to", self.two)
        self.assertEqual(set(os.listdir(self.two + "/disk")), {"why?.jpg" if kind == "ntfs" else "why%3F.jpg", "plain.jpg"})

    def goes_on_after_a_kill(self, kind):
        drive = self.plug(kind)
        self.fill_with(kind)
        for i in range(8):
            self.write(f"long/{i}.mp4", pattern(4 * MIB + i, 100 + i))
        self.scan("--no-metadata")
        process = self.start(*self.arguments())
        self.wait_until(lambda: os.path.isdir(self.one + "/data"), "files came")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        drive.unplug_and_plug()
        self.assertTrue(self.backup().summary["complete"])
        drive.unplug_and_plug()
        found = self.dalil("verify", self.one, "--volume", "backup-1", "--sha256", "--json").summary
        self.assertEqual((found["result"], found["checked"]), ("PASS", 51))
        self.assertEqual(self.payload(self.one), content_of(self.tree))

    def finds_damage(self, kind):
        if kind == "fat":
            self.skipTest("this driver makes no file longer")
        self.plug(kind)
        self.fill_with(kind)
        self.backup()
        with open(os.path.join(self.one, "data/disk", self.video), "r+b") as file:
            file.seek(2 * MIB + 7)
            file.write(b"damage")
        result = self.dalil("verify", self.one, "--volume", "backup-1", "--sha256", "--json", expect=NO)
        self.assertEqual([(one["path"], [part["offset"] for part in one["ranges"]]) for one in result.of("verdict")],
                         [("data/disk/" + self.video, [2 * MIB])])
        self.dalil("repair", self.one, "--volume", "backup-1", "--from", "disk=" + self.tree)
        self.assertEqual(self.dalil("verify", self.one, "--volume", "backup-1", "--sha256", "--json").summary["result"], "PASS")


def tests_of(kind):
    class OfKind(Foreign):
        def test_a_plain_drive_serves(self):
            self.serves(kind)

        def test_a_sealed_drive_serves(self):
            self.serves(kind, "--sealed")

        def test_names_that_cannot_be_held(self):
            self.refuses_and_renames(kind)

        def test_it_goes_on_after_a_kill(self):
            self.goes_on_after_a_kill(kind)

        def test_damage_is_found_and_mended(self):
            self.finds_damage(kind)
    return OfKind


class Percent(Backup):
    def test_a_name_that_only_looks_renamed_stays(self):
        self.dalil("volume", "add", "other", "--kind", "working")
        self.write("a?b.jpg", b"the same")
        self.write("a%3Fb.jpg", b"the same")
        self.scan("--no-metadata")
        self.write("c?d.jpg", b"another", below=self.two)
        self.write("c%3Fd.jpg", b"another")
        self.scan("--no-metadata", volume="other", folder=self.two)
        self.scan("--no-metadata")
        self.backup()
        out = os.path.join(self.dir, "out")
        self.dalil("restore", "--from", "backup-1=" + self.one, "--all", "--to", out)
        self.assertEqual(content_of(out + "/disk"), content_of(self.tree))


ExFat, Ntfs, Fat = (tests_of(kind) for kind in ("exfat", "ntfs", "fat"))

if __name__ == "__main__":
    main()
