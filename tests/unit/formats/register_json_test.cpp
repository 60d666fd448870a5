#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "dalil/formats/register.hpp"
#include "register_fixture.hpp"

using namespace dalil;
using namespace dalil::formats;
using nlohmann::json;

namespace {

bool says_nothing(const json& value) {
  return value.is_null() || ((value.is_array() || value.is_object()) && value.empty());
}

std::string all_problems(const Register& read) {
  std::string text;
  for (const RegisterProblem& problem : read.problems) text += problem.text() + "\n";
  return text;
}

Register one(const std::string& fields) {
  return read_register_json("[\n{\"id\": \"A\",\n" + fields + "\n}]");
}

const char* const kSmall = R"({"report": "R", "incidents": [
 {"id": "A-1", "date": "2017-09-11", "killed": 12, "killed_qualifier": "at least", "place": "دير الزور \"x\"",
  "latitude": 35.336, "longitude": 40.141, "weekday_stated": "Monday", "weekday_ok": true,
  "witness": {"says": {"killed": 10, "list": [1, -2.5, null, true]}}, "photo_captions": ["a\nb", "c"],
  "relations": [{"type": "part_of", "target": "A-2"}], "own": {"b": 1, "a": [1.5]}},
 {"id": "A-2", "date": "2017-09", "source": {"report": "R"}}
]})";

}  // namespace

TEST_CASE("both fixture registers are read without a problem") {
  const std::size_t expected[] = {43, 14};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto text = testing::fixture_register(testing::register_names()[i]);
    if (!text) return;
    const Register read = read_register_json(*text);
    CHECK(all_problems(read).empty());
    CHECK(read.incidents.size() == expected[i]);
  }
}

TEST_CASE("no value of a fixture register is lost, and none is made up") {
  for (const std::string& name : testing::register_names()) {
    const auto text = testing::fixture_register(name);
    if (!text) return;
    const json source = json::parse(*text);
    const Register read = read_register_json(*text);
    REQUIRE(read.incidents.size() == source["incidents"].size());
    for (std::size_t i = 0; i < read.incidents.size(); ++i) {
      const json& before = source["incidents"][i];
      const json after = json::parse(incident_to_json(read.incidents[i]));
      for (const auto& [field, value] : before.items()) {
        INFO(name << " row " << i + 1 << " field " << field);
        if (says_nothing(value)) {
          CHECK(!after.contains(field));
        } else {
          CHECK(after.value(field, json()) == value);
        }
      }
      for (const auto& [field, value] : after.items()) {
        if (field != "date_precision") CHECK(before.contains(field));
      }
      CHECK(read.incidents[i].extra.empty());
    }
    // What stands beside the incidents
    json beside = json::object();
    for (const auto& [field, value] : read.extra) beside[field] = json::parse(value);
    if (!read.published_totals_json.empty())
      beside["published_totals"] = json::parse(read.published_totals_json);
    json expected = source;
    expected.erase("incidents");
    CHECK(beside == expected);
  }
}

TEST_CASE("every incident of the fixtures survives JSON unchanged") {
  for (const std::string& name : testing::register_names()) {
    const auto text = testing::fixture_register(name);
    if (!text) return;
    for (const archive::Incident& incident : read_register_json(*text).incidents) {
      for (const int indent : {-1, 1}) {
        const Register again = read_register_json(incident_to_json(incident, indent));
        INFO(incident.id << "\n" << all_problems(again));
        REQUIRE(again.problems.empty());
        REQUIRE(again.incidents.size() == 1);
        CHECK(again.incidents[0] == incident);
      }
    }
  }
}

TEST_CASE("each field of the register finds its place in the incident") {
  const Register read = read_register_json(kSmall);
  REQUIRE(all_problems(read).empty());
  REQUIRE(read.incidents.size() == 2);
  const archive::Incident& first = read.incidents[0];
  CHECK(first.killed == archive::Count{12, "at least"});
  CHECK(!first.children.value);
  CHECK(first.place == "دير الزور \"x\"");
  CHECK(first.latitude == 35.336);
  CHECK(first.weekday_ok == true);
  CHECK(first.witness_json == R"({"says":{"killed":10,"list":[1,-2.5,null,true]}})");
  CHECK(first.photo_captions == std::vector<std::string>{"a\nb", "c"});
  CHECK(first.relations == std::vector<archive::Relation>{{"part_of", "A-2"}});
  REQUIRE(first.extra.size() == 1);
  CHECK(first.extra[0] == std::pair<std::string, std::string>{"own", R"({"a":[1.5],"b":1})"});
  CHECK(read.incidents[1].date == "2017-09");
  CHECK(read.extra == decltype(read.extra){{"report", "\"R\""}});
}

TEST_CASE("a bare list and a single incident are registers too") {
  CHECK(read_register_json(R"([{"id":"A"},{"id":"B"}])").incidents.size() == 2);
  CHECK(read_register_json(R"({"id":"A","killed":1})").incidents.at(0).killed.value == 1);
  CHECK(read_register_json("\xEF\xBB\xBF[]").problems.empty());
}

TEST_CASE("what is wrong in a row is named by row, line and field") {
  const Register read =
      read_register_json("{\"incidents\": [\n{\"id\": \"A\"},\n{\n\"id\": \"B\",\n\"killed\":\n -1}]}");
  REQUIRE(read.problems.size() == 1);
  CHECK(read.problems[0] == RegisterProblem{2, 5, "killed", "is negative"});
  CHECK(read.problems[0].text() == "row 2 (line 5), field 'killed': is negative");
}

TEST_CASE("each kind of mistake is a problem of its field") {
  struct Mistake {
    const char* fields;
    const char* field;
    const char* problem;
  };
  const Mistake mistakes[] = {
      {R"("killed": "twelve")", "killed", "whole number"},
      {R"("killed": 1.5)", "killed", "whole number"},
      {R"("killed": 99999999999)", "killed", "too large"},
      {R"("killed": 18446744073709551615)", "killed", "too large"},
      {R"("killed": 123456789012345678901234567890)", "killed", "more digits"},
      {R"("own": 0.12345678901234567890123)", "own", "more digits"},
      {R"("date": "2017-02-30")", "date", "no date that exists"},
      {R"("date": "11/09/2017")", "date", "no date that exists"},
      {R"("date": 2017)", "date", "must be text"},
      {R"("date": "2017-09-11", "date_end": "2017-09-10")", "date_end", "before"},
      {R"("date_end": "2017-09-10")", "date_end", "without 'date'"},
      {R"("date": "2017-09-11", "date_precision": "month")", "date_precision", "known to the day"},
      {R"("date_precision": "month")", "date_precision", "no 'date'"},
      {R"("date_precision": "roughly")", "date_precision", "day, month, year or unknown"},
      {R"("date": "2017-09-11", "documented_on": "2017-09-10")", "documented_on", "before"},
      {R"("date": "2017-09-11", "weekday_stated": "Tuesday")", "weekday_stated", "was a Monday"},
      {R"("weekday_stated": "Mnday")", "weekday_stated", "no weekday"},
      {R"("weekday_ok": "yes")", "weekday_ok", "true or false"},
      {R"("local_time": "24:00")", "local_time", "time of day"},
      {R"("utc_offset": "3")", "utc_offset", "offset"},
      {R"("latitude": 91, "longitude": 0)", "latitude", "between -90 and 90"},
      {R"("latitude": 35)", "longitude", "missing"},
      {R"("photo_captions": "one")", "photo_captions", "list of texts"},
      {R"("photo_captions": [1])", "photo_captions", "list of texts"},
      {R"("relations": [{"type": "part_of"}])", "relations", "target"},
      {R"("relations": [{"type": "part_of", "target": "A"}])", "relations", "itself"},
      {R"("notes": "a\u0000b")", "notes", "control character"},
      {R"("place": "x", "place": "y")", "place", "twice; first in line 3"},
      {R"("witness": {"a": 1, "a": 2})", "witness", "'a' appears twice"},
      {R"("source.report": "x")", "source.report", "field of the register"},
      {R"("": 1)", "", "no name"},
      {R"("incidents": [])", "incidents", "register's list"},
  };
  for (const Mistake& mistake : mistakes) {
    const Register read = one(mistake.fields);
    INFO(mistake.fields << "\n" << all_problems(read));
    REQUIRE(!read.problems.empty());
    CHECK(read.problems[0].row == 1);
    CHECK(read.problems[0].field == mistake.field);
    CHECK(read.problems[0].problem.find(mistake.problem) != std::string::npos);
  }
}

TEST_CASE("a place longer than a place can be is refused") {
  CHECK(one("\"place\": \"" + std::string(1024, 'x') + "\"").problems.empty());
  CHECK(one("\"place\": \"" + std::string(1025, 'x') + "\"").problems.at(0).field == "place");
  CHECK(one("\"description\": \"" + std::string(65536, 'x') + "\"").problems.empty());
  CHECK(one("\"description\": \"" + std::string(65537, 'x') + "\"").problems.at(0).field == "description");
}

TEST_CASE("a wrong weekday is accepted when the register itself marks it") {
  CHECK(one(R"("date": "2017-09-11", "weekday_stated": "Tuesday", "weekday_ok": false)").problems.empty());
  CHECK(one(R"("date": "2017-09-11", "weekday_stated": "الإثنين")").problems.empty());
  CHECK(one(R"("date": "1969-12-31", "weekday_stated": "wed")").problems.empty());
  CHECK(one(R"("date": "2017-09", "weekday_stated": "Monday")").problems.empty());
}

TEST_CASE("an id is there, is one line, and is no other row's") {
  CHECK(read_register_json(R"([{"killed": 1}])").problems.at(0).field == "id");
  CHECK(read_register_json(R"([{"id": null}])").problems.at(0).problem == "is missing");
  CHECK(read_register_json(R"([{"id": "A\nB"}])").problems.size() == 1);
  CHECK(read_register_json(R"([{"id": "A\u202eB"}])").problems.size() == 1);
  CHECK(read_register_json(R"([{"id": " A"}])").problems.size() == 1);
  CHECK(read_register_json(R"([{"id": "حماة-1"}])").problems.empty());
  const Register twice = read_register_json("[{\"id\": \"A\"},\n{\"id\": \"B\"},\n{\"id\": \"A\"}]");
  REQUIRE(twice.problems.size() == 1);
  CHECK(twice.problems[0].text() == "row 3 (line 3), field 'id': 'A' is also the id of row 1 (line 1)");
  // The same letter, composed and decomposed
  CHECK(read_register_json(R"([{"id": "\u00e9"}, {"id": "e\u0301"}])").problems.size() == 1);
}

TEST_CASE("a syntax error is named by line and column") {
  const Register read = read_register_json("{\"incidents\": [\n  {\"id\": \"A\",}\n]}");
  REQUIRE(read.problems.size() == 1);
  CHECK(read.problems[0].line == 2);
  CHECK(read.problems[0].problem.substr(0, 11) == "column 14: ");
  CHECK(read_register_json("").problems.at(0).line == 1);
  CHECK(read_register_json("[{\"id\": \"A\"}] x").problems.at(0).problem.substr(0, 10) == "column 15:");
}

TEST_CASE("what is no list of incidents is refused") {
  for (const char* text :
       {"5", "null", "\"x\"", "{}", R"({"incidents": {}})", R"({"incidents": null})", "[1]", "[[]]",
        R"({"incidents": [], "incidents": []})", R"({"incidents": [], "a": 1, "a": 2})",
        R"({"incidents": [], "published_totals": 5})", R"({"id": "A", "incidents": 5})"}) {
    INFO(text);
    CHECK(read_register_json(text).problems.size() == 1);
  }
}

TEST_CASE("other encodings are refused by their line") {
  CHECK(read_register_json(std::string("\xFF\xFE[\0", 4)).problems.at(0).problem.find("UTF-16") !=
        std::string::npos);
  const Register read = read_register_json("[{\"id\": \"A\",\n\"place\": \"\xE1\xE3\"}]");
  REQUIRE(read.problems.size() == 1);
  CHECK(read.problems[0].line == 2);
}

TEST_CASE("nesting is bounded, and what is within the bound is kept") {
  const auto nested = [](std::size_t depth) {
    return R"({"incidents": [{"id": "A", "own": )" + std::string(depth, '[') + std::string(depth, ']') +
           "}]}";
  };
  const Register deepest = read_register_json(nested(kMaxRegisterDepth - 3));
  CHECK(deepest.problems.empty());
  CHECK(read_register_json(incident_to_json(deepest.incidents.at(0))).incidents == deepest.incidents);
  CHECK(read_register_json(nested(kMaxRegisterDepth - 2)).problems.size() == 1);
  CHECK(read_register_json(nested(100000)).problems.size() == 1);
  CHECK(read_register_json(std::string(100000, '[')).problems.size() == 1);
}

TEST_CASE("size, rows and the list of problems are bounded") {
  CHECK(read_register_json(std::string(kMaxRegisterBytes + 1, ' ')).problems.at(0).problem.find("64 MiB") !=
        std::string::npos);
  std::string rows = "[{}";
  for (int i = 0; i < 5000; ++i) rows += ",{}";
  const Register many = read_register_json(rows + "]");
  CHECK(many.problems.size() == kMaxRegisterProblems);
  CHECK(many.problems.back().problem.find("more problems") != std::string::npos);
  std::string values = "[{\"id\": \"A\", \"own\": [0";
  for (int i = 0; i < 1000001; ++i) values += ",0";
  CHECK(read_register_json(values + "]}]").problems.size() == 1);
}

TEST_CASE("a JSON register truncated at every byte is refused") {
  const std::string whole = kSmall;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Register read = read_register_json(whole.substr(0, size));
    INFO(size);
    CHECK(read.problems.size() == 1);
  }
}

TEST_CASE("with any bit flipped, a JSON register is refused or still survives a round trip") {
  const std::string whole = kSmall;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const Register read = read_register_json(flipped);
    if (!read.problems.empty()) continue;
    for (const archive::Incident& incident : read.incidents) {
      const Register again = read_register_json(incident_to_json(incident));
      INFO(flipped);
      REQUIRE(again.problems.empty());
      REQUIRE(again.incidents.size() == 1);
      REQUIRE(again.incidents[0] == incident);
    }
  }
}

TEST_CASE("an incident that holds bytes of no encoding is still written") {
  archive::Incident incident;
  incident.id = "A";
  incident.place = "\xFF";
  incident.source_json = "{broken";
  incident.extra = {{"own", "{broken"}};
  CHECK(validate(incident).size() == 3);
  CHECK(json::parse(incident_to_json(incident))["place"] == "\xEF\xBF\xBD");
}
