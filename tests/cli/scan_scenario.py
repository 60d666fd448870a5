"""The life of a drive: scanned, scanned again, changed, verified, damaged at places that are known."""
import os
import shutil

from scenario import FAILURE, MIB, NO, PARTIAL, Scenario, main, pattern


class Life(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk", "backup")
        self.write("a/one.bin", pattern(5 * MIB + 100, 1))
        self.write("a/two.bin", pattern(3000, 2))
        self.write("b/three.bin", pattern(100, 3))
        self.write("b/same as two.bin", pattern(3000, 2))
        self.write("empty", b"")
        self.first = self.scan()

    def verify(self, *arguments, expect=0, volume="disk", folder=None):
        return self.dalil("verify", folder or self.tree, "--volume", volume, "--json", *arguments, expect=expect)

    def test_first_scan_counts_every_file_once(self):
        summary = self.first.summary
        self.assert_accounted(summary)
        self.assertEqual((summary["seen"], summary["indexed"], summary["new_items"]), (5, 5, 4))
        self.assertEqual(summary["result"], "DONE")
        self.assert_sound()

    def test_second_scan_reads_nothing(self):
        summary = self.scan().summary
        self.assertEqual((summary["unchanged"], summary["indexed"], summary["bytes_read"]), (5, 0, 0))

    def test_rehash_reads_everything(self):
        summary = self.scan("--rehash").summary
        self.assertEqual(summary["bytes_read"], 5 * MIB + 100 + 3000 + 100 + 3000)
        self.assertEqual(summary["new_items"], 0)

    def test_dry_run_records_nothing(self):
        self.write("late.bin", b"late")
        before = self.dalil("log", "--json", "--limit", "0").summary["entries"]
        self.scan("--dry-run")
        self.assertEqual(self.dalil("log", "--json", "--limit", "0").summary["entries"], before)
        self.assertEqual(self.dalil("find", "--path", "late", "--count", expect=NO).out.strip(), "0")

    def test_changed_moved_and_vanished_files_are_told_apart(self):
        self.write("a/two.bin", pattern(3000, 9))
        os.rename(f"{self.tree}/b/three.bin", f"{self.tree}/a/moved.bin")
        os.remove(f"{self.tree}/empty")
        summary = self.scan(expect=NO).summary
        self.assert_accounted(summary)
        self.assertEqual((summary["changed"], summary["moved"]), (1, 1))
        self.assertGreaterEqual(summary["vanished"], 1)
        shown = self.dalil("show", "disk:a/moved.bin", "--json")
        states = {copy["path"]: copy["state"] for copy in shown.of("copy")}
        self.assertEqual(states, {"a/moved.bin": "live", "b/three.bin": "vanished"})
        self.assert_sound()

    def test_an_undamaged_volume_passes_in_every_mode(self):
        for mode in ([], ["--quick"], ["--sha256"], ["--sha256", "--medium"]):
            summary = self.verify(*mode).summary
            self.assertEqual((summary["result"], summary["expected"], summary["checked"]), ("PASS", 5, 5), mode)

    def test_damage_is_located_to_the_mib(self):
        self.flip("a/one.bin", 3 * MIB + 5)
        result = self.verify(expect=NO)
        verdicts = result.of("verdict")
        self.assertEqual(len(verdicts), 1)
        self.assertEqual((verdicts[0]["path"], verdicts[0]["verdict"]), ("a/one.bin", "corrupt"))
        self.assertEqual(verdicts[0]["ranges"], [{"offset": 3 * MIB, "size": MIB}])
        self.assertEqual(result.summary["result"], "FAIL")

    def test_damage_in_the_short_last_chunk_ends_with_the_file(self):
        self.flip("a/one.bin", 5 * MIB + 99)
        verdicts = self.verify("--sha256", expect=NO).of("verdict")
        self.assertEqual(verdicts[0]["ranges"], [{"offset": 5 * MIB, "size": 100}])

    def test_text_report_begins_with_the_result(self):
        self.flip("a/one.bin", 0)
        result = self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        self.assertTrue(result.out.startswith("FAIL  volume 'disk' (V1): 5 of 5 copies checked, 4 intact"), result.out)
        self.assertIn("bytes 0 to 1,048,575", result.out)

    def test_missing_and_extra_and_changed(self):
        os.remove(f"{self.tree}/empty")
        self.write("extra.bin", b"not known")
        self.write("b/three.bin", pattern(77, 5))
        result = self.verify(expect=NO)
        verdicts = {one["path"]: one["verdict"] for one in result.of("verdict")}
        self.assertEqual(verdicts["empty"], "missing")
        self.assertEqual(verdicts["extra.bin"], "extra")
        self.assertIn(verdicts["b/three.bin"], ("changed", "corrupt"))

    def test_an_empty_volume_is_incomplete_and_never_a_pass(self):
        empty = os.path.join(self.dir, "nothing")
        os.mkdir(empty)
        summary = self.verify(volume="backup", folder=empty, expect=PARTIAL).summary
        self.assertEqual((summary["result"], summary["expected"]), ("INCOMPLETE", 0))

    def test_what_is_endangered_is_said_by_incident(self):
        self.dalil("incident", "add", "--set", "id=INC-1", "--set", "date=2017-09-11")
        self.dalil("link", "disk:a/one.bin", "disk:b/three.bin", "INC-1", "--type", "depicts")
        self.flip("a/one.bin", MIB)
        result = self.verify(expect=NO)
        endangered = result.of("endangered")
        self.assertEqual(len(endangered), 1)
        self.assertEqual((endangered[0]["incident"], endangered[0]["items"], endangered[0]["without_intact_copy_here"],
                          endangered[0]["on_no_other_volume"]), ("INC-1", 2, 1, 1))
        text = self.dalil("verify", self.tree, "--volume", "disk", expect=NO).out
        self.assertIn("incident INC-1: 1 of 2 items has no intact copy here", text)
        self.assertIn("evidence of INC-1", text)

    def test_report_file_is_written_once_and_never_over_another(self):
        report = os.path.join(self.dir, "report.jsonl")
        result = self.verify("--report", report)
        self.assertEqual(open(report).read(), result.out)
        self.fails("verify", self.tree, "--volume", "disk", "--report", report, expect=FAILURE, message="exists already")

    def test_a_failing_verification_leaves_no_report(self):
        report = os.path.join(self.dir, "report.jsonl")
        self.dalil("verify", os.path.join(self.dir, "gone"), "--volume", "disk", "--report", report, expect=FAILURE)
        self.assertFalse(os.path.exists(report))

    def test_no_record_leaves_the_ledger_alone(self):
        before = self.dalil("log", "--json").summary["entries"]
        self.verify("--no-record")
        self.assertEqual(self.dalil("log", "--json").summary["entries"], before)
        self.verify()
        self.assertGreater(self.dalil("log", "--json").summary["entries"], before)

    def test_status_tells_what_is_at_risk(self):
        summary = self.dalil("status", "--json").summary
        self.assertEqual((summary["items"], summary["one_volume_only"], summary["items_without_incident"]), (4, 4, 4))
        other = os.path.join(self.dir, "other")
        shutil.copytree(self.tree, other)
        self.scan(volume="backup", folder=other)
        self.dalil("verify", other, "--volume", "backup")
        result = self.dalil("status", "--json")
        self.assertEqual(result.summary["one_volume_only"], 0)
        self.assertEqual(result.summary["long_unverified"], 1)
        volumes = {volume["label"]: volume for volume in result.of("volume")}
        self.assertEqual(volumes["backup"]["last_verification_result"], "PASS")
        self.assertIn("disk", self.dalil("status").out)

    def test_below_says_where_the_folder_lies(self):
        summary = self.scan("--below", "a", folder=f"{self.tree}/a").summary
        self.assertEqual((summary["seen"], summary["unchanged"], summary["vanished"]), (2, 2, 0))
        summary = self.verify("--below", "a", folder=f"{self.tree}/a").summary
        self.assertEqual((summary["result"], summary["expected"]), ("PASS", 2))

    def test_rebuild_changes_no_answer(self):
        before = self.dalil("find", "--json").out
        self.dalil("rebuild")
        self.assertEqual(self.dalil("find", "--json").out, before)
        self.assert_sound()

    def test_an_unknown_volume_is_refused_with_the_way_out(self):
        self.fails("scan", self.tree, "--volume", "nosuch", expect=FAILURE, message="no volume 'nosuch'",
                   hint="dalil volume add")

    def test_a_folder_that_is_not_there(self):
        self.fails("scan", os.path.join(self.dir, "gone"), "--volume", "disk", expect=FAILURE, message="gone")


if __name__ == "__main__":
    main()
