"""Contact sheets: pages with the pictures of what was asked for, and of nothing else."""
import base64
import os
import re

from media import MediaScenario
from scenario import FAILURE, NO, WRONG_KEY, main

PICTURES = re.compile(r'<img width="(\d+)" height="(\d+)" alt="([^"]*)" src="data:image/jpeg;base64,([^"]*)">')


class Sheet(MediaScenario):
    def make(self, name, source, *more):
        full = os.path.join(self.tree, name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        self.ffmpeg("-f", "lavfi", "-i", source, *more, full)

    def make_media(self):
        self.make("IMG_20170912_113000.jpg", "testsrc=size=800x600", "-frames:v", "1", "-q:v", "2")
        self.make("خان شيخون/tall <b>&.png", "testsrc2=size=300x900", "-frames:v", "1")
        self.make("clip.mp4", "testsrc=size=640x360:rate=10:duration=20", "-c:v", "mpeg4", "-q:v", "5")
        self.write("words.txt", b"no picture")
        self.dalil("incident", "add", "--set", "id=A-1", "--set", "date=2017-09-12", "--set", "place=Khan Sheikhoun",
                   "--set", "governorate=Idlib")
        self.scan("--incident", "A-1")
        self.dalil("thumbnail", self.tree, "--volume", "disk")

    def assert_on(self, page, *texts):
        """Without showing the page, which is long."""
        for text in texts:
            self.assertTrue(text in page, text)

    def page(self, *arguments, **options):
        path = os.path.join(self.dir, "page.html")
        if os.path.exists(path):
            self.fails("sheet", "--out", path, expect=FAILURE, message="exists already")
            os.unlink(path)
        result = self.dalil("sheet", "--out", path, "--json", *arguments, **options)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="utf-8", newline="") as file:
            page = file.read()
        self.assert_on(page, "default-src 'none'; img-src data:; style-src 'sha256-")
        self.assertIsNone(re.search(r'<script|\son\w+="|\shref="|url\(|\sstyle="', page))
        self.assertEqual(page.count("src="), len(PICTURES.findall(page)), "every picture is part of the page")
        return result.summary, page

    def test_a_page_shows_pictures_with_times_places_incidents_and_health(self):
        self.make_media()
        summary, page = self.page()
        self.assertEqual((summary["matched"], summary["shown"], summary["left_out"], summary["without_picture"]),
                         (4, 4, 0, 1))
        pictures = PICTURES.findall(page)
        self.assertEqual(len(pictures), 1 + 1 + 9)
        self.assertIn(("256", "192"), [one[:2] for one in pictures])
        self.assertIn(("85", "256"), [one[:2] for one in pictures])
        for _, _, _, content in pictures:
            jpeg = base64.b64decode(content)
            self.assertTrue(jpeg.startswith(b"\xff\xd8\xff\xe0\0\x10JFIF") and jpeg.endswith(b"\xff\xd9"))
        self.assert_on(page, "00:02</figcaption>")
        self.assert_on(page, "00:18</figcaption>")
        self.assert_on(page, "A-1")
        self.assert_on(page, "2017-09-12 · Khan Sheikhoun, Idlib")
        self.assert_on(page, "2017-09-12 11:30:00")
        self.assert_on(page, "<bdi>disk</bdi>:<bdi>خان شيخون</bdi>/<bdi>tall &lt;b&gt;&amp;.png</bdi>")
        self.assert_on(page, "copies: 1 · never verified: 1")
        self.dalil("verify", self.tree, "--volume", "disk")
        self.flip("clip.mp4", 5000)
        self.dalil("verify", self.tree, "--volume", "disk", expect=None)
        page = self.page()[1]
        self.assertEqual(page.count("copies: 1 · intact: 1"), 3)
        self.assertEqual(page.count("copies: 0 · <span class=\"bad\">damaged: 1"), 1)
        self.assertEqual(page.count("damaged: 1"), 1)

    def test_it_counts_copies_as_find_does(self):
        self.write("a.bin", b"on a card and a disk")
        self.dalil("volume", "add", "card", "--kind", "source")
        self.scan(volume="card")
        self.assert_on(self.page()[1], "copies: 0 · on sources: 1 · never verified: 1")
        self.assertEqual(self.dalil("find", "copies:0", "--count").out.strip(), "1")
        self.write("twice.bin", b"on a card and a disk")
        self.scan()
        self.assert_on(self.page()[1], "copies: 1 · on sources: 1 · never verified: 3")
        self.assertEqual(self.dalil("find", "copies:1", "--count").out.strip(), "1")
        self.assertIn("sources left out", self.dalil("find", "--fields").out)

    def test_it_takes_questions_as_find_does(self):
        self.make_media()
        summary, page = self.page("kind:video")
        self.assertEqual((summary["matched"], len(PICTURES.findall(page))), (1, 9))
        self.dalil("query", "save", "photos", "kind:photo")
        self.assertEqual(self.page("@photos")[0]["matched"], 2)
        summary, page = self.page("--sort", "size", "--reverse", "--limit", "1", "--kind", "photo")
        self.assertEqual((summary["matched"], summary["shown"]), (2, 1))
        self.assertEqual(self.page("kind:audio", expect=NO)[0]["shown"], 0)
        self.fails("sheet", "--out", os.path.join(self.dir, "x.html"), "--sort", "color", expect=FAILURE,
                   message="'color'", hint="made")
        self.assertFalse(os.path.exists(os.path.join(self.dir, "x.html")))

    def test_arabic_runs_from_right_to_left(self):
        self.make_media()
        page = self.page("--language", "ar", "--title", "أدلة")[1]
        self.assert_on(page, 'dir="rtl"')
        self.assert_on(page, "لم تُفحص بعد")
        self.assert_on(page, "<bdi>disk</bdi>:<bdi>خان شيخون</bdi>/")

    def test_what_has_no_picture_says_why(self):
        self.make("a.jpg", "testsrc=size=800x600", "-frames:v", "1")
        self.scan()
        summary, page = self.page()
        self.assertEqual(summary["without_picture"], 1)
        self.assert_on(page, "none was made yet")
        self.assertIn("dalil thumbnail", self.dalil("sheet", "--out", os.path.join(self.dir, "p.html")).err)
        self.dalil("thumbnail", self.tree, "--volume", "disk")
        self.assertEqual(self.dalil("sheet", "--out", os.path.join(self.dir, "p2.html")).err, "")
        self.write("broken.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\0" * 500)
        self.scan("--thumbnails", expect=None)
        self.assert_on(self.page("broken")[1], "cannot be decoded")

    def test_the_very_bytes_of_a_picture_are_nowhere_but_on_the_page(self):
        self.make_media()
        pictures = [base64.b64decode(one[3]) for one in PICTURES.findall(self.page()[1])]
        needles = [jpeg[len(jpeg) // 2:len(jpeg) // 2 + 24] for jpeg in pictures]
        self.assertEqual(len(needles), 11)
        seen = 0
        for top in (self.archive, self.home):
            for folder, _, names in os.walk(top):
                for name in names:
                    with open(os.path.join(folder, name), "rb") as file:
                        content = file.read()
                    seen += len(content)
                    for needle in needles:
                        self.assertNotIn(needle, content)
                        self.assertNotIn(base64.b64encode(needle), content)
        self.assertGreater(seen, sum(map(len, pictures)))

    def test_a_picture_has_a_cell_for_each_item(self):
        self.make_media()
        path = os.path.join(self.dir, "sheet.png")
        summary = self.dalil("sheet", "--out", path, "--json").summary
        self.assertEqual((summary["shown"], summary["without_picture"]), (4, 1))
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        raw = self.ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        width, height = 20 + 4 * 276, 20 + 376 + 30
        self.assertEqual(len(raw), width * height * 3)

        def colors(card):
            """How many colors the cell of a card has."""
            rows = (raw[(y * width + 20 + card * 276) * 3:(y * width + 276 + card * 276) * 3] for y in range(20, 276))
            return len({row[i:i + 3] for row in rows for i in range(0, len(row), 3)})
        shown = sorted(colors(card) for card in range(4))
        self.assertLess(shown[0], 4, "no picture")
        self.assertGreater(shown[1], 200)
        with open(path, "rb") as file:
            content = file.read()
        self.assertNotIn(b"tEXt", content)
        self.assertNotIn(b"tIME", content)

    def test_what_analysts_say_comes_first_and_by_its_name(self):
        self.make("IMG_20170912_113000.jpg", "testsrc=size=800x600", "-frames:v", "1", "-q:v", "2")
        self.make("utc.mp4", "testsrc=size=64x64:rate=5:duration=1", "-c:v", "mpeg4",
                  "-metadata", "creation_time=2017-09-12T08:30:00Z")
        self.scan("--thumbnails")
        self.dalil("review", "disk:IMG_20170912_113000.jpg", "--state", "disputed", "--time", "2017-09-12T11:34+03:00",
                   "--made", "36.66,35.45", "--made-name", "المشفى", "--shown", "36.67,35.46,200m")
        page = self.page()[1]
        self.assert_on(page, '<p class="bad">review: <bdi>disputed</bdi></p>',
                       'verified time: <bdi dir="ltr">2017-09-12 11:34 +03:00</bdi>',
                       'verified made at: <bdi dir="ltr">36.660000, 35.450000</bdi> (<bdi>المشفى</bdi>)',
                       'verified to show: <bdi dir="ltr">36.670000, 35.460000, within 200 m</bdi>',
                       "2017-09-12 11:30:00", "2017-09-12 08:30:00Z (claimed)",
                       '= <bdi dir="ltr">2017-09-12 11:30</bdi>', "<bdi>Asia/Damascus</bdi>")
        self.assert_on(self.page("--zone", "+02:00")[1], '= <bdi dir="ltr">2017-09-12 10:30</bdi>', "UTC+02:00")
        self.assert_on(self.page("--language", "ar")[1], "<bdi>موضع خلاف</bdi>", "الوقت المتحقق منه")

    def test_words_stand_where_a_picture_cannot_be_decoded(self):
        self.make_media()
        path = os.path.join(self.dir, "sheet.png")
        result = self.dalil("sheet", "--out", path, env={"DALIL_PARSER": os.environ["DALIL_BAD_PARSER"]})
        self.assertRegex(result.err, r"warning: 11 pictures could not be decoded .*words stand")
        raw = self.ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        width = 20 + 4 * 276
        for card in range(4):
            cell = b"".join(raw[(y * width + 20 + card * 276) * 3:(y * width + 276 + card * 276) * 3]
                            for y in range(20, 276))
            dark = sum(cell[i] < 64 for i in range(0, len(cell), 3))
            self.assertTrue(200 < dark < 5000, (card, dark))  # letters

    def test_a_page_says_what_is_to_be_known_of_a_picture(self):
        self.make("cut.jpg", "testsrc2=size=400x300", "-frames:v", "1")
        os.truncate(self.path("cut.jpg"), os.path.getsize(self.path("cut.jpg")) * 2 // 3)
        self.scan("--thumbnails", expect=None)
        page = self.page("cut")[1]
        self.assertIn("data:image/jpeg", page)
        self.assert_on(page, '<p class="basis"><bdi>the picture&#39;s data are damaged in places</bdi></p>')

    def test_auditors_get_no_page(self):
        self.make_media()
        key = os.path.join(self.dir, "auditor.txt")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", key)
        path = os.path.join(self.dir, "page.html")
        self.fails("sheet", "--out", path, expect=WRONG_KEY, message="not visible", env={"DALIL_KEY_FILE": key})
        self.assertFalse(os.path.exists(path))

    def test_mistakes_leave_no_file(self):
        for name, hint in (("sheet.pdf", ".html"), ("sheet", ".html")):
            self.fails("sheet", "--out", os.path.join(self.dir, name), expect=FAILURE, message=name, hint=hint)
        self.fails("sheet", "--out", os.path.join(self.dir, "x.html"), "--language", "fr", expect=FAILURE,
                   message="'fr'", hint="ar")
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith(("sheet", "x."))], [])


if __name__ == "__main__":
    main()
