#include "link_source.hpp"

#include <catch2/catch.hpp>

#include <chrono>

#include "dalil/base/error.hpp"

using namespace dalil;
using namespace dalil::cli;

namespace {

archive::Incident incident(const std::string& id, const std::string& date, const std::string& place) {
  archive::Incident out;
  out.id = id;
  out.date = date;
  out.place = place;
  return out;
}

const std::vector<archive::Incident> kIncidents = {
    incident("A", "2017-09-11", "Khan Sheikhoun"),
    incident("B", "2017-09-12", "Khan Sheikhoun"),
    incident("C", "2017-09-12", "khan  sheikhoun"),
    incident("D", "2017-10", "الخوين"),
};
constexpr const char* kDateAndPlace = R"((\d{4}[-_.]?\d\d[-_.]?\d\d)[ _]([^/]+)/)";

}  // namespace

TEST_CASE("an id is the whole match or the first group") {
  IncidentFinder whole("[A-D]", kIncidents);
  CHECK(whole.find("x/A/y") == "A");
  IncidentFinder group("inc-([A-Z])/", kIncidents);
  CHECK(group.find("x/inc-B/y") == "B");
  CHECK(group.find("x/y") == std::nullopt);
  CHECK(group.without_match() == 1);
  CHECK(group.notes().empty());
}

TEST_CASE("an unknown id is noted once with the number of files") {
  IncidentFinder finder("inc-([A-Z])/", kIncidents);
  CHECK_FALSE(finder.find("inc-Z/1"));
  CHECK_FALSE(finder.find("inc-Z/2"));
  REQUIRE(finder.notes().size() == 1);
  CHECK(finder.notes().at("no incident 'Z'").files == 2);
  CHECK(finder.notes().at("no incident 'Z'").first_path == "inc-Z/1");
}

TEST_CASE("a date and a place fit one incident, none or several") {
  IncidentFinder finder(kDateAndPlace, kIncidents);
  CHECK(finder.find("2017-09-11 khan-sheikhoun/a.jpg") == "A");
  CHECK(finder.find("20170911_KHAN_SHEIKHOUN/a.jpg") == "A");
  CHECK(finder.find("2017.10.05 الخوين/a.jpg") == "D");
  CHECK(finder.notes().empty());
  CHECK_FALSE(finder.find("2017-09-12 Khan Sheikhoun/a.jpg"));
  CHECK_FALSE(finder.find("2017-09-13 Khan Sheikhoun/a.jpg"));
  CHECK_FALSE(finder.find("2017-13-45 Khan Sheikhoun/a.jpg"));
  CHECK(finder.notes().count("several incidents fit '2017-09-12' and 'Khan Sheikhoun': B, C") == 1);
  CHECK(finder.notes().count("no incident fits '2017-09-13' and 'Khan Sheikhoun'") == 1);
  CHECK(finder.notes().count("'2017-13-45' is no date") == 1);
}

TEST_CASE("what is no usable expression is refused") {
  CHECK_THROWS_AS(IncidentFinder("(", kIncidents), Error);
  CHECK_THROWS_AS(IncidentFinder("(a)(b)(c)", kIncidents), Error);
  CHECK_THROWS_AS(IncidentFinder(R"((a)\1)", kIncidents), Error);
  CHECK_NOTHROW(IncidentFinder("(?:a|b)(c)(d)", kIncidents));
}

TEST_CASE("neither a long path nor a careless expression costs the stack or exponential time") {
  IncidentFinder finder("(a|a)*(?:a*)*b", kIncidents);
  const auto started = std::chrono::steady_clock::now();
  CHECK_FALSE(finder.find(std::string(200, 'a')));
  CHECK_FALSE(IncidentFinder("x(.*)y", kIncidents).find(std::string(100'000, 'q')));
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(20));
}

TEST_CASE("paths are bytes") {
  IncidentFinder finder("([A-D])", kIncidents);
  CHECK(finder.find("\xff\n/A") == "A");
  CHECK(finder.find(std::string("\0A", 2)) == "A");
}

TEST_CASE("a map has two or three cells a row, and perhaps a heading") {
  const auto rules = read_link_map("pattern,incident,type\n*.jpg,A\n\"with, comma\",B,aftermath\nx,C,\n",
                                   archive::LinkType::context);
  REQUIRE(rules.size() == 3);
  CHECK(rules[0].pattern == "*.jpg");
  CHECK(rules[0].type == archive::LinkType::context);
  CHECK(rules[1].pattern == "with, comma");
  CHECK(rules[1].type == archive::LinkType::aftermath);
  CHECK(rules[2].type == archive::LinkType::context);
  for (const char* bad : {"x\n", "x,\n", ",A\n", "a,b,c,d\n", "x,A,nosuch\n", "\"x\n"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(read_link_map(bad, archive::LinkType::depicts), Error);
  }
}
