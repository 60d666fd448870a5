#include "dalil/archive/stats.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <map>
#include <random>

using namespace dalil;
using namespace dalil::archive;

namespace {

Incident event(const std::string& id, const std::string& date, std::optional<std::int64_t> killed) {
  Incident incident;
  incident.id = id;
  incident.date = date;
  incident.killed.value = killed;
  return incident;
}

Incident part_of(Incident incident, const std::string& whole) {
  incident.relations.push_back({"part_of", whole});
  return incident;
}

Stats ask(const std::vector<Incident>& incidents, std::vector<Dimension> by, const char* days = nullptr) {
  StatsQuestion question;
  question.by.assign(by.begin(), by.end());
  if (days != nullptr) question.days = parse_date_range(days);
  return count_incidents(incidents, question);
}

}  // namespace

TEST_CASE("dimension names are read back") {
  for (const std::string& name : dimension_names()) CHECK(name_of(dimension_from(name).value()) == name);
  CHECK(!dimension_from("shoe_size"));
}

TEST_CASE("absent is not zero") {
  const Stats stats = ask({event("A", "2017", 0), event("B", "2017", std::nullopt)}, {});
  CHECK(stats.rows.empty());
  CHECK(stats.all.incidents == 2);
  CHECK(stats.all.killed.value() == 0);
  CHECK(stats.all.killed.stated == 1);
  CHECK(stats.all.killed.not_stated == 1);
  CHECK(!stats.all.women.value());
  CHECK(ask({}, {}).all == StatsRow{});
}

TEST_CASE("rows come in order, and what the register does not say comes last") {
  std::vector<Incident> incidents = {event("A", "", 1), event("B", "2017-09-11", 2), event("C", "2017", 3),
                                     event("D", "2017-08", 4), event("E", "2017-09", 5)};
  const Stats stats = ask(incidents, {Dimension::month});
  std::vector<std::string> keys;
  for (const StatsRow& row : stats.rows) keys.push_back(row.keys.at(0));
  CHECK(keys == std::vector<std::string>{"2017", "2017-08", "2017-09", ""});
  CHECK(stats.rows[2].killed.value() == 7);
  CHECK(stats.undated == 1);
}

TEST_CASE("a range takes events by their first day and says what it could not decide") {
  Incident over_the_edge = event("C", "2017-08-30", 4);
  over_the_edge.date_end = "2017-09-02";
  const std::vector<Incident> incidents = {event("A", "2017-09-01", 1), event("B", "2017", 2), over_the_edge,
                                           event("D", "", 8), event("E", "2017-10-01", 16)};
  const Stats stats = ask(incidents, {}, "2017-09");
  CHECK(stats.all.killed.value() == 1);
  CHECK(stats.undated == 1);
  CHECK(stats.outside == 3);
  CHECK(stats.across == 2);  // some day of 2017, and the one that goes over the edge
}

TEST_CASE("the day of documentation decides only where it is asked for and given") {
  Incident late = event("A", "2017-08-04", 5);
  late.documented_on = "2017-09-12";
  StatsQuestion question;
  question.by = {Dimension::month};
  CHECK(count_incidents(std::vector{late}, question).rows.at(0).keys.at(0) == "2017-08");
  question.basis = DateBasis::confirmed;
  CHECK(count_incidents(std::vector{late}, question).rows.at(0).keys.at(0) == "2017-09");
  late.documented_on.clear();
  CHECK(count_incidents(std::vector{late}, question).rows.at(0).keys.at(0) == "2017-08");
}

TEST_CASE("fetuses are children only under the reading that says so") {
  std::vector<Incident> incidents(3);
  incidents[0].children.value = 6;
  incidents[0].fetuses.value = 2;
  incidents[1].fetuses = {1, "about"};
  StatsQuestion question;
  const StatsRow stated = count_incidents(incidents, question).all;
  CHECK(stated.children.value() == 6);
  CHECK(stated.children.not_stated == 2);
  question.reading = Reading::fetuses_as_children;
  const StatsRow with_fetuses = count_incidents(incidents, question).all;
  CHECK(with_fetuses.children.value() == 9);
  CHECK(with_fetuses.children.not_stated == 1);
  CHECK(with_fetuses.children.inexact == 1);
  CHECK(with_fetuses.fetuses.value() == 3);
}

TEST_CASE("what is about is no lower bound, and a sum of both kinds is both") {
  for (const char* word : {"at least", "At Least", "no less than", "not fewer than", "at minimum (estimate)",
                           "more than", "على الأقل", "ما لا يقل عن", ">="})
    CHECK(is_lower_bound(word));
  for (const char* word : {"about", "around", "nearly", "up to", "at most", "no more than", "less than",
                           "fewer than", "estimate", "نحو"})
    CHECK_FALSE(is_lower_bound(word));
  std::vector<Incident> incidents(3);
  incidents[0].killed = {100, "around"};
  incidents[1].killed = {25, ""};
  Total killed = count_incidents(incidents, {}).all.killed;
  CHECK(killed.sum == 125);
  CHECK(std::pair(killed.inexact, killed.approximate) == std::pair(std::uint64_t{1}, std::uint64_t{1}));
  CHECK(mark_of(killed) == "~");
  incidents[1].killed.qualifier = "at least";
  killed = count_incidents(incidents, {}).all.killed;
  CHECK(killed.at_least() == 1);
  CHECK(mark_of(killed) == ">=~");
  incidents[0].killed.qualifier.clear();
  CHECK(mark_of(count_incidents(incidents, {}).all.killed) == ">=");
  incidents[1].killed.qualifier.clear();
  CHECK(mark_of(count_incidents(incidents, {}).all.killed).empty());
  incidents[0].children = {3, "at least"};
  incidents[0].fetuses = {1, "about"};
  StatsQuestion question;
  question.reading = Reading::fetuses_as_children;
  CHECK(count_incidents(incidents, question).all.children.approximate == 1);
}

TEST_CASE("a part is left out only where its whole gives a number") {
  Incident whole = event("W", "2017", 100);
  Incident part = part_of(event("P", "2017", 40), "W");
  part.women.value = 3;
  const StatsRow once = ask({whole, part}, {}).all;
  CHECK(once.incidents == 2);
  CHECK(once.killed.value() == 100);
  CHECK(once.killed.in_whole == 1);
  CHECK(once.women.value() == 3);
  // Said from the other side
  Incident container = event("W", "2017", 100);
  container.relations.push_back({"contains", "P"});
  CHECK(ask({event("P", "2017", 40), container}, {}).all.killed.value() == 100);
  // A whole that is not there, or says nothing, contains nothing
  CHECK(ask({part}, {}).all.killed.value() == 40);
  CHECK(ask({event("W", "2017", std::nullopt), part}, {}).all.killed.value() == 40);
}

TEST_CASE("parts of parts are found, and circles lose no number") {
  const std::vector<Incident> chain = {event("A", "", 100), part_of(event("B", "", std::nullopt), "A"),
                                       part_of(event("C", "", 7), "B")};
  CHECK(ask(chain, {}).all.killed.value() == 100);
  const std::vector<Incident> circle = {part_of(event("A", "", 1), "B"), part_of(event("B", "", 2), "A")};
  CHECK(ask(circle, {}).all.killed.value() == 3);
  CHECK(ask({part_of(event("A", "", 1), "A")}, {}).all.killed.value() == 1);
}

TEST_CASE("negative numbers are not summed and large ones do not wrap around") {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::vector<Incident> incidents = {event("A", "", kMax), event("B", "", kMax), event("C", "", kMax)};
  CHECK(ask(incidents, {}).all.killed.value() == std::numeric_limits<std::uint64_t>::max());
  CHECK(!ask({event("A", "", -1)}, {}).all.killed.value());
  incidents[0].children.value = kMax;
  incidents[0].fetuses.value = kMax;
  StatsQuestion question;
  question.reading = Reading::fetuses_as_children;
  CHECK(count_incidents(incidents, question).all.children.value() == static_cast<std::uint64_t>(kMax));
}

TEST_CASE("groups agree with a naive count on random registers") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Incident> incidents;
    for (auto i = random() % 40; i > 0; --i) {
      Incident incident = event(std::to_string(i), "2017-0" + std::to_string(1 + random() % 3), std::nullopt);
      incident.perpetrator_group = std::string(1, static_cast<char>('a' + random() % 3));
      incident.governorate = random() % 4 == 0 ? "" : std::string(1, static_cast<char>('x' + random() % 2));
      if (random() % 3 != 0) incident.killed.value = random() % 100;
      incidents.push_back(incident);
    }
    std::map<std::vector<std::string>, std::pair<std::uint64_t, std::uint64_t>> expected;
    for (const Incident& incident : incidents) {
      auto& [count, killed] = expected[{incident.date, incident.governorate, incident.perpetrator_group}];
      ++count;
      killed += static_cast<std::uint64_t>(incident.killed.value.value_or(0));
    }
    const Stats stats = ask(incidents, {Dimension::month, Dimension::governorate, Dimension::party});
    REQUIRE(stats.rows.size() == expected.size());
    for (const StatsRow& row : stats.rows) {
      CHECK(row.incidents == expected[row.keys].first);
      CHECK(row.killed.sum == expected[row.keys].second);
      CHECK(row.killed.stated + row.killed.not_stated + row.killed.in_whole == row.incidents);
    }
  }
}

TEST_CASE("a share of nothing is absent") {
  CHECK(percent(224, 430).value() == Approx(52.093).margin(0.001));
  CHECK(!percent(1, 0));
  CHECK(!percent(std::nullopt, 5));
  CHECK(!percent(5, std::nullopt));
}

TEST_CASE("incidents that contain, precede or cause one another are one event") {
  std::vector<Incident> incidents = {event("A", "2017-02-06", 10), event("B", "2017-02-15", 4),
                                     event("C", "2017-02-16", 3), event("D", "2017-03", 1)};
  incidents[0].relations = {{"precedes", "B"}};
  incidents[2].relations = {{"part_of", "B"}, {"causes", "elsewhere"}, {"resembles", "D"}};
  Stats stats = ask(incidents, {});
  CHECK(stats.all.incidents == 4);
  CHECK(stats.all.events == 2);
  CHECK(stats.all.killed.value() == 15);  // 10 + 4 with the 3 of its part + 1
  stats = ask(incidents, {Dimension::month});
  CHECK(stats.rows.at(0).events == 1);
  CHECK(stats.rows.at(1).events == 1);
}

TEST_CASE("of a chain the greatest number counts, if chains are to be counted once") {
  std::vector<Incident> incidents = {event("A", "2017-01", 10), event("B", "2017-02", 40),
                                     event("C", "2017-03", 5), event("D", "2017-04", 7),
                                     event("E", "2017-05", std::nullopt)};
  incidents[0].relations = {{"causes", "B"}};
  incidents[2].relations = {{"follows", "B"}};
  incidents[4].relations = {{"consequence_of", "D"}};
  StatsQuestion question;
  CHECK(count_incidents(incidents, question).all.killed.value() == 62);
  question.chains = Chains::counted_once;
  const StatsRow once = count_incidents(incidents, question).all;
  CHECK(once.killed.value() == 47);
  CHECK(once.killed.in_chain == 2);
  CHECK(once.killed.stated + once.killed.not_stated + once.killed.in_whole + once.killed.in_chain ==
        once.incidents);
  // In rows of their own each has its own number.
  question.by = {Dimension::month};
  const Stats by_month = count_incidents(incidents, question);
  CHECK(by_month.rows.at(0).killed.value() == 10);
  CHECK(by_month.all.killed.value() == 47);
}

TEST_CASE("a number that the notes call inferred can be left out") {
  std::vector<Incident> incidents = {event("A", "2017", 5), event("B", "2017", 6)};
  incidents[0].women.value = 1;
  incidents[0].notes = "women=1 is inferred: three children and their parents";
  incidents[1].women.value = 2;
  incidents[1].notes = "killed=60 is inferred";  // of another number
  StatsQuestion question;
  CHECK(count_incidents(incidents, question).all.women.value() == 3);
  question.inferred = Inferred::left_out;
  const StatsRow stated = count_incidents(incidents, question).all;
  CHECK(stated.women.value() == 2);
  CHECK(stated.women.not_stated == 1);
  CHECK(stated.killed.value() == 11);
}

TEST_CASE("incidents are grouped by quarter, by day, and by what a caller makes of them") {
  const std::vector<Incident> incidents = {event("A", "2017-09-11", 1), event("B", "2017-10", 2),
                                           event("C", "2017", 4)};
  const auto keys = [](const Stats& stats) {
    std::vector<std::string> all;
    for (const StatsRow& row : stats.rows) all.push_back(row.keys.at(0));
    return all;
  };
  CHECK(keys(ask(incidents, {Dimension::quarter})) == std::vector<std::string>{"2017", "2017-Q3", "2017-Q4"});
  CHECK(keys(ask(incidents, {Dimension::day})) == std::vector<std::string>{"2017", "2017-09-11", "2017-10"});
  StatsQuestion question;
  question.by = {{"many", [](const Incident& incident, DateBasis) {
                    return std::string(*incident.killed.value > 1 ? "yes" : "no");
                  }}};
  CHECK(count_incidents(incidents, question).rows.at(1).killed.value() == 6);
}
