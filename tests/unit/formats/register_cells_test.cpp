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
