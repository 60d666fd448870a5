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

    def test_quick_check_of_a_renamed_file_clears_nothing_and_is_no_reading(self):
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        before = self.dalil("show", "disk:clip.bin", "--json").of("copy")
        os.rename(os.path.join(self.tree, "clip.bin"), os.path.join(self.tree, "CLIP.bin"))
        quick = self.dalil("verify", self.tree, "--volume", "disk", "--quick", "--json").summary
        self.assertEqual(quick["verdicts"], {"intact": 1, "renamed": 1})
        self.assertEqual(self.verdict_of_clip(), ["corrupt"])
        self.assertEqual(self.dalil("show", "disk:clip.bin", "--json").of("copy"), before)
        status = self.dalil("status", "--json", expect=NO).summary
        self.assertEqual((status["damaged_copies"], status["without_live_copy"]), (1, 1))
        # Whoever reads it tells that it is lost: no file has its content.
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        self.assertEqual(self.verdict_of_clip(), ["missing"])

    def test_a_part_that_is_whole_does_not_clear_the_volume(self):
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        self.dalil("verify", os.path.join(self.tree, "a"), "--volume", "disk", "--below", "a")
        self.assertEqual(self.dalil("volume", "list", "--json").of("volume")[0]["last_verification_result"], "FAIL")

    def test_rescan_does_not_take_damage_for_a_new_content(self):
        for options in ([], ["--rehash"]):
            summary = self.scan(*options, expect=PARTIAL).summary
            self.assertEqual((summary["failed"], summary["new_items"]), (1, 0))
            self.assertEqual(self.verdict_of_clip(), ["corrupt"])
            self.assertEqual(self.dalil("status", "--json", expect=NO).summary["without_live_copy"], 1)
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        self.assert_sound()

    def test_an_edit_with_a_newer_time_is_a_new_content(self):
        os.utime(os.path.join(self.tree, "clip.bin"))
        self.assertEqual(self.scan(expect=NO).summary["new_items"], 1)
        self.dalil("verify", self.tree, "--volume", "disk")

    def test_status_counts_no_damaged_copy_as_one_to_rely_on(self):
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        status = self.dalil("status", "--json", expect=NO)
        self.assertEqual((status.summary["damaged_copies"], status.summary["without_live_copy"]), (1, 1))
        self.assertTrue(status.summary["needs_attention"])
        self.assertEqual([(one["volume"], one["path"], one["verdict"]) for one in status.of("damaged_copy")],
                         [("disk", "clip.bin", "corrupt")])

    def test_status_says_first_what_is_damaged_and_which_incidents_that_endangers(self):
        for incident in ("whole", "hit", "lost"):
            self.dalil("incident", "add", "--set", f"id={incident}")
        self.write("other.bin", pattern(4000, 3))
        self.dalil("volume", "add", "backup", "--kind", "backup")
        backup = os.path.join(self.dir, "backup")
        self.write("other.bin", pattern(4000, 3), below=backup)
        self.scan(expect=PARTIAL)
        self.scan(volume="backup", folder=backup)
        self.dalil("link", "disk:clip.bin", "lost", "--type", "depicts")
        self.dalil("link", "disk:other.bin", "hit", "--type", "depicts")
        self.dalil("link", "disk:a/photo.bin", "whole", "--type", "depicts")
        self.dalil("link", "disk:a/photo.bin", "lost", "--type", "context")
        self.assertIn("1 corrupt", self.dalil("status", expect=NO).out)  # the scan has seen it
        os.remove(os.path.join(self.tree, "other.bin"))
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        status = self.dalil("status", "--json", expect=NO)
        self.assertEqual([(one["incident"], one["items"], one["at_risk"], one["without_undamaged_copy"])
                          for one in status.of("endangered")], [("lost", 2, 1, 1), ("hit", 1, 1, 0)])
        text = self.dalil("status", expect=NO).out.splitlines()
        self.assertIn("DAMAGE  volume 'disk' (V1): 1 corrupt, 1 missing; verified ", text[0])
        self.assertIn("LOST    1 item has no undamaged copy on any volume", text)
        self.assertIn("  corrupt     disk:clip.bin", text)
        self.assertIn("  lost: 1 of 2 items without an undamaged copy anywhere", text)
        self.assertIn("  hit: 1 of 1 item with a damaged copy, and undamaged ones", text)
        self.assertNotIn("whole", "\n".join(text))


if __name__ == "__main__":
    main()
