"""Vocabularies: those of the program, those of the group, and what names mean by them."""
import json
import os

from scenario import FAILURE, FIXTURES, NO, WRONG_KEY, Scenario, main

REGISTER = os.path.join(FIXTURES, "incidents", "snhr-2017-09.json")


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


class Vocabularies(Scenario):
    def setUp(self):
        super().setUp()
        self.make_archive()

    def path(self, name, value=None):
        path = os.path.join(self.dir, name)
        if value is not None:
            with open(path, "w", encoding="utf-8") as file:
                json.dump(value, file)
        return path

    def codes(self, *arguments, expect=0):
        result = self.dalil("vocabulary", "show", *arguments, "--json", expect=expect)
        return [one["code"] for one in result.of("place") + result.of("term")]

    def test_what_comes_with_the_program(self):
        listed = {one["name"]: one for one in self.dalil("vocabulary", "list", "--json").of("vocabulary")}
        self.assertEqual(set(listed), {"gazetteer", "parties", "weapons", "areas-of-control", "link-types",
                                       "verification-states"})
        self.assertFalse(any(one["own"] for one in listed.values()))
        self.assertEqual(listed["gazetteer"]["entries"], 378)
        for spelling in ("Deir Ez-Zour", "دير الزور", "dayr az-zawr", "SY09"):
            self.assertIn("SY09", self.codes("gazetteer", spelling))
        self.assertEqual(self.codes("gazetteer", "Suran"), ["SY020405", "SY050101"])
        self.assertIn("fourth-division", self.codes("parties", "Syrian regime forces"))
        self.assertEqual(self.codes("gazetteer", "Atlantis", expect=NO), [])
        self.assertIn("Idleb", self.dalil("vocabulary", "show", "gazetteer", "Idlab", expect=NO).err)
        self.fails("vocabulary", "show", "../incidents/places", expect=FAILURE, message="'../incidents/places'",
                   hint="vocabulary list")

    def test_a_group_states_its_own(self):
        self.dalil("incident", "import", REGISTER)
        path = self.path("parties.json")
        self.dalil("vocabulary", "export", "parties", path)
        own = json.loads(read(path))
        own["terms"].append({"code": "allies", "names": {"en": "The allies"}})
        for term in own["terms"]:
            if term["code"] in ("russian-forces", "syrian-regime"):
                term["parents"] = ["allies"]
        count = lambda: self.dalil("incident", "stats", "--where", "party=the allies", "--json").summary["incidents"]
        unknown = lambda: self.fails("incident", "stats", "--where", "party=the allies", expect=FAILURE,
                                     message="no incident has 'the allies' as its party", hint="vocabulary show parties")
        unknown()
        summary = self.dalil("vocabulary", "import", "parties", self.path("own.json", own), "--reason", "agreed in May",
                             "--json").summary
        self.assertTrue(summary["changed"])
        self.assertEqual(count(), 32)
        self.assertEqual(self.dalil("vocabulary", "import", "parties", self.path("own.json"), "--json").summary["changed"],
                         False)
        listed = {one["name"]: one for one in self.dalil("vocabulary", "list", "--json").of("vocabulary")}
        self.assertTrue(listed["parties"]["own"])
        self.assertEqual(listed["parties"]["reason"], "agreed in May")
        self.dalil("vocabulary", "import", "parties", "--shipped", "--reason", "not yet")
        unknown()
        history = self.dalil("vocabulary", "show", "parties", "--history", "--json").of("statement")
        self.assertEqual([one["reason"] for one in history], ["agreed in May", "not yet"])
        self.assertIn("vocabulary parties stated: agreed in May", self.dalil("log").out)
        self.dalil("check")
        self.dalil("rebuild")
        self.assertEqual(self.dalil("vocabulary", "show", "parties", "--history", "--json").summary["shown"], 2)

    def test_a_place_of_the_groups_own_is_found_and_put_on_the_map(self):
        path = self.path("gazetteer.json")
        self.dalil("vocabulary", "export", "gazetteer", path)
        own = json.loads(read(path))
        for place in own["places"]:
            if place["code"] == "SY09/BOULAYL":
                place.update(latitude=35.18, longitude=40.36, radius_km=2)
        self.dalil("vocabulary", "import", "gazetteer", self.path("own.json", own))
        shown = self.dalil("vocabulary", "show", "gazetteer", "al Boulayl", "--json").of("place")[0]
        self.assertEqual((shown["latitude"], shown["position_of"]), (35.18, "SY09/BOULAYL"))

    def test_what_is_wrong_is_named_and_nothing_is_stated(self):
        before = self.dalil("log", "--json", "--limit", "0").summary["entries"]
        import_ = lambda name, value, **checks: self.fails("vocabulary", "import", name, self.path("x.json", value),
                                                           expect=FAILURE, hint="nothing was stated", **checks)
        term = {"code": "a", "names": {"en": "A"}}
        import_("parties", {"vocabulary": "weapons", "terms": [term]}, message="'weapons'")
        import_("parties", {"vocabulary": "parties", "terms": [term, term]}, message="'a' appears twice")
        import_("parties", {"vocabulary": "parties", "terms": [dict(term, parents=["b"])]}, message="'b', which does not exist")
        for extra in ({"alias": ["x"]}, {"parent": "a"}):
            import_("parties", {"vocabulary": "parties", "terms": [term, dict(term, code="b", names={"en": "B"}, **extra)]},
                    message=f"term 2 ('b'): '{list(extra)[0]}' is no member of it")
        import_("parties", {"vocabulary": "parties", "terms": [term], "licenz": "x"}, message="'licenz' is no member")
        import_("parties", {"vocabulary": "parties", "terms": []}, message="has no terms")
        import_("parties", {"vocabulary": "parties", "terms": [term, dict(term, code="b")]},
                message="term 2 ('b'): bears the name 'a', as term 1 ('a') does")
        place = {"code": "p", "level": "governorate", "names": {"en": "P"}}
        import_("gazetteer", {"vocabulary": "gazetteer", "places": [dict(place, latitud=1)]}, message="'latitud'")
        import_("gazetteer", {"vocabulary": "gazetteer", "places": [dict(place, level="district", parent="q")]},
                message="'q', which does not exist")
        import_("parties", {"vocabulary": "parties", "terms": [dict(term, **{"from": "2017-13"})]}, message="2017-13")
        import_("gazetteer", {"vocabulary": "gazetteer", "places": [dict(term, level="town")]}, message="place 1 ('a')")
        self.fails("vocabulary", "import", "parties", expect=FAILURE, message="--shipped")
        self.fails("vocabulary", "import", "nothing", "--shipped", expect=FAILURE, message="'nothing'")
        own = self.path("own.json", {"vocabulary": "Bad Name", "terms": [term]})
        self.fails("vocabulary", "import", "Bad Name", own, expect=FAILURE, message="'Bad Name'", hint="small letters")
        self.assertEqual(self.dalil("log", "--json", "--limit", "0").summary["entries"], before)

    def test_a_new_vocabulary_of_the_groups_own(self):
        own = self.path("own.json", {"vocabulary": "targets", "terms": [{"code": "school", "names": {"ar": "مدرسة"}}]})
        self.dalil("vocabulary", "import", "targets", own)
        self.assertEqual(self.codes("targets", "مدرسه"), ["school"])

    def test_an_auditor_sees_the_programs_and_states_nothing(self):
        own = self.path("own.json", {"vocabulary": "parties", "terms": [{"code": "a", "names": {"en": "Secret party"}}]})
        self.dalil("vocabulary", "import", "parties", own, "--reason", "secret reason")
        key = os.path.join(self.dir, "auditor.key")
        self.dalil("key", "add", "--role", "auditor", "--name", "Sami", "--key-file", key)
        self.env["DALIL_KEY_FILE"] = key
        for arguments in (["vocabulary", "list"], ["vocabulary", "show", "parties"], ["log"]):
            result = self.dalil(*arguments)
            self.assertNotIn("ecret", result.out + result.err)
        self.assertIn("not visible to this role", self.dalil("vocabulary", "list").err)
        out = os.path.join(self.dir, "page.html")
        for arguments in (["vocabulary", "show", "parties", "--history"], ["vocabulary", "import", "parties", own],
                          ["timeline"], ["timeline", "--out", out], ["map", "--out", out], ["incident", "stats"]):
            self.fails(*arguments, expect=WRONG_KEY, message="role")
        self.assertFalse(os.path.exists(out))


if __name__ == "__main__":
    main()
