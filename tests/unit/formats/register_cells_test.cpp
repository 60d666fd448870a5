#include <catch2/catch.hpp>

#include "dalil/formats/register.hpp"

using namespace dalil;
using namespace dalil::formats;

TEST_CASE("each field is set and cleared by its register name") {
  for (const std::string& name : incident_field_names()) {
    INFO(name);
    archive::Incident incident;
    std::string accepted;
    for (const char* text : {"2017-09-11", "08:30", "+03:00", "12", "true", "part_of B"}) {
      if (accepted.empty() && set_incident_field(incident, name, text).empty()) accepted = text;
    }
    REQUIRE(!accepted.empty());
    CHECK(!(incident == archive::Incident{}));
    CHECK(set_incident_field(incident, name, "").empty());
    CHECK(incident == archive::Incident{});
  }
}

TEST_CASE("a refused value leaves the incident as it was") {
  archive::Incident incident;
  REQUIRE(set_incident_field(incident, "killed", "12").empty());
  const archive::Incident before = incident;
  CHECK(set_incident_field(incident, "killed", "-1") == "is negative");
  CHECK(set_incident_field(incident, "killed", "12 people") == "must be a whole number");
  CHECK(!set_incident_field(incident, "date", "2017-02-30").empty());
  CHECK(!set_incident_field(incident, "place", "\xFF").empty());
  CHECK(!set_incident_field(incident, "place", std::string("a\0b", 3)).empty());
  CHECK(!set_incident_field(incident, "latitude", "nan").empty());
  CHECK(!set_incident_field(incident, "latitude", "1e999").empty());
  CHECK(!set_incident_field(incident, "source", "{\"a\": 1").empty());
  CHECK(!set_incident_field(incident, "source.", "x").empty());
  CHECK(!set_incident_field(incident, "relations", R"([{"type": "part_of"}])").empty());
  CHECK(incident == before);
}

TEST_CASE("an absent number stays apart from zero") {
  archive::Incident incident;
  REQUIRE(set_incident_field(incident, "women", "0").empty());
  CHECK(incident.women.value == 0);
  REQUIRE(set_incident_field(incident, "women", "").empty());
  CHECK(!incident.women.value);
}

TEST_CASE("a misspelt name is no new field") {
  archive::Incident incident;
  CHECK(set_incident_field(incident, "kiled", "3").find("did you mean 'killed'") != std::string::npos);
  CHECK(set_incident_field(incident, "subdistrict", "x").find("'subdistrict_text'") != std::string::npos);
  CHECK(set_incident_field(incident, "case_number", "7").find("extra.case_number") != std::string::npos);
  CHECK(incident == archive::Incident{});
  REQUIRE(set_incident_field(incident, "extra.case_number", "7").empty());
  CHECK(incident.extra.at(0) == std::pair<std::string, std::string>{"case_number", "\"7\""});
  CHECK(set_incident_field(incident, "case_number", "8").empty());  // known by now
  CHECK(incident.extra.at(0).second == "\"8\"");
  CHECK(!set_incident_field(incident, "extra.killed", "8").empty());
  CHECK(set_incident_field(incident, "extra.case_number", "").empty());
  CHECK(incident.extra.empty());
}

TEST_CASE("what is nearly a field's name is a mistake of the register, other names are its own") {
  const auto problems_of = [](const std::string& name) {
    const std::string json = "[{\"id\": \"A\", \"" + name + "\": 3}]";
    const std::string csv = "id," + name + "\nA,3\n";
    const std::size_t in_json = read_register_json(json).problems.size();
    CHECK(read_register_csv(csv).problems.size() == in_json);
    return in_json;
  };
  for (const char* name : {"kild", "kiled", "Killed ", "killed-qualifier", "goverorate", "childern", "note",
                           "notes2", "local time", "weapon_cod"}) {
    INFO(name);
    // A table's header may be in any case and have blanks around a name: then it is that field.
    if (std::string_view(name) == "Killed ") {
      CHECK(read_register_json("[{\"id\": \"A\", \"Killed \": 3}]").problems.size() == 1);
      continue;
    }
    CHECK(problems_of(name) == 1);
  }
  for (const char* name :
       {"own", "case_number", "ids", "name", "description_en", "district", "subdistrict", "name_ar"}) {
    INFO(name);
    CHECK(problems_of(name) == 0);
  }
  const auto first = [](const std::string& json) { return read_register_json(json).problems.at(0).text(); };
  CHECK(first("[{\"id\": \"A\",\n \"kild\": 3}]") ==
        "row 1 (line 2), field 'kild': the register has no such field; did you mean 'killed'? A field of "
        "your own "
        "is called 'extra.kild'");
  CHECK(read_register_csv("id,kiled\nA,3\n").problems.at(0).text().starts_with("line 1: column 'kiled'"));
  CHECK(read_register_json("[{\"id\": \"A\", \"kild\": null}]").problems.empty());  // says nothing
  CHECK(similar_field_name("subdistrict") == "subdistrict_text");
  CHECK(similar_field_name("case_number").empty());
}

TEST_CASE("a group's own field may be called as nearly as it likes, with a prefix") {
  const Register read =
      read_register_json(R"([{"id": "A", "extra.note": "x", "extra.own": 1, "extra.extra.y": 2}])");
  REQUIRE(read.problems.empty());
  const archive::Incident& incident = read.incidents.at(0);
  CHECK(incident.extra == decltype(incident.extra){{"note", "\"x\""}, {"own", "1"}, {"extra.y", "2"}});
  const std::string written = incident_to_json(incident);
  CHECK(written.find("\"extra.note\"") != std::string::npos);
  CHECK(written.find("\"own\"") != std::string::npos);
  CHECK(read_register_json(written).incidents.at(0) == incident);
  CHECK(read_register_csv("id,extra.note\nA,x\n").incidents.at(0).extra.at(0).first == "note");
  CHECK(read_register_json(R"([{"id": "A", "extra.killed": 3}])").problems.size() == 1);
}

TEST_CASE("dotted names lead into what is kept as it was given") {
  archive::Incident incident;
  REQUIRE(set_incident_field(incident, "source.report", "R").empty());
  REQUIRE(set_incident_field(incident, "source.pages.first", "3").empty());
  CHECK(incident.source_json == R"({"pages":{"first":"3"},"report":"R"})");
  CHECK(!set_incident_field(incident, "source.report.title", "x").empty());
  REQUIRE(set_incident_field(incident, "source.none.such", "").empty());
  REQUIRE(set_incident_field(incident, "source.report", "").empty());
  CHECK(incident.source_json == R"({"pages":{"first":"3"}})");
  REQUIRE(set_incident_field(incident, "witness", R"({"count": 1})").empty());
  CHECK(incident.witness_json == R"({"count":1})");
  REQUIRE(set_incident_field(incident, "witness", "a neighbour").empty());
  CHECK(incident.witness_json == "\"a neighbour\"");
}

TEST_CASE("fields that depend on each other can be set in any order") {
  archive::Incident incident;
  incident.id = "A";
  REQUIRE(set_incident_field(incident, "date_end", "2017-09-12").empty());
  CHECK(validate(incident).size() == 1);
  REQUIRE(set_incident_field(incident, "weekday_stated", "Monday").empty());
  REQUIRE(set_incident_field(incident, "date", "2017-09-11").empty());
  CHECK(validate(incident).empty());
  CHECK(set_incident_field(incident, "date_precision", "day").empty());
  CHECK(!set_incident_field(incident, "date_precision", "month").empty());
}
