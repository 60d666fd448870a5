#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "dalil/formats/register.hpp"
#include "register_fixture.hpp"

using namespace dalil;
using namespace dalil::formats;
using archive::count_incidents;
using archive::Dimension;
using archive::StatsRow;

namespace {

std::optional<Register> september() {
  const auto text = testing::fixture_register("snhr-2017-09.json");
  return text ? std::optional(read_register_json(*text)) : std::nullopt;
}

const PublishedFigure& figure(const PublishedComparison& comparison, const std::string& name) {
  const auto found = std::find_if(comparison.figures.begin(), comparison.figures.end(),
                                  [&](const PublishedFigure& row) { return row.figure == name; });
  INFO(name);
  REQUIRE(found != comparison.figures.end());
  return *found;
}

StatsRow all(const Register& read, archive::StatsQuestion question) {
  return count_incidents(read.incidents, question).all;
}

}  // namespace

TEST_CASE("every published total follows from the register but the 53 per cent") {
  const auto read = september();
  if (!read) return;
  const PublishedComparison comparison = compare_published(read->published_totals_json, read->incidents);
  CHECK(comparison.reading == archive::Reading::fetuses_as_children);
  CHECK(comparison.shares_of == ShareOf::incidents);
  CHECK(comparison.not_compared == std::vector<std::string>{"note"});
  // 4 totals, 4 + 8 + 5 breakdowns of incidents, 4 parties in threes, 3 shares, and the one in the note
  CHECK(comparison.figures.size() == 37);
  for (const PublishedFigure& row : comparison.figures) {
    INFO(row.figure << ": published " << row.published << ", computed " << row.computed);
    CHECK(row.follows == (row.figure != "note: women_and_children_percent"));
  }
  CHECK(figure(comparison, "incidents").computed == "43");
  CHECK(figure(comparison, "killed").computed == "430");
  CHECK(figure(comparison, "children").computed == "139");
  CHECK(figure(comparison, "children").note.find("137 stated + 2 fetuses; 6 of 43 give no number") == 0);
  CHECK(figure(comparison, "women").computed == "85");
  CHECK(figure(comparison, "women").note == "7 of 43 give no number");
  CHECK(figure(comparison, "killed_by_party.Syrian regime forces.children").computed == "53");
  CHECK(figure(comparison, "regime_by_area_of_control.ISIS").computed == "10");
  const PublishedFigure& share = figure(comparison, "note: women_and_children_percent");
  CHECK(share.published == "53");
  CHECK(share.computed == "52.09");
  CHECK(share.note == "224 of 430 killed");
}

TEST_CASE("each published figure says which readings it needs") {
  const auto read = september();
  if (!read) return;
  const PublishedComparison comparison = compare_published(read->published_totals_json, read->incidents);
  CHECK(comparison.period == parse_date("2017-09"));
  CHECK(comparison.assumptions == std::vector<Assumption>{Assumption::fetuses_as_children,
                                                          Assumption::confirmed, Assumption::inferred,
                                                          Assumption::heading});
  const auto needs = [&](const std::string& name) {
    std::map<Assumption, std::string> all;
    for (const Need& need : figure(comparison, name).needs) all[need.assumption] = need.without;
    return all;
  };
  using Needs = std::map<Assumption, std::string>;
  CHECK(needs("incidents") == Needs{{Assumption::confirmed, "41"}});
  CHECK(needs("killed") == Needs{{Assumption::confirmed, "414"}});
  CHECK(needs("children") == Needs{{Assumption::fetuses_as_children, "137"}, {Assumption::confirmed, "133"}});
  CHECK(needs("women") == Needs{{Assumption::confirmed, "82"}, {Assumption::inferred, "84"}});
  CHECK(needs("incidents_by_governorate.Idlib") == Needs{{Assumption::heading, "9"}});
  CHECK(needs("incidents_by_governorate.Deir Ez-Zour") == Needs{{Assumption::heading, "22"}});
  CHECK(needs("incidents_by_governorate.Aleppo") == Needs{{Assumption::heading, "0"}});
  CHECK(needs("incidents_by_governorate.Raqqa") == Needs{{Assumption::confirmed, "4"}});
  CHECK(needs("incidents_by_party.Syrian regime forces") == Needs{{Assumption::heading, "17"}});
  CHECK(needs("incidents_by_governorate.Hama").empty());
  const PublishedFigure& share = figure(comparison, "note: women_and_children_percent");
  CHECK(share.needs.empty());
  CHECK(!share.follows_under);  // under no reading at all
}

TEST_CASE("a figure that follows under another reading than the rest says so") {
  std::vector<archive::Incident> incidents(2);
  incidents[0].id = "A";
  incidents[0].date = "2017-09-01";
  incidents[0].killed.value = 3;
  incidents[0].children.value = 1;
  incidents[0].fetuses.value = 1;
  incidents[1].id = "B";
  incidents[1].date = "2017-08-31";
  incidents[1].documented_on = "2017-09-02";
  incidents[1].killed.value = 4;
  incidents[1].wounded.value = 5;
  const auto comparison = compare_published(R"({"incidents": 2, "killed": 7, "children": 1})", incidents);
  CHECK(figure(comparison, "killed").follows);
  CHECK(figure(comparison, "children").follows);
  const auto mixed =
      compare_published(R"({"incidents": 2, "killed": 3, "children": 2, "wounded": 5})", incidents);
  CHECK(figure(mixed, "incidents").follows);
  CHECK(figure(mixed, "children").follows);
  CHECK(!figure(mixed, "killed").follows);
  REQUIRE(figure(mixed, "killed").follows_under);
  CHECK(figure(mixed, "killed").follows_under->empty());  // of those that happened in September
}

TEST_CASE("the published shares by party are shares of the incidents, not of the killed") {
  const auto read = september();
  if (!read) return;
  const PublishedComparison comparison = compare_published(read->published_totals_json, read->incidents);
  CHECK(figure(comparison, "share_by_party_percent.Syrian regime forces").computed == "41.86");
  CHECK(figure(comparison, "share_by_party_percent.Russian forces").computed == "32.56");
  CHECK(figure(comparison, "share_by_party_percent.International coalition forces").computed == "23.26");
  archive::StatsQuestion by_party;
  by_party.by = {Dimension::party};
  for (const StatsRow& row : count_incidents(read->incidents, by_party).rows) {
    const auto of_killed = archive::percent(row.killed.value(), 430);
    if (row.keys[0] == "Syrian regime forces") CHECK(*of_killed == Approx(41.16).margin(0.01));
    if (row.keys[0] == "Russian forces") CHECK(*of_killed == Approx(35.35).margin(0.01));
    if (row.keys[0] == "International coalition forces") CHECK(*of_killed == Approx(22.33).margin(0.01));
  }
}

TEST_CASE("as stated, the children of the register are 137, and the two fetuses are apart") {
  const auto read = september();
  if (!read) return;
  const StatsRow stated = all(*read, {});
  CHECK(stated.children.value() == 137);
  CHECK(stated.children.stated == 37);
  CHECK(stated.children.not_stated == 6);
  CHECK(stated.fetuses.value() == 2);
  CHECK(stated.fetuses.not_stated == 42);
  CHECK(stated.wounded.stated == 11);
  CHECK(stated.wounded.not_stated == 32);
  CHECK(stated.wounded.inexact == 11);
  CHECK(!stated.detained.value());
  archive::StatsQuestion question;
  question.reading = archive::Reading::fetuses_as_children;
  CHECK(all(*read, question).children.value() == 139);
}

TEST_CASE("of the 85 women one is inferred, as the record itself says") {
  const auto read = september();
  if (!read) return;
  std::int64_t inferred = 0;
  for (const archive::Incident& incident : read->incidents) {
    if (incident.notes.starts_with("women=1 is inferred")) inferred += incident.women.value.value_or(0);
  }
  CHECK(inferred == 1);
  CHECK(all(*read, {}).women.value() == 85);
}

TEST_CASE("41 incidents with 414 killed happened in September, and 43 with 430 were confirmed then") {
  const auto read = september();
  if (!read) return;
  archive::StatsQuestion question;
  question.days = parse_date("2017-09");
  CHECK(all(*read, question).incidents == 41);
  CHECK(all(*read, question).killed.value() == 414);
  CHECK(count_incidents(read->incidents, question).outside == 2);
  question.basis = archive::DateBasis::confirmed;
  CHECK(all(*read, question).incidents == 43);
  CHECK(all(*read, question).killed.value() == 430);
}

TEST_CASE("what is part of another incident is not added to it") {
  const auto text = testing::fixture_register("snhr-other-incidents.json");
  if (!text) return;
  const Register read = read_register_json(*text);
  // 142 + 375 (with the 40 of al Hamrat) + 115 + 125 (with the 40 of al-Mukhtariya) + 781 (with the 39 of the
  // market)
  CHECK(all(read, {}).killed.value() == 142 + 375 + 115 + 125 + 781);
  CHECK(all(read, {}).killed.in_whole == 3);
  CHECK(all(read, {}).killed.not_stated == 6);
  archive::StatsQuestion question;
  question.parts = archive::Parts::added_up;
  CHECK(all(read, question).killed.value() == 142 + 375 + 40 + 115 + 125 + 40 + 39 + 781);
  question.parts = archive::Parts::counted_once;
  question.by = {Dimension::party};
  for (const StatsRow& row : count_incidents(read.incidents, question).rows) {
    if (row.keys[0] == "Russian forces") CHECK(row.killed.value() == 39);  // its whole is another party's
    if (row.keys[0] == "ISIS") CHECK(row.killed.value() == 375);
  }
}

TEST_CASE("a figure that does not follow is told from one that cannot be compared") {
  const Register read = read_register_json(
      R"([{"id": "A", "perpetrator_group": "P", "killed": 2}, {"id": "B", "perpetrator_group": "Q", "killed": 1}])");
  const PublishedComparison comparison = compare_published(
      R"({"killed": 4, "women": 1, "wounded": null, "killed_by_party": {"P": 2, "R": "x"}, "rumours": 7,
          "share_by_party_percent": {"P": 66.7, "Q": 33}, "women_and_children_percent": 50})",
      read.incidents);
  CHECK(comparison.shares_of == ShareOf::killed);
  CHECK(!figure(comparison, "killed").follows);
  CHECK(figure(comparison, "killed").computed == "3");
  CHECK(!figure(comparison, "women").follows);
  CHECK(figure(comparison, "women").computed.empty());  // nobody gives a number: that is not zero
  CHECK(figure(comparison, "killed_by_party.P").follows);
  CHECK(figure(comparison, "killed_by_party.Q").published.empty());
  CHECK(figure(comparison, "share_by_party_percent.P").follows);
  CHECK(!figure(comparison, "women_and_children_percent").follows);
  CHECK(comparison.not_compared == std::vector<std::string>{"killed_by_party.R", "rumours"});
  CHECK(compare_published("", read.incidents).figures.empty());
  CHECK(compare_published("[1]", read.incidents).figures.empty());
}
