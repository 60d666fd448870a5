"""Finding: the language of queries on real registers, its errors, what roles may ask, sorting and counting."""
import os

from scenario import FAILURE, FIXTURES, NO, WRONG_KEY, Scenario, main

REGISTER = os.path.join(FIXTURES, "incidents", "snhr-2017-09.json")
PICTURE = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")  # nothing but its own head
SHELLING = "SNHR-2017-09-11-HAWAYEJ-THYAB-CROSSING"


class Find(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive("disk", "card")
        self.dalil("incident", "import", REGISTER)
        self.write("market/IMG-20170911-WA0003.jpg", PICTURE)
        self.write("market/clip.mp4", b"two, which is longer")
        self.write("حلب/صورة.txt", b"three, which is the longest of them all")
        self.write("other/notes.txt", b"four")
        self.scan()
        incidents = self.dalil("incident", "list", "--json").of("incident")
        self.incidents = {one["incident"]["id"]: one["incident"] for one in incidents}
        self.dalil("link", "disk:market/clip.mp4", SHELLING, "--type", "depicts")
        self.other = next(key for key, one in self.incidents.items() if one["governorate"] == "Idlib")
        self.dalil("link", "disk:حلب/صورة.txt", self.other, "--type", "aftermath")

    def names(self, *query, expect=0):
        return sorted(line.split("/")[-1] for line in
                      self.dalil("find", *query, "--paths", expect=expect).out.splitlines())


class Language(Find):
    def test_words_are_found_in_names_and_in_incidents(self):
        self.assertEqual(self.names("market"), ["IMG-20170911-WA0003.jpg", "clip.mp4"])
        self.assertEqual(self.names("صوره"), ["صورة.txt"])
        self.assertEqual(self.names("HAWAYEJ crossing"), ["clip.mp4"])
        self.assertEqual(self.names('"river crossing"'), ["clip.mp4"])
        self.assertEqual(self.names("market", "not", "clip"), ["IMG-20170911-WA0003.jpg"])
        self.assertEqual(self.names("nowhere", expect=NO), [])

    def test_a_name_is_found_in_whatever_way_it_is_written(self):
        names = {"Hay\u2019at Tahrir al-Sham.txt", "Maʿarrat an-Nuʿmān.txt", "Deir_ez-Zor.txt", "قصف خان شيخون، الحي.txt",
                 "Khan Shaykhun.txt", "قصف حلب.txt"}
        for name in names:
            self.write(f"names/{name}", name.encode())
        self.scan()
        for query in ("Hayat", "Hay'at", "Hay\u2019at", '"Tahrir al-Sham"', '"Tahrir al Sham"', "\u201ctahrir_al_sham\u201d"):
            self.assertEqual(self.names(query + " path:names"), ["Hay\u2019at Tahrir al-Sham.txt"], query)
        for query in ("Maarrat", "Ma'arrat", '"معرة النعمان"', "معرة النعمان"):
            self.assertIn("Maʿarrat an-Nuʿmān.txt", self.names(query), query)
        self.assertIn("Deir_ez-Zor.txt", self.names('"دير الزور" path:names'))
        for query in ('"Khan Shaykhun" path:names', "Khan Shaykhun path:names", '"خان شيخون" path:names'):
            self.assertEqual(self.names(query), ["Khan Shaykhun.txt", "قصف خان شيخون، الحي.txt"], query)
        self.assertEqual(self.names("Aleppo path:names"), ["قصف حلب.txt"])

    def test_what_people_write_from_habit(self):
        self.assertEqual(self.names("path:market/*.mp4"), ["clip.mp4"])
        self.assertEqual(self.names("path=*.mp4"), ["clip.mp4"])
        self.assertEqual(self.names("path=*.mp", expect=NO), [])
        self.assertEqual(self.names("path:market kind!=photo"), ["clip.mp4"])
        self.assertEqual(self.names("governorate!=Idlib"), ["clip.mp4"])
        self.assertEqual(self.names("governorate:Idlib type!=aftermath", expect=NO), [])
        self.fails("find", "made:2017-09-11 06:59", expect=FAILURE, message="joined to its day by a T")
        self.dalil("find", "is:linked", "--count-by", "attribution")
        few = self.dalil("find", "path:.", "--limit", "1")
        self.assertIn("3 more items were left out by --limit", few.err)

    def test_an_incident_of_which_only_the_governorate_is_known_may_have_been_there(self):
        fields = ("id=FARM", "date=2017-09-14", "governorate=Idlib", "place=a farm")
        self.dalil("incident", "add", *(part for field in fields for part in ("--set", field)))
        self.dalil("link", "disk:other/notes.txt", "FARM", "--type", "context")
        question = "incident-near:35.93,36.63~1km"
        before = self.names(question, expect=None)
        self.assertNotIn("notes.txt", before)
        found = self.dalil("find", question, "--json", expect=None)
        self.assertGreaterEqual(found.summary["may_lie_within"], 1)
        self.assertIn("~area", self.dalil("find", question, expect=None).err)
        wide = self.names(question + "~area")
        self.assertIn("notes.txt", wide)
        self.assertEqual(len(wide), len(before) + found.summary["may_lie_within"])

    def test_conditions_on_an_incident_are_asked_of_one(self):
        shelling, other = self.incidents[SHELLING], self.incidents[self.other]
        self.assertNotEqual(shelling["governorate"], other["governorate"])
        self.dalil("link", "disk:market/clip.mp4", self.other, "--type", "context")
        self.assertEqual(self.names("governorate:Idlib type:depicts", expect=NO), [])
        self.assertEqual(self.names("governorate:Idlib type:context"), ["clip.mp4"])
        self.assertEqual(self.names("governorate:Idlib (type:depicts or type:context)"), ["clip.mp4"])
        self.assertEqual(self.names("link(governorate:Idlib not type:context)"), ["صورة.txt"])
        self.assertEqual(self.names("not governorate:Idlib"), ["IMG-20170911-WA0003.jpg", "notes.txt"])

    def test_places_parties_and_weapons_go_by_any_of_their_names(self):
        for spelling in ("Idlib", "Idleb", "إدلب", "ادلب", "SY07"):
            self.assertEqual(self.names(f"governorate:{spelling}"), ["صورة.txt"], spelling)
        self.assertEqual(self.names('governorate:"Deir ez-Zor"'), ["clip.mp4"])
        self.assertEqual(self.names('governorate:"دير الزور"'), ["clip.mp4"])
        self.assertEqual(self.names("weapon:AIR_FIXED_MISSILE date:2017-09-11"), ["clip.mp4"])

    def test_size_time_and_health(self):
        self.assertEqual(self.names("size<5"), ["notes.txt"])
        self.assertEqual(self.names("made:2017-09-11T06:00..07:00"), ["IMG-20170911-WA0003.jpg"])
        remark = self.dalil("find", "made:2017-09-11T06:00..07:00").err
        self.assertIn("1 of them by a date alone", remark)
        self.assertIn("1 of them by a clock whose zone nobody recorded", remark)
        self.assertEqual(self.names("made:2017-09-12T01:00..05:00", expect=NO), [])
        self.assertIn("ask for 'time:...~zone'", self.dalil("find", "made:2017-09-12T01:00..05:00", expect=NO).err)
        self.assertEqual(self.names("made:2017-09-12T01:00..05:00~zone"), ["IMG-20170911-WA0003.jpg"])
        self.flip("market/clip.mp4", 3)
        self.dalil("verify", self.tree, "--volume", "disk", expect=NO)
        self.assertEqual(self.names("is:damaged"), ["clip.mp4"])
        self.assertEqual(self.names("is:lost"), ["clip.mp4"])
        self.assertEqual(self.names("copies:0"), ["clip.mp4"])
        self.assertEqual(self.names("volume:disk health:damaged"), ["clip.mp4"])
        self.assertEqual(len(self.names("volume:disk health:sound")), 3)
        self.assertEqual(self.names("volume:card", expect=NO), [])
        self.assert_sound()

    def test_a_vanished_copy_is_not_held_any_more(self):
        os.remove(os.path.join(self.tree, "other/notes.txt"))
        self.scan(expect=NO)
        self.assertEqual(self.dalil("find", "copies:0", "--count").out, "1\n")
        self.assertEqual(self.dalil("find", "notes", "--count").out, "1\n", "former names are known")
        self.assertEqual(self.dalil("find", "volume:disk", "--count").out, "3\n")

    def test_options_and_query_are_joined(self):
        self.assertEqual(self.names("market", "--max-size", "20"), ["clip.mp4"])
        self.assertEqual(self.names("market", "--unlinked"), ["IMG-20170911-WA0003.jpg"])
        self.assertEqual(self.names("(market or notes)", "--incident", SHELLING), ["clip.mp4"])


class Answers(Find):
    def test_sorted(self):
        def order(*arguments):
            return [one["size_bytes"] for one in self.dalil("find", "--json", *arguments).of("item")]
        self.assertEqual(order("--sort", "size"), [4, 20, 22, 39])
        self.assertEqual(order("--sort", "size", "--reverse"), [39, 22, 20, 4])
        self.assertEqual(order("--sort", "size", "--reverse", "--limit", "2"), [39, 22])
        self.assertEqual(order("--sort", "made")[0], 22)
        self.fails("find", "--sort", "colour", expect=FAILURE, message="'colour'", hint="size")

    def test_counted(self):
        counts = self.dalil("find", "--count-by", "governorate", "--json").of("count")
        self.assertEqual({one["value"]: one["items"] for one in counts}, {"Deir Ez-Zour": 1, "Idlib": 1, None: 2})
        text = self.dalil("find", "--count-by", "volume").out
        self.assertIn("disk", text)
        self.assertEqual(self.dalil("find", "--count").out, "4\n")
        self.fails("find", "--count-by", "colour", expect=FAILURE, message="'colour'", hint="governorate")

    def test_fields_are_listed_without_an_archive(self):
        result = self.dalil("find", "--fields", "--json", env={"DALIL_ARCHIVE": "", "DALIL_KEY_FILE": ""})
        names = {one["name"] for one in result.of("field")}
        self.assertLessEqual({"incident", "governorate", "made", "near", "volume", "health"}, names)


class Saved(Find):
    def test_a_query_is_saved_used_listed_and_removed(self):
        self.dalil("query", "save", "seen", "governorate:Idlib or", "market", "--note", "weekly")
        self.assertEqual(self.names("@seen"), ["IMG-20170911-WA0003.jpg", "clip.mp4", "صورة.txt"])
        self.assertEqual(self.names("@seen", "not", "is:linked"), ["IMG-20170911-WA0003.jpg"])
        self.dalil("query", "save", "unseen", "not @seen")
        self.assertEqual(self.names("@unseen"), ["notes.txt"])
        listed = self.dalil("query", "list", "--json").of("query")
        self.assertEqual([(one["name"], one["query"], one["note"]) for one in listed],
                         [("seen", "governorate:Idlib or market", "weekly"), ("unseen", "not @seen", "")])
        self.dalil("query", "save", "seen", "clip")
        self.assertEqual(self.names("@seen"), ["clip.mp4"])
        self.assertIn("query saved as 'seen': clip", self.dalil("log").out)
        self.dalil("query", "save", "both", "@unseen kind:video")
        self.fails("query", "remove", "seen", expect=FAILURE,
                   message="'@seen' is used by 2 other saved queries: '@both', '@unseen'", hint="remove them first")
        self.assertEqual(self.names("@unseen", "not", "kind:video")[:1], self.names("@unseen")[:1])
        self.dalil("query", "remove", "both")
        self.dalil("query", "remove", "unseen")
        self.dalil("query", "remove", "seen", "--why", "done")
        self.fails("find", "@seen", expect=FAILURE, message="no saved query 'seen'", hint="query list")
        self.fails("query", "remove", "seen", expect=FAILURE, message="no saved query 'seen'")
        self.assert_sound()

    def test_what_could_not_be_asked_is_not_saved(self):
        self.fails("query", "save", "x", "(market", expect=FAILURE, message="')' is missing")
        self.fails("query", "save", "two words", "market", expect=FAILURE, message="cannot be a query's name")
        self.dalil("query", "save", "loop", "market")
        self.fails("query", "save", "loop", "@loop", expect=FAILURE, message="lead back to itself")
        self.dalil("find", "@loop")


class Errors(Find):
    def test_what_cannot_be_read_is_told_with_its_place(self):
        for query, message, hint in (("(market", "')' is missing", "help find"),
                                     ("colour:red", "no field 'colour'", "--fields"),
                                     ("govern:Idlib", "no field 'govern'", "governorate"),
                                     ("killed>=many", "'many'", "number"),
                                     ("made:yesterday", "'yesterday'", "2017-09-11"),
                                     ("near:35.9,36.6", "'35.9,36.6'", "5km"),
                                     ("type:shown", "'shown'", "depicts"),
                                     ("market or", "ends too early", "help find")):
            self.fails("find", query, expect=FAILURE, message=message, hint=hint)

    def test_what_does_not_exist_is_an_error(self):
        self.fails("find", "incident:NONE", expect=FAILURE, message="no incident 'NONE'")
        self.fails("find", "volume:none", expect=FAILURE, message="no volume 'none'")
        self.fails("find", "source:W7", expect=FAILURE, message="no source 'W7'")
        self.fails("find", "near:Idlebb~5km", expect=FAILURE, message="'Idlebb'", hint="Idl")

    def test_an_auditor_finds_by_inventory_and_is_refused_the_rest(self):
        auditor = os.path.join(self.dir, "auditor.txt")
        self.dalil("key", "add", "--role", "auditor", "--name", "Nur", "--key-file", auditor)
        as_auditor = {"DALIL_KEY_FILE": auditor}
        self.assertEqual(self.dalil("find", "market", "--count", env=as_auditor).out, "2\n")
        self.assertEqual(self.dalil("find", "volume:disk size>20", "--count", env=as_auditor).out, "2\n")
        unseen = self.dalil("find", "hawayej", "--count", env=as_auditor, expect=NO)
        self.assertEqual(unseen.out, "0\n")
        self.assertIn("in names alone", unseen.err)
        for query in ("governorate:Idlib", "is:linked", "kind:photo", "source:W7", "not incident:NONE"):
            self.fails("find", query, expect=WRONG_KEY, message="not visible to this role", env=as_auditor)
        self.fails("find", "--count-by", "kind", expect=WRONG_KEY, message="not visible", env=as_auditor)


if __name__ == "__main__":
    main()
