// Which incidents evidence may be of: points, candidates by time and place, batches, and what is never said.

#include "dalil/archive/suggest.hpp"

#include "archive/archive_fixture.hpp"
#include "dalil/archive/review.hpp"
#include "suggest_parts.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

constexpr std::int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;
constexpr std::int64_t kNoonMs = 1505379600000;  // 2017-09-14T09:00:00Z, noon at +03:00

ItemClue made_at(std::int64_t ms) {
  ItemClue clue;
  clue.time = {ms, ms + 999};
  return clue;
}

IncidentClue on_day(const std::string& date) {
  return clue_of(incident_with("X", date));
}

int points(const std::optional<Reason>& reason) {
  return reason ? reason->points : 0;
}

media::MediaFacts photo(std::optional<std::int64_t> ms,
                        media::ZoneBasis basis = media::ZoneBasis::utc_by_format,
                        const std::string& serial = "") {
  media::MediaFacts facts;
  facts.kind = media::MediaKind::photo;
  facts.make = "Canon";
  facts.serial = serial;
  if (ms) facts.times.push_back({.field = "f", .raw = "r", .ms = *ms, .basis = basis});
  return facts;
}

/// Incidents on three days in two towns, and an editor in hand.
struct Desk : ArchiveFixture {
  Archive archive = open();
  std::optional<Editor> editor{archive.edit()};
  Row disk = editor->add_volume(volume_named("disk"));
  Row mayadeen = put("M-14", "2017-09-14", "Mayadeen", 35.017, 40.45);
  Row raqqa = put("R-14", "2017-09-14", "Raqqa", 35.951, 39.01);
  Row later = put("M-20", "2017-09-20", "Mayadeen", 35.017, 40.45);

  Row put(const std::string& id, const std::string& date, const std::string& place, double latitude,
          double longitude) {
    Incident incident = incident_with(id, date);
    incident.place = place;
    incident.latitude = latitude;
    incident.longitude = longitude;
    return editor->put_incident(incident, "");
  }
  Row item(const std::string& directory, const std::string& name,
           const std::optional<media::MediaFacts>& facts) {
    const Row row = editor->add_copy(copy_of(disk, directory, name, directory + "/" + name)).item;
    if (facts) editor->add_facts(row, *facts);
    return row;
  }
  std::vector<Suggestion> ask(const SuggestQuestion& question = {}) {
    editor->commit();
    View view = archive.view();
    std::vector<Suggestion> all;
    suggest(view, question, [&](const std::vector<Suggestion>& of_item) {
      all.insert(all.end(), of_item.begin(), of_item.end());
    });
    return all;
  }
};

std::vector<std::pair<Row, Row>> pairs(const std::vector<Suggestion>& suggestions) {
  std::vector<std::pair<Row, Row>> all;
  for (const Suggestion& one : suggestions) all.emplace_back(one.item, one.incident);
  return all;
}

const Reason* reason_of(const Suggestion& suggestion, Ground ground) {
  for (const Reason& reason : suggestion.reasons)
    if (reason.ground == ground) return &reason;
  return nullptr;
}

}  // namespace

TEST_CASE("an incident's date is a day of its zone, and its minute if a source gives one") {
  Incident incident = incident_with("X", "2017-09-14");
  CHECK(*clue_of(incident).time == Interval{kNoonMs - 12 * kHourMs, kNoonMs + 12 * kHourMs - 1});
  incident.local_time = "12:00";
  CHECK(*clue_of(incident).time == Interval{kNoonMs, kNoonMs + 59'999});
  incident.utc_offset = "+02:00";
  CHECK(clue_of(incident).time->from_ms == kNoonMs + kHourMs);
  incident.local_time = "noon";
  CHECK(clue_of(incident).time->to_ms - clue_of(incident).time->from_ms == kDayMs - 1);
  CHECK(!clue_of(incident_with("X")).time);
  CHECK(!clue_of(incident).place);
}

TEST_CASE("times near an incident are worth the more the better they are known") {
  const IncidentClue day = on_day("2017-09-14");
  const int known = points(time_reason(made_at(kNoonMs), day));
  ItemClue unknown_zone = made_at(kNoonMs);
  unknown_zone.time = of_unknown_zone(kNoonMs, kNoonMs + 999);
  unknown_zone.zone_known = false;
  ItemClue named = unknown_zone;
  named.time_basis = Basis::named;
  ItemClue verified = made_at(kNoonMs);
  verified.time_basis = Basis::verified;
  CHECK(points(time_reason(verified, day)) > known);
  CHECK(known > points(time_reason(unknown_zone, day)));
  CHECK(points(time_reason(unknown_zone, day)) > points(time_reason(named, day)));
  CHECK(points(time_reason(named, day)) > 0);
  CHECK(points(time_reason(made_at(kNoonMs), on_day("2017-09"))) < points(time_reason(unknown_zone, day)));
  CHECK(time_reason(made_at(kNoonMs), day)->text == "made on its day");
  CHECK(time_reason(unknown_zone, day)->text == "may have been made on its day (zone unknown)");
}

TEST_CASE("time fades after an incident, faster before it, and much before speaks against it") {
  const IncidentClue day = on_day("2017-09-14");
  const std::int64_t end = day.time->to_ms, begin = day.time->from_ms;
  CHECK(points(time_reason(made_at(end + kHourMs), day)) >
        points(time_reason(made_at(end + 24 * kHourMs), day)));
  CHECK(points(time_reason(made_at(end + 24 * kHourMs), day)) > 0);
  CHECK(points(time_reason(made_at(end + 49 * kHourMs), day)) == 0);
  CHECK(points(time_reason(made_at(begin - 6 * kHourMs), day)) <
        points(time_reason(made_at(end + 6 * kHourMs), day)));
  CHECK(points(time_reason(made_at(begin - 13 * kHourMs), day)) == 0);
  CHECK(points(time_reason(made_at(begin - 3 * kDayMs), day)) < 0);
  CHECK(points(time_reason(made_at(end + 90 * kDayMs), day)) < 0);
  CHECK(time_reason(made_at(end + 5 * kHourMs), day)->text == "made 5 hours after it");
}

TEST_CASE("an unknown zone reaches from -12 to +14 hours") {
  const Interval stretch = of_unknown_zone(0, 999);
  CHECK(stretch == Interval{-14 * kHourMs, 12 * kHourMs + 999});
}

TEST_CASE("places are worth the more the nearer, and far away speaks against") {
  IncidentClue town;
  town.place = {35.017, 40.45, 2};
  ItemClue item;
  item.place = {35.017, 40.45, 0};
  CHECK(points(place_reason(item, town)) == 40);
  item.place_verified = true;
  CHECK(points(place_reason(item, town)) == 45);
  item.place->latitude += 0.1;  // 11 km
  const int near = points(place_reason(item, town));
  CHECK(near > 20);
  CHECK(near < 45);
  item.place->latitude = 35.951;
  CHECK(points(place_reason(item, town)) < 0);
  town.place->radius_km = 70;
  item.place = {35.3, 40.2, 0};
  CHECK(points(place_reason(item, town)) < 20);
  CHECK(!place_reason(ItemClue{}, town));
}

TEST_CASE("what was made on the day of an incident is suggested, the nearer place first") {
  Desk d;
  media::MediaFacts facts = photo(kNoonMs);
  facts.places.push_back({"p", "r", 35.02, 40.45, {}, {}});
  const Row item = d.item("a", "x", facts);
  const auto found = d.ask();
  REQUIRE(found.size() == 1);  // Raqqa is 167 km away
  CHECK(found[0].item == item);
  CHECK(found[0].incident == d.mayadeen);
  CHECK(found[0].score == 74);
  CHECK(reason_of(found[0], Ground::time) != nullptr);
  CHECK(reason_of(found[0], Ground::place) != nullptr);
  CHECK(why_of(found[0]) == "suggested (score 74): made 0.3 km from its place; made on its day");
}

TEST_CASE("pairs that are linked, or were, are never suggested") {
  Desk d;
  const Row item = d.item("a", "x", photo(kNoonMs));
  CHECK(pairs(d.ask()) == std::vector<std::pair<Row, Row>>{{item, d.mayadeen}, {item, d.raqqa}});
  const Row link = d.editor->add_link(item, d.mayadeen, LinkType::candidate, {}, {}, "");
  CHECK(d.ask().empty());  // linked: not asked about unless it is named
  SuggestQuestion named;
  named.items = {item};
  CHECK(pairs(d.ask(named)) == std::vector<std::pair<Row, Row>>{{item, d.raqqa}});
  d.editor->withdraw_link(link, "it was Raqqa");
  CHECK(pairs(d.ask()) == std::vector<std::pair<Row, Row>>{{item, d.raqqa}});
}

TEST_CASE("one folder, one camera and one source speak for an incident that they have evidence of") {
  Desk d;
  const Row in_folder = d.item("card", "1", {});
  d.item("elsewhere", "2", {});
  const Row linked = d.item("card", "3", photo(kNoonMs, media::ZoneBasis::unknown_zone, "77"));
  const Row by_camera = d.item("b", "4", photo(kNoonMs + kHourMs, media::ZoneBasis::unknown_zone, "77"));
  d.item("c", "5", photo(kNoonMs + kHourMs, media::ZoneBasis::utc_by_format, "77"));  // another kind of clock
  d.editor->add_link(linked, d.later, LinkType::depicts, {}, {}, "");
  SuggestQuestion about;
  about.incident = d.later;
  about.least_score = 1;
  auto found = d.ask(about);
  CHECK(pairs(found) == std::vector<std::pair<Row, Row>>{{in_folder, d.later}});
  CHECK(found[0].reasons.at(0).text == "1 of 1 linked files in its folder is");
  CHECK(found[0].score == 30);
  // The camera's time speaks against an incident six days later more than the camera for it.
  const Row other = d.item("card", "6", {});
  d.editor->add_link(other, d.raqqa, LinkType::depicts, {}, {}, "");
  d.editor->add_link(linked, d.mayadeen, LinkType::depicts, {}, {}, "");
  SuggestQuestion low;
  low.least_score = 10;
  found = d.ask(low);
  const auto mine = std::ranges::find_if(
      found, [&](const Suggestion& one) { return one.item == by_camera && one.incident == d.mayadeen; });
  REQUIRE(mine != found.end());
  REQUIRE(reason_of(*mine, Ground::camera) != nullptr);
  CHECK(reason_of(*mine, Ground::camera)->text ==
        "60 minutes from evidence of it by the same camera (Canon 77)");
  const auto folder =
      std::ranges::find_if(found, [&](const Suggestion& one) { return one.item == in_folder; });
  REQUIRE(folder != found.end());
  CHECK(reason_of(*folder, Ground::folder)->text == "1 of 2 linked files in its folder is");
}

TEST_CASE("one source near in time speaks for an incident") {
  Desk d;
  Source source;
  source.alias = "W7";
  const Row from = d.editor->put_source(source, "");
  const Row linked = d.item("a", "1", photo(kNoonMs));
  const Row item = d.item("b", "2", photo(kNoonMs + 2 * kHourMs));
  d.editor->assign(from, std::vector{linked, item}, "");
  d.editor->add_link(linked, d.mayadeen, LinkType::depicts, {}, {}, "");
  const auto found = d.ask();
  REQUIRE(!found.empty());
  CHECK(found[0].incident == d.mayadeen);
  REQUIRE(reason_of(found[0], Ground::source) != nullptr);
  CHECK(reason_of(found[0], Ground::source)->text == "2 hours from evidence of it by the same source (W7)");
}

TEST_CASE("a folder's path may name an incident, or its day and place") {
  Desk d;
  const Row by_id = d.item("cards/M-20", "1", {});
  const Row by_both = d.item("2017_09_14 mayadeen", "2", {});
  d.item("14.09.2017", "3", {});         // a day alone is too little
  d.item("notraqqaatall/M-2", "4", {});  // no words of its own
  const auto found = d.ask();
  CHECK(pairs(found) == std::vector<std::pair<Row, Row>>{{by_id, d.later}, {by_both, d.mayadeen}});
  CHECK(found[0].score == 60);
  CHECK(found[1].score == 35);
  SuggestQuestion low;
  low.least_score = 10;
  // The second one also of Mayadeen's other incident and of Raqqa's, the third of both of the day.
  CHECK(d.ask(low).size() == 6);
}

TEST_CASE("a search for suggestions can be stopped before each item") {
  Desk d;
  d.item("14.09.2017 Mayadeen", "1", {});
  d.item("14.09.2017 Mayadeen", "2", {});
  REQUIRE(d.ask().size() == 2);
  SuggestQuestion question;
  int asked = 0;
  question.stopped = [&asked] { return ++asked > 1; };
  CHECK(d.ask(question).size() == 1);
  CHECK(asked == 2);
}

TEST_CASE("what looks like evidence of an incident is suggested") {
  Desk d;
  const Row known = d.item("a", "1", {});
  const Row item = d.item("b", "2", {});
  d.editor->add_link(known, d.raqqa, LinkType::depicts, {}, {}, "");
  SuggestQuestion question;
  question.alike = [&](Row row) {
    return row == item ? std::vector<Alike>{{known, "cropped"}} : std::vector<Alike>{};
  };
  const auto found = d.ask(question);
  REQUIRE(pairs(found) == std::vector<std::pair<Row, Row>>{{item, d.raqqa}});
  CHECK(found[0].score == 50);
  CHECK(found[0].reasons[0].text.ends_with("of it: cropped"));
}

TEST_CASE("verified times and places count for more than what files say") {
  Desk d;
  const Row item = d.item("a", "x", photo(kNoonMs + 300 * kDayMs));
  CHECK(d.ask().empty());
  Review review;
  review.time = {kNoonMs, kNoonMs + 59'999, TimePrecision::minute, 180};
  review.shown = {35.951, 39.01, 200, ""};
  review_item(*d.editor, item, review);
  const auto found = d.ask();
  REQUIRE(!found.empty());
  CHECK(found[0].incident == d.raqqa);
  CHECK(found[0].score == 38 + 45);
}

TEST_CASE("an incident without coordinates is where others know it to be") {
  Desk d;
  const Row hidden = d.editor->put_incident(incident_with("H", "2017"), "");
  media::MediaFacts facts = photo({});
  facts.places.push_back({"p", "r", 36.2, 37.15, {}, {}});
  const Row item = d.item("a", "x", facts);
  CHECK(d.ask().empty());
  SuggestQuestion question;
  question.locate = [](const Incident& incident) {
    return incident.id == "H" ? std::optional<Circle>({36.202, 37.16, 4}) : std::nullopt;
  };
  CHECK(pairs(d.ask(question)) == std::vector<std::pair<Row, Row>>{{item, hidden}});
}

TEST_CASE("only the best are named, and only of the incident that was asked for") {
  Desk d;
  for (int i = 0; i < 10; ++i) d.put("N-" + std::to_string(i), "2017-09-14", "", 35, 40);
  const Row item = d.item("a", "x", photo(kNoonMs));
  CHECK(d.ask().size() == 3);
  SuggestQuestion all;
  all.per_item = 100;
  CHECK(d.ask(all).size() == 12);
  all.incident = d.raqqa;
  CHECK(pairs(d.ask(all)) == std::vector<std::pair<Row, Row>>{{item, d.raqqa}});
  all.least_score = 90;
  CHECK(d.ask(all).empty());
}

TEST_CASE("every incident near in time is found, as by looking at each") {
  Desk d;
  std::vector<Row> incidents{d.mayadeen, d.raqqa, d.later};
  for (int i = 0; i < 60; ++i)
    incidents.push_back(
        d.editor->put_incident(incident_with("D-" + std::to_string(i), format_day(17400 + i / 2)), ""));
  std::vector<Row> items;
  for (int i = 0; i < 200; ++i)
    items.push_back(
        d.item("i" + std::to_string(i), "x",
               photo((17400LL + i % 30) * kDayMs + i * 1'234'567,
                     i % 2 == 0 ? media::ZoneBasis::unknown_zone : media::ZoneBasis::utc_by_format)));
  SuggestQuestion all;
  all.per_item = 1000;
  all.least_score = 1;
  const auto found = pairs(d.ask(all));
  View view = d.archive.view();
  const ItemTable table(view);
  std::vector<std::pair<Row, Row>> expected;
  for (const Row item : items)
    for (const Row incident : incidents)
      if (points(time_reason(table.clue(item), clue_of(view.incident(incident).incident))) > 0)
        expected.emplace_back(item, incident);
  std::vector<std::pair<Row, Row>> sorted = found;
  std::ranges::sort(sorted);
  std::ranges::sort(expected);
  CHECK(!expected.empty());
  CHECK(sorted == expected);
}

TEST_CASE("an auditor is told nothing") {
  Desk d;
  d.editor->commit();
  d.editor.reset();
  const ledger::Keyring auditor = d.admit(ledger::Role::auditor, "Sami");
  const Archive archive = d.open(auditor);
  View view = archive.view();
  CHECK(code_of([&] { suggest(view, {}, [](const auto&) {}); }) == ErrorCode::wrong_key);
}
