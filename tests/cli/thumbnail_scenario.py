"""Small pictures of what photos and videos show: made by the worker, sealed, nowhere in clear, carried along."""
import json
import os
import signal
import time

from media import MediaScenario
from scenario import FAILURE, INTERRUPTED, PARTIAL, WRONG_KEY, main

JPEG_STARTS = b"\xff\xd8\xff\xe0\0\x10JFIF"


class Thumbnail(MediaScenario):
    def picture(self, name, source="testsrc=size=800x600"):
        self.ffmpeg("-f", "lavfi", "-i", source, "-frames:v", "1", "-q:v", "2", self.path(name))

    def clip(self, name, seconds):
        self.ffmpeg("-f", "lavfi", "-i", f"testsrc=size=640x360:rate=10:duration={seconds}", "-c:v", "mpeg4", "-q:v", "5",
                    self.path(name))

    def make(self, *more, **options):
        return self.dalil("thumbnail", self.tree, "--volume", "disk", "--json", *more, **options)

    def digest(self, name):
        return self.dalil("show", self.path(name), "--json").of("item")[0]["digest"]

    def test_they_are_made_once_and_kept_through_everything_that_makes_the_database_anew(self):
        self.picture("a.jpg")
        self.picture("b.png", "testsrc=size=300x900")
        self.clip("c.mp4", 20)
        self.write("notes.txt", b"words")
        self.scan()
        summary = self.make().summary
        self.assertEqual((summary["command"], summary["wanted"], summary["looked_at"], summary["without"]),
                         ("thumbnail", 3, 3, 0))
        self.assertEqual(summary["thumbnails"], 2 + 9)
        self.assertLess(summary["thumbnail_bytes"], 11 * 64 * 1024)
        again = self.make().summary
        self.assertEqual((again["wanted"], again["known"]), (0, 3))
        before = self.dalil("log", "--json").summary
        self.assertEqual(self.make("--again").summary["looked_at"], 3)
        self.assertEqual(self.dalil("log", "--json").summary, before, "they are in no entry")
        self.assert_sound()
        self.assertEqual(self.dalil("rebuild", "--json").summary["thumbnails_kept"], 3)
        self.assertEqual(self.make().summary["known"], 3)
        self.dalil("key", "rotate", "--why", "test")
        self.assertEqual(self.make().summary["known"], 3, "sealed anew under the new keys")
        self.assert_sound()
        dropped = self.dalil("rebuild", "--without-thumbnails")
        self.assertIn("dropped the thumbnails of 3 items", dropped.out)
        self.assertEqual(self.make().summary["wanted"], 3)

    def test_redaction_takes_the_thumbnails_of_the_item_along_and_of_no_other(self):
        self.picture("a.jpg")
        self.picture("b.jpg", "testsrc2=size=640x480")
        self.scan("--thumbnails")
        facts = [one for one in self.dalil("log", "--kind", "facts-stated", "--json").of("entry")
                 if one["fields"]["digest"] == self.digest("a.jpg")]
        self.dalil("redact", str(facts[0]["seq"]), "--why", "asked for")
        rebuilt = self.dalil("rebuild", "--json").summary
        self.assertEqual((rebuilt["thumbnails_kept"], rebuilt["thumbnails_dropped"]), (1, 0))
        self.assert_sound()

    def test_one_pass_makes_fingerprints_and_thumbnails(self):
        self.picture("a.jpg")
        self.clip("c.mp4", 5)
        self.scan()
        both = self.dalil("fingerprint", self.tree, "--volume", "disk", "--thumbnails", "--json").summary
        self.assertEqual((both["looked_at"], both["thumbnails"]), (2, 1 + 5))
        self.assertGreaterEqual(both["fingerprints"], 2)
        self.assertEqual(self.make().summary["known"], 2)
        self.assertEqual(self.dalil("fingerprint", self.tree, "--volume", "disk", "--json").summary["known"], 2)

    def test_a_scan_can_make_them_at_once(self):
        self.picture("a.jpg")
        scanned = self.scan("--thumbnails", "--fingerprints").objects
        self.assertEqual([one["command"] for one in scanned if one["type"] == "summary"], ["scan", "fingerprint"])
        self.assertEqual(self.make().summary["known"], 1)

    def test_what_cannot_be_decoded_is_kept_with_the_reason_and_what_changed_is_refused(self):
        self.picture("good.jpg")
        self.picture("other.jpg", "testsrc2=size=640x480")
        with open(self.path("good.jpg"), "rb") as stream:
            content = stream.read()
        self.write("broken.jpg", content[:100] + b"\0" * 2000)
        self.scan()
        self.picture("other.jpg", "rgbtestsrc=size=640x480")
        result = self.make(expect=PARTIAL)
        self.assertEqual((result.summary["looked_at"], result.summary["without"], result.summary["failed"]), (2, 1, 1))
        details = {one["path"]: one["detail"] for one in result.of("problem")}
        self.assertIn("cannot be decoded", details["broken.jpg"])
        self.assertIn("another content", details["other.jpg"])
        self.assertEqual(self.make(expect=PARTIAL).summary["known"], 2, "the reason is kept, too")

    def test_a_run_that_was_stopped_or_killed_goes_on_where_it_was(self):
        self.picture("a.png", "testsrc2=size=2400x1800")
        with open(self.path("a.png"), "rb") as stream:
            content = stream.read()
        for i in range(60):
            self.write(f"{i}.png", content + b"%d" % i)
        self.scan()
        known = 0
        for sent in (signal.SIGINT, signal.SIGKILL):
            process = self.start("thumbnail", self.tree, "--volume", "disk", "--threads", "1", "--json")
            time.sleep(1.5)
            process.send_signal(sent)
            out = process.communicate(timeout=60)[0]
            if sent == signal.SIGINT and process.returncode == INTERRUPTED:
                summary = json.loads(out.splitlines()[-1])
                self.assertEqual(summary["wanted"], summary["looked_at"] + summary["failed"] + summary["left"])
                known = summary["looked_at"]
        last = self.make().summary
        self.assertEqual(last["wanted"] + last["known"], 61)
        self.assertGreaterEqual(last["known"], known, "what was said to be kept is kept")
        self.assertEqual((last["left"], last["failed"]), (0, 0))
        self.assertEqual(self.make().summary["known"], 61)
        self.assert_sound()

    def test_nothing_of_them_lies_on_the_disk_in_clear(self):
        self.picture("a.png")
        self.clip("c.mp4", 4)
        self.scan()
        made = self.make()
        self.assertEqual(made.summary["thumbnails"], 5)
        seen = 0
        for top in (self.archive, self.home):
            for folder, _, names in os.walk(top):
                for name in names:
                    with open(os.path.join(folder, name), "rb") as file:
                        content = file.read()
                    self.assertNotIn(JPEG_STARTS, content)
                    self.assertNotIn(b"JFIF", content)
                    seen += len(content)
        self.assertGreater(seen, made.summary["thumbnail_bytes"])

    def test_auditors_are_refused_and_investigators_are_not(self):
        self.picture("a.jpg")
        self.scan()
        keys = {}
        for role in ("auditor", "investigator"):
            keys[role] = os.path.join(self.dir, role + ".txt")
            self.dalil("key", "add", "--role", role, "--name", role.title(), "--key-file", keys[role])
        result = self.fails("thumbnail", self.tree, "--volume", "disk", expect=WRONG_KEY, message="not visible",
                            env={"DALIL_KEY_FILE": keys["auditor"]})
        self.assertEqual(result.out, "")
        made = self.make(env={"DALIL_KEY_FILE": keys["investigator"]}).summary
        self.assertEqual(made["thumbnails"], 1)

    def test_mistakes_are_said(self):
        self.fails("thumbnail", self.tree, "--volume", "nowhere", expect=FAILURE, message="nowhere")


if __name__ == "__main__":
    main()
