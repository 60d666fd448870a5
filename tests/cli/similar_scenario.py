"""The same picture or sound in other versions: fingerprints, similar, duplicates."""
import array
import math
import os
import random
import shutil
import wave

from media import MediaScenario
from scenario import FAILURE, NO, PARTIAL, WRONG_KEY, main


def clouds(number, width=40, height=30):
    """A small grey picture (PGM) with coarse and fine structures, different for each number."""
    chance = random.Random(number)
    coarse = [[chance.random() for _ in range(width // 5 + 1)] for _ in range(height // 5 + 1)]
    rows = [bytes(int(255 * (0.65 * coarse[y // 5][x // 5] + 0.35 * chance.random())) for x in range(width))
            for y in range(height)]
    return b"P5 %d %d 255\n" % (width, height) + b"".join(rows)


RATE = 16000


def melody(number, seconds):
    """Samples of notes by chance, three a second, each with its overtones."""
    chance = random.Random(number)
    samples = array.array("h")
    for _ in range(3 * seconds):
        pitch = 220 * 2 ** (chance.randrange(25) / 12)
        turn = 2 * math.pi * pitch / RATE
        samples.extend(int(9000 * (math.sin(turn * i) + math.sin(2 * turn * i) / 2 + math.sin(3 * turn * i) / 3))
                       for i in range(RATE // 3))
    return samples


class Similar(MediaScenario):
    def picture(self, name, number=1, size="640:480"):
        seed = self.write("clouds.pgm", clouds(number), below=os.path.join(self.dir, "seeds"))
        self.ffmpeg("-i", os.fsdecode(seed), "-vf", f"scale={size}:flags=bicubic", "-q:v", "2", self.path(name))

    def clip(self, name, number, seconds):
        """A view that wanders over a long picture, a fifth of its width a second."""
        seed = self.write("strip.pgm", clouds(number, 40 + 8 * seconds, 30), below=os.path.join(self.dir, "seeds"))
        strip = os.path.join(self.dir, "strip.jpg")
        self.ffmpeg("-i", os.fsdecode(seed), "-vf", "scale=8*iw:8*ih:flags=bicubic", "-q:v", "2", strip)
        self.ffmpeg("-loop", "1", "-i", strip, "-t", str(seconds), "-vf", "crop=320:240:t*64:0,format=yuv420p,fps=25",
                    "-c:v", "mpeg4", "-q:v", "4", self.path(name))

    def melody(self, name, number, seconds):
        path = os.path.join(self.dir, name)
        with wave.open(path, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(melody(number, seconds).tobytes())
        return path

    def film(self, into, sound, picture="testsrc2=size=320x240:rate=10", *more):
        """A video with that sound."""
        self.ffmpeg("-f", "lavfi", "-i", picture, "-i", sound, "-shortest", "-c:v", "mpeg4", "-q:v", "5", "-c:a", "aac",
                    *more, into)
        return into

    def change(self, name, into, filters="null", *more):
        self.ffmpeg("-i", self.path(name), "-vf", filters, "-q:v", "5", *more, os.path.join(self.dir, into))
        return os.path.join(self.dir, into)

    def take_in(self, **options):
        self.scan()
        return self.dalil("fingerprint", self.tree, "--volume", "disk", "--json", **options).summary

    def digest(self, name):
        return self.dalil("show", self.path(name), "--json").of("item")[0]["digest"]

    def found(self, *arguments, **options):
        result = self.dalil("similar", "--json", *arguments, **options)
        return {one["digest"]: one for one in result.of("likeness")}

    def test_a_file_that_was_never_taken_in_finds_its_other_versions_and_nothing_else(self):
        for number in range(1, 9):
            self.picture(f"p{number}.jpg", number)
        summary = self.take_in()
        self.assertEqual((summary["wanted"], summary["looked_at"], summary["failed"]), (8, 8, 0))
        before = self.dalil("log", "--json").summary
        original = self.digest("p3.jpg")
        expected = {
            "again.jpg": ("null", "same"),
            "small.jpg": ("scale=iw/2:-1", "resized"),
            "mirrored.jpg": ("hflip", "mirrored"),
            "turned.jpg": ("transpose=1", "turned by 270"),
            "cropped.jpg": ("crop=iw*0.8:ih*0.8", "shows more"),
            "covered.jpg": ("drawbox=x=iw*0.5:y=ih*0.5:w=iw*0.14:h=ih*0.14:color=white:t=fill", "altered"),
            "boxed.jpg": ("pad=iw:ih*4/3:0:(oh-ih)/2", "borders"),
        }
        for name, (filters, change) in expected.items():
            with self.subTest(name):
                found = self.found(self.change("p3.jpg", name, filters))
                self.assertEqual(list(found), [original])
                self.assertIn(change, found[original]["changes"])
                self.assertLess(found[original]["distance"], 81)
        with self.subTest("another picture"):
            self.picture("p9.jpg", 9)
            self.assertEqual(self.found(self.path("p9.jpg"), expect=NO), {})
        self.assertEqual(self.dalil("log", "--json").summary, before, "a question is no entry")
        self.assert_sound()

    def test_an_item_is_asked_for_by_its_digits_and_does_not_find_itself(self):
        self.picture("a.jpg", 2)
        self.picture("b.jpg", 5)
        self.change("a.jpg", "tree/a-small.jpg", "scale=iw/2:-1")
        self.take_in()
        found = self.found(self.digest("a.jpg")[:12])
        self.assertEqual(list(found), [self.digest("a-small.jpg")])
        same = self.found(self.path("a.jpg"))
        self.assertTrue(same[self.digest("a.jpg")]["same_content"])

    def test_the_very_same_file_is_found_whatever_its_looks(self):
        self.ffmpeg("-f", "lavfi", "-i", "color=gray:size=320x240", "-frames:v", "1", self.path("flat.jpg"))
        self.write("notes.txt", b"no picture at all")
        self.write("broken.heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + b"\0" * 64)
        self.picture("a.jpg", 2)
        self.take_in(expect=None)
        for name in ("flat.jpg", "notes.txt", "broken.heic"):
            with self.subTest(name):
                elsewhere = os.path.join(self.dir, "received")
                shutil.copyfile(self.path(name), elsewhere)
                found = self.found(elsewhere)
                self.assertEqual({key: (one["same_content"], one["distance"]) for key, one in found.items()},
                                 {self.digest(name): (True, 0)})
                said = self.dalil("similar", elsewhere)
                self.assertIn("the very same file", said.out)
                self.assertIn("no looks to compare", " ".join(said.err.split()))
                if name == "flat.jpg":
                    self.assertIn("too uniform to be told apart", " ".join(said.err.split()))
        self.fails("similar", self.write("other.txt", b"never taken in", below=self.dir), expect=FAILURE,
                   message="neither a picture nor a video nor a sound")

    def test_a_drawing_of_flat_areas_is_told_to_be_too_uniform_and_resembles_nothing(self):
        self.ffmpeg("-f", "lavfi", "-i", "color=white:size=640x480", "-vf", "drawbox=0:160:640:320:blue:fill",
                    "-frames:v", "1", "-q:v", "2", self.path("flag.jpg"))
        self.picture("a.jpg", 2)
        self.scan()
        result = self.dalil("fingerprint", self.tree, "--volume", "disk", "--json")
        self.assertEqual((result.summary["looked_at"], result.summary["without"]), (2, 1))
        self.assertEqual([one["detail"] for one in result.of("problem")], ["too uniform to be told apart"])
        smaller = self.change("flag.jpg", "smaller.png", "scale=400:300")
        self.fails("similar", smaller, expect=FAILURE, message="no looks to compare", hint="too uniform to be told apart")

    def test_a_clip_is_found_with_the_seconds_of_its_part(self):
        self.clip("clip.mp4", 1, 16)
        self.clip("other.mp4", 2, 8)
        self.take_in()
        clip = self.digest("clip.mp4")
        part = os.path.join(self.dir, "part.mp4")
        self.ffmpeg("-ss", "6.3", "-i", self.path("clip.mp4"), "-t", "6", "-c:v", "mpeg4", "-q:v", "12", part)
        found = self.found(part)
        self.assertEqual(list(found), [clip])
        stretch = found[clip]["stretches"][0]
        self.assertGreaterEqual(stretch["from_ms"], 5000)
        self.assertLessEqual(stretch["to_ms"], 14000)
        self.assertIn("part of the clip", found[clip]["changes"])
        still = os.path.join(self.dir, "still.jpg")
        self.ffmpeg("-ss", "8", "-i", self.path("clip.mp4"), "-frames:v", "1", "-q:v", "2", still)
        found = self.found(still)
        self.assertIn("still", found[clip]["changes"])
        self.assertLess(abs(found[clip]["stretches"][0]["from_ms"] - 8000), 2500)

    def test_duplicates_are_grouped_with_the_largest_first_and_its_reasons(self):
        for number in (1, 4, 6):
            self.picture(f"p{number}.jpg", number)
        for number in (1, 4):
            self.change(f"p{number}.jpg", f"tree/p{number}-small.jpg", "scale=iw/2:-1")
        self.change("p1.jpg", "tree/p1-mirrored.jpg", "scale=iw/3:-1,hflip")
        self.take_in()
        result = self.dalil("duplicates", "--json")
        groups = [[one["digest"] for one in group["versions"]] for group in result.of("group")]
        self.assertEqual(groups, [[self.digest("p1.jpg"), self.digest("p1-small.jpg"), self.digest("p1-mirrored.jpg")],
                                  [self.digest("p4.jpg"), self.digest("p4-small.jpg")]])
        first = result.of("group")[0]["versions"]
        self.assertIn("most pixels", first[0]["reasons"])
        self.assertIn("mirrored", first[2]["changes"])
        self.assertIn("2 groups of 5 items in all", self.dalil("duplicates").out)

    def test_what_cannot_be_decoded_is_on_record_with_the_reason_and_not_tried_again(self):
        self.picture("good.jpg", 3)
        with open(self.path("good.jpg"), "rb") as stream:
            content = stream.read()
        self.write("broken.jpg", content[:100] + b"\0" * 2000)
        self.ffmpeg("-f", "lavfi", "-i", "color=black:size=320x240", "-t", "2", "-c:v", "mpeg4", self.path("dark.mp4"))
        summary = self.take_in()
        self.assertEqual((summary["wanted"], summary["looked_at"], summary["without"]), (3, 3, 2))
        again = self.dalil("fingerprint", self.tree, "--volume", "disk", "--json").summary
        self.assertEqual((again["wanted"], again["known"]), (0, 3))
        more = self.dalil("fingerprint", self.tree, "--volume", "disk", "--again", "--json").summary
        self.assertEqual((more["wanted"], more["looked_at"]), (3, 3))
        self.assertEqual(len(self.found(self.path("good.jpg"))), 1, "stated twice, found once")
        self.assert_sound()

    def test_a_file_that_is_another_by_now_is_not_taken_for_the_item(self):
        self.picture("a.jpg", 1)
        self.scan()
        self.picture("a.jpg", 2)
        result = self.dalil("fingerprint", self.tree, "--volume", "disk", "--json", expect=PARTIAL)
        self.assertEqual((result.summary["looked_at"], result.summary["failed"]), (0, 1))
        self.assertIn("another content", result.of("problem")[0]["detail"])

    def test_a_scan_can_take_them_at_once_and_without_any_there_is_a_hint(self):
        self.picture("a.jpg", 1)
        self.scan()
        self.fails("similar", self.digest("a.jpg")[:12], expect=FAILURE, message="no fingerprints on record",
                   hint="dalil fingerprint")
        self.assertIn("1 of 1 picture, video or sound have no fingerprints",
                      self.dalil("similar", self.path("a.jpg")).err)  # found by its bytes
        self.picture("b.jpg", 2)
        self.scan("--fingerprints")
        self.assertEqual(list(self.found(self.path("b.jpg"))), [self.digest("b.jpg")])

    def test_rebuild_rotation_and_redaction_agree(self):
        self.picture("a.jpg", 1)
        self.picture("b.jpg", 2)
        self.take_in()
        before = self.found(self.path("a.jpg"))
        self.dalil("rebuild")
        self.assertEqual(self.found(self.path("a.jpg")), before)
        entries = [one for one in self.dalil("log", "--kind", "fingerprints-stated", "--json").of("entry")
                   if one["fields"]["digest"] == self.digest("a.jpg")]
        self.assertEqual(len(entries), 1)
        self.dalil("redact", str(entries[0]["seq"]), "--why", "asked for")
        self.assertEqual(list(self.found(self.path("a.jpg"))), [self.digest("a.jpg")])  # by its bytes alone
        self.assertEqual(self.found(self.change("a.jpg", "a-again.jpg"), expect=NO), {})
        self.dalil("key", "rotate", "--why", "test")
        self.assertEqual(list(self.found(self.path("b.jpg"))), [self.digest("b.jpg")])
        self.assert_sound()

    def test_a_sound_is_found_under_other_pictures_and_alone_with_the_seconds_of_both(self):
        self.film(self.path("film.mp4"), self.melody("one.wav", 1, 30))
        self.film(self.path("other.mp4"), self.melody("two.wav", 2, 30), "mandelbrot=size=320x240:rate=10")
        shutil.copyfile(self.melody("three.wav", 3, 30), self.path("voice.wav"))
        summary = self.take_in()
        self.assertEqual((summary["wanted"], summary["looked_at"], summary["without"]), (3, 3, 0))
        self.assertEqual(summary["sounds"], 3)
        self.assertGreater(summary["sound_windows"], 60)
        film = self.digest("film.mp4")
        sound = os.path.join(self.dir, "one.wav")
        versions = {
            "another-picture.mp4": ["-f", "lavfi", "-i", "life=size=320x240:rate=10", "-i", sound, "-t", "30", "-c:v",
                                    "mpeg4", "-c:a", "aac"],
            "opus.ogg": ["-i", sound, "-c:a", "libopus", "-b:a", "16k"],
            "mp3.mp3": ["-i", sound, "-c:a", "libmp3lame", "-b:a", "32k", "-ar", "22050"],
            "quieter.m4a": ["-i", sound, "-af", "volume=-20dB", "-c:a", "aac"],
            "louder.m4a": ["-i", sound, "-af", "volume=8dB", "-c:a", "aac"],
            "trimmed.m4a": ["-ss", "11.3", "-t", "9", "-i", sound, "-c:a", "aac"],
        }
        for name, how in versions.items():
            with self.subTest(name):
                path = os.path.join(self.dir, name)
                self.ffmpeg(*how, path)
                found = self.found(path)
                self.assertEqual(list(found), [film])
                self.assertEqual((found[film]["by"], found[film]["part"]), (["sound"], "sound"))
                self.assertIn("sound", found[film]["changes"])
                stretch = found[film]["sound"]["stretches"][0]
                begins = 11300 if name == "trimmed.m4a" else 0
                self.assertLess(abs(stretch["from_ms"] - stretch["question_from_ms"] - begins), 300)
                self.assertGreater(stretch["to_ms"] - stretch["from_ms"], 5000 if begins else 20000)
                self.assertEqual("part of the clip" in found[film]["changes"], bool(begins))
        trimmed = os.path.join(self.dir, "trimmed.m4a")
        self.assertRegex(self.dalil("similar", trimmed).out, r"part of the clip, sound +00:1[12] to 00:(19|20)")
        self.fails("similar", trimmed, "--no-sound", expect=FAILURE, message="no looks to compare")
        self.assertIn("nothing sounds like", self.dalil("similar", self.melody("four.wav", 4, 30), expect=NO).out)
        self.assertEqual(self.dalil("duplicates", "--json", expect=NO).summary["groups"], 0)
        self.assertEqual(list(self.found(self.digest("voice.wav")[:12], expect=NO)), [])
        before = self.found(trimmed)
        self.dalil("rebuild")
        self.assertEqual(self.found(trimmed), before)
        self.assert_sound()

    def test_a_clip_says_whether_its_frames_or_its_sound_were_found_again_or_both(self):
        sound, other = self.melody("one.wav", 1, 20), self.melody("two.wav", 2, 20)
        self.clip("silent.mp4", 1, 20)
        silent = self.path("silent.mp4")
        for name, heard in (("clip.mp4", sound), ("dubbed.mp4", other)):
            self.ffmpeg("-i", silent, "-i", heard, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac",
                        self.path(name))
        os.remove(silent)
        self.take_in()
        question = os.path.join(self.dir, "question.mkv")
        self.ffmpeg("-i", self.path("clip.mp4"), "-vf", "scale=160:-2", "-c:v", "mpeg4", "-q:v", "9", "-c:a", "libopus",
                    "-b:a", "24k", question)
        found = self.found(question)
        self.assertEqual(found[self.digest("clip.mp4")]["by"], ["frames", "sound"])
        self.assertEqual(found[self.digest("dubbed.mp4")]["by"], ["frames"])
        self.assertNotIn("sound", found[self.digest("dubbed.mp4")])
        item = self.found(self.digest("clip.mp4")[:12])
        self.assertEqual([one["by"] for one in item.values()], [["frames"]])

    def test_without_listening_there_is_no_sound_until_it_is_done_again(self):
        self.film(self.path("film.mp4"), self.melody("one.wav", 1, 12))
        shutil.copyfile(self.melody("two.wav", 2, 12), self.path("voice.wav"))
        self.ffmpeg("-f", "lavfi", "-i", "anullsrc=r=16000", "-t", "8", self.path("silence.wav"))
        self.scan()
        first = self.dalil("fingerprint", self.tree, "--volume", "disk", "--no-sound", "--json").summary
        self.assertEqual((first["wanted"], first["sounds"]), (1, 0))
        received = os.path.join(self.dir, "received.mp3")
        self.ffmpeg("-i", os.path.join(self.dir, "one.wav"), "-b:a", "48k", received)
        self.assertIn("2 of 3 pictures, videos and sounds have no fingerprints",
                      self.dalil("similar", received, expect=NO).err)
        second = self.dalil("fingerprint", self.tree, "--volume", "disk", "--json")
        self.assertEqual((second.summary["wanted"], second.summary["sounds"], second.summary["without"]), (2, 1, 1))
        self.assertEqual([one["detail"] for one in second.of("problem")], ["nothing is to be heard"])
        self.assertEqual(self.found(received, expect=NO), {})
        again = self.dalil("fingerprint", self.tree, "--volume", "disk", "--again", "--json").summary
        self.assertEqual((again["wanted"], again["sounds"]), (3, 2))
        self.assertEqual(list(self.found(received)), [self.digest("film.mp4")])
        self.fails("similar", self.digest("silence.wav")[:12], expect=FAILURE, message="no looks to compare",
                   hint="nothing is to be heard")
        entry = [one for one in self.dalil("log", "--kind", "fingerprints-stated", "--json").of("entry")
                 if one["fields"]["digest"] == self.digest("film.mp4")][-1]
        self.dalil("redact", str(entry["seq"]), "--why", "asked for")
        self.assertEqual(self.found(received, expect=NO), {})
        self.assert_sound()

    def test_auditors_are_refused(self):
        self.picture("a.jpg", 1)
        self.take_in()
        key = os.path.join(self.dir, "auditor.txt")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", key)
        as_auditor = {"DALIL_KEY_FILE": key}
        self.fails("similar", self.path("a.jpg"), expect=WRONG_KEY, message="not visible", env=as_auditor)
        self.fails("duplicates", expect=WRONG_KEY, message="not visible", env=as_auditor)
        self.fails("fingerprint", self.tree, "--volume", "disk", expect=WRONG_KEY, message="not visible",
                   env=as_auditor)

    def test_what_is_no_picture_is_said_so(self):
        text = self.write("notes.txt", b"words")
        self.fails("similar", os.fsdecode(text), expect=FAILURE, message="neither a picture nor a video nor a sound")
        self.fails("similar", "nowhere.jpg", expect=FAILURE, message="no item 'nowhere.jpg'")


if __name__ == "__main__":
    main()
