#include "dalil/formats/vocabulary.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "dalil/base/error.hpp"
#include "dalil/formats/register.hpp"
#include "register_fixture.hpp"

using namespace dalil;
using namespace dalil::formats;

namespace {

std::string shipped(const std::string& name) {
  const char* fixtures = std::getenv("DALIL_FIXTURES");
  const std::string root = fixtures != nullptr ? fixtures : "fixtures";
  std::ifstream file(root + "/vocabularies/" + name + ".json", std::ios::binary);
  INFO(root + "/vocabularies/" + name + ".json");
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string problem_of(std::string_view json) {
  try {
    (void)read_vocabulary_file(json);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid);
    return error.what();
  }
  return {};
}

const char* kRegisters[] = {"snhr-2017-09.json", "snhr-other-incidents.json"};

std::vector<archive::Incident> all_incidents() {
  std::vector<archive::Incident> all;
  for (const char* name : kRegisters) {
    const auto text = dalil::testing::fixture_register(name);
    REQUIRE(text);
    Register read = read_register_json(*text);
    REQUIRE(read.problems.empty());
    all.insert(all.end(), read.incidents.begin(), read.incidents.end());
  }
  return all;
}

}  // namespace

TEST_CASE("the shipped gazetteer has every governorate, district and subdistrict") {
  const archive::Gazetteer gazetteer = read_gazetteer(shipped("gazetteer"));
  std::map<archive::PlaceLevel, int> count;
  for (const archive::Place& place : gazetteer.places()) {
    ++count[place.level];
    INFO(place.code);
    CHECK(gazetteer.position(place));
    CHECK_FALSE(place.name("ar").empty());
    if (place.level != archive::PlaceLevel::place && place.level != archive::PlaceLevel::governorate)
      CHECK(place.code.starts_with(place.parent));
  }
  CHECK(count[archive::PlaceLevel::governorate] == 14);
  CHECK(count[archive::PlaceLevel::district] == 62);
  CHECK(count[archive::PlaceLevel::subdistrict] == 272);
}

TEST_CASE("what lies in a governorate lies within its radius") {
  const archive::Gazetteer gazetteer = read_gazetteer(shipped("gazetteer"));
  for (const archive::Place& place : gazetteer.places()) {
    const archive::Place& governorate = *gazetteer.governorate_of(place);
    const auto here = *gazetteer.position(place), whole = *gazetteer.position(governorate);
    INFO(place.code);
    CHECK(archive::distance_km(here.latitude, here.longitude, whole.latitude, whole.longitude) <=
          whole.radius_km);
  }
}

TEST_CASE("every spelling of a governorate in the registers is known and means one") {
  const archive::Gazetteer gazetteer = read_gazetteer(shipped("gazetteer"));
  for (const archive::Incident& incident : all_incidents()) {
    if (incident.governorate.empty()) continue;
    INFO(incident.governorate);
    CHECK(gazetteer.find(incident.governorate, archive::PlaceLevel::governorate).size() == 1);
  }
  const std::pair<const char*, const char*> kSpellings[] = {{"Deir Ez-Zour", "SY09"},
                                                            {"دير الزور", "SY09"},
                                                            {"Dayr az-Zawr", "SY09"},
                                                            {"Hasaka", "SY08"},
                                                            {"Damascus suburbs", "SY03"},
                                                            {"ريف دمشق", "SY03"},
                                                            {"Rif Dimashq", "SY03"},
                                                            {"Raqqa", "SY11"},
                                                            {"الرقه", "SY11"},
                                                            {"ادلب", "SY07"},
                                                            {"idlib", "SY07"},
                                                            {"Daraa", "SY12"},
                                                            {"حماه", "SY05"},
                                                            {"Latakia", "SY06"},
                                                            {"السويدا", "SY13"}};
  for (const auto& [spelling, code] : kSpellings) {
    INFO(spelling);
    const auto found = gazetteer.find(spelling, archive::PlaceLevel::governorate);
    REQUIRE(found.size() == 1);
    CHECK(found.front()->code == code);
  }
}

TEST_CASE("the places that the September register names are located") {
  const archive::Gazetteer gazetteer = read_gazetteer(shipped("gazetteer"));
  std::size_t located = 0, with_coordinates = 0;
  for (const archive::Incident& incident : all_incidents()) {
    if (!incident.id.starts_with("SNHR-2017-0")) continue;
    if (incident.id.ends_with("ARRESTS")) continue;  // "cities, towns and checkpoints"
    INFO(incident.id);
    const archive::Place* place = gazetteer.locate(incident.governorate, incident.place);
    REQUIRE(place != nullptr);
    ++located;
    if (gazetteer.position(*place)->of == place->code) ++with_coordinates;
  }
  CHECK(located == 44);
  CHECK(with_coordinates == 21);
}

TEST_CASE("the shipped vocabularies know the words of the registers") {
  const archive::Vocabulary parties = read_vocabulary(shipped("parties"));
  const archive::Vocabulary weapons = read_vocabulary(shipped("weapons"));
  const archive::Vocabulary areas = read_vocabulary(shipped("areas-of-control"));
  for (const archive::Incident& incident : all_incidents()) {
    INFO(incident.id);
    if (!incident.perpetrator_group.empty()) CHECK_FALSE(parties.find(incident.perpetrator_group).empty());
    if (!incident.weapon_code.empty()) CHECK(weapons.by_code(incident.weapon_code) != nullptr);
    if (!incident.area_of_control.empty()) CHECK_FALSE(areas.find(incident.area_of_control).empty());
  }
  CHECK(weapons.covers("air strike", "AIR_FIXED_MISSILE"));
  CHECK_FALSE(weapons.covers("artillery", "AIR_FIXED_MISSILE"));
  CHECK(areas.covers("HTS", "Armed opposition factions + Hay'at Tahrir al Sham (joint)"));
}

TEST_CASE("the types of links and states of verification are those of the archive") {
  const archive::Vocabulary types = read_vocabulary(shipped("link-types"));
  for (const std::string& name : archive::link_type_names()) CHECK(types.by_code(name) != nullptr);
  const archive::Vocabulary states = read_vocabulary(shipped("verification-states"));
  for (const char* name : {"unreviewed", "in-progress", "verified", "disputed", "rejected", "superseded"})
    CHECK(states.by_code(name) != nullptr);
}

TEST_CASE("each governorate has an outline around its subdistricts") {
  const archive::Gazetteer gazetteer = read_gazetteer(shipped("gazetteer"));
  std::set<std::string> codes;
  for (const Outline& outline : read_outlines(shipped("outlines"))) {
    CHECK_FALSE(outline.rings.empty());
    if (!outline.code.empty()) CHECK(codes.insert(outline.code).second);
  }
  for (const archive::Place& place : gazetteer.places())
    if (place.level == archive::PlaceLevel::governorate) CHECK(codes.contains(place.code));
  CHECK(codes.size() == 14);
}

TEST_CASE("a vocabulary is the same in its canonical and its printed form") {
  for (const char* name :
       {"gazetteer", "parties", "weapons", "areas-of-control", "link-types", "verification-states"}) {
    const std::string text = shipped(name);
    const VocabularyFile file = read_vocabulary_file(text);
    CHECK(file.name == name);
    CHECK_FALSE(file.title.empty());
    CHECK_FALSE(file.licence.empty());
    CHECK(read_vocabulary_file(file.canonical).canonical == file.canonical);
    CHECK(read_vocabulary_file(print_vocabulary(text)).canonical == file.canonical);
  }
}

TEST_CASE("what is wrong with a vocabulary is said with its place") {
  CHECK(problem_of("[") != "");
  CHECK(problem_of("\xff") == "vocabulary: is not UTF-8 text");
  CHECK(problem_of("[]") == "vocabulary: is not an object with members");
  CHECK(problem_of("{}") == "vocabulary: has no 'vocabulary'");
  CHECK(problem_of(R"({"vocabulary":"parties"})") == "vocabulary: has no list of 'terms'");
  CHECK(problem_of(R"({"vocabulary":"parties","terms":[{"code":"a","names":{"en":"A"}},{"code":"b"}]})") ==
        "term 2 ('b'): 'names' is to hold a name by language, as {\"en\": \"...\"}");
  CHECK(problem_of(R"({"vocabulary":"parties","terms":[{"code":"a","names":{"en":" "}}]})") ==
        "term 1 ('a'): 'names' is empty");
  CHECK(problem_of(R"({"vocabulary":"parties","terms":[{"code":"a","names":{"en":"A"},"parents":["z"]}]})") ==
        "term 'a' stands below 'z', which does not exist");
  CHECK(
      problem_of(R"({"vocabulary":"gazetteer","places":[{"code":"a","level":"town","names":{"en":"A"}}]})") ==
      "place 1 ('a'): is of no known level: 'town'; governorate, district, subdistrict or place");
  CHECK(problem_of(R"({"vocabulary":"gazetteer","places":[],"places":[]})") != "");
  CHECK(problem_of(R"({"vocabulary":"parties","terms":[]})") == "vocabulary: has no terms");
  CHECK(problem_of(R"({"vocabulary":"gazetteer","places":[]})") == "vocabulary: has no places");
  CHECK(problem_of(R"({"vocabulary":"parties","terms":[{"code":"a","names":{"en":"A"},"alias":["b"]}]})")
            .starts_with("term 1 ('a'): 'alias' is no member of it; there are: code, names, aliases"));
  CHECK(problem_of(R"({"vocabulary":"parties","titel":"x","terms":[{"code":"a","names":{"en":"A"}}]})")
            .starts_with("vocabulary: 'titel' is no member of it"));
  CHECK(problem_of(R"({"vocabulary":"parties","terms":[{"code":"a","names":{"en":"The Army"}},)"
                   R"({"code":"b","names":{"en":"B","fr":"the army"}}]})") ==
        "term 2 ('b'): bears the name 'the army', as term 1 ('a') does");
  // Read, though not taken any more: it may have been stated before this was checked.
  CHECK(read_vocabulary(R"({"vocabulary":"parties","terms":[]})").terms().empty());
  CHECK_THROWS_AS(read_gazetteer(R"({"vocabulary":"parties","terms":[]})"), Error);
  CHECK_THROWS_AS(read_vocabulary(R"({"vocabulary":"gazetteer","places":[]})"), Error);
  CHECK_THROWS_AS(read_outlines(R"({"outlines":[{"name":"A","rings":[[1,2,3]]}]})"), Error);
}
