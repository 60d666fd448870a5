"""Damage is never taken for something better: not by a rescan, not by a check that reads nothing."""
import os

from scenario import MIB, NO, PARTIAL, Scenario, main, pattern


class Damage(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk")
        self.write("clip.bin", pattern(3 * MIB, 1))
        self.write("a/photo.bin", pattern(5000, 2))
        self.scan()
        path = os.path.join(self.tree, "clip.bin")
        times = os.stat(path)
        with open(path, "r+b") as file:
            file.seek(MIB + 5)
            file.write(b"\0\0\0\0")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def verdict_of_clip(self):
        shown = self.dalil("show", "disk:clip.bin", "--json")
        return [one["verdict"] for one in shown.of("copy")]

    def test_quick_check_does_not_clear_a_damaged_copy(self):
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        self.assertEqual(self.verdict_of_clip(), ["corrupt"])
        self.dalil("verify", self.tree, "--volume", "disk", "--quick")
        self.assertEqual(self.verdict_of_clip(), ["corrupt"])
        self.assertEqual(self.dalil("volume", "list", "--json").of("volume")[0]["last_verification_result"], "FAIL")

    def test_a_part_that_is_whole_does_not_clear_the_volume(self):
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        self.dalil("verify", os.path.join(self.tree, "a"), "--volume", "disk", "--below", "a")
        self.assertEqual(self.dalil("volume", "list", "--json").of("volume")[0]["last_verification_result"], "FAIL")

    def test_rescan_does_not_take_damage_for_a_new_content(self):
        for options in ([], ["--rehash"]):
            summary = self.scan(*options, expect=PARTIAL).summary
            self.assertEqual((summary["failed"], summary["new_items"]), (1, 0))
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        self.assert_sound()

    def test_an_edit_with_a_newer_time_is_a_new_content(self):
        os.utime(os.path.join(self.tree, "clip.bin"))
        self.assertEqual(self.scan().summary["new_items"], 1)
        self.dalil("verify", self.tree, "--volume", "disk")

    def test_status_counts_no_damaged_copy_as_one_to_rely_on(self):
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        summary = self.dalil("status", "--json").summary
        self.assertEqual((summary["damaged_copies"], summary["without_live_copy"]), (1, 1))


if __name__ == "__main__":
    main()
