#include <algorithm>
#include <random>

#include "archive/archive_fixture.hpp"
#include "dalil/archive/answers.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/archive/tag.hpp"
#include "dalil/base/text.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

constexpr const char* kGovernorates[] = {"Idlib", "Hama", "إدلب", ""};
constexpr const char* kWords[] = {"hospital", "مستشفى", "school"};

/// Items on three volumes, some damaged, some linked: the same for each seed.
struct World : ArchiveFixture {
  static constexpr int kItems = 250, kIncidents = 15;
  Archive archive = open();

  explicit World(unsigned seed) {
    std::mt19937_64 random(seed);
    Editor editor = archive.edit();
    for (const char* label : {"disk", "drive", "card"}) {
      Volume volume = volume_named(label);
      volume.kind = label[0] == 'c'   ? VolumeKind::source
                    : label[1] == 'r' ? VolumeKind::backup
                                      : VolumeKind::working;
      editor.add_volume(volume);
    }
    for (int i = 0; i < kIncidents; ++i) {
      Incident incident = incident_with("I" + std::to_string(i), i % 3 == 0 ? "2017-09-11" : "2017-10");
      incident.governorate = kGovernorates[random() % 4];
      incident.description = std::string("a ") + kWords[random() % 3];
      if (random() % 4 != 0) incident.killed.value = static_cast<std::int64_t>(random() % 6);
      if (random() % 2 == 0) {
        incident.latitude = 35 + static_cast<double>(random() % 100) / 100;
        incident.longitude = 36.5;
      }
      editor.put_incident(incident, "");
    }
    for (int i = 0; i < kItems; ++i) add_item(editor, random, i);
    for (int i = 0; i < 300; ++i) {
      const Row link =
          editor.add_link(static_cast<Row>(random() % kItems), static_cast<Row>(random() % kIncidents),
                          static_cast<LinkType>(1 + random() % 3), {}, {}, "");
      if (random() % 4 == 0) editor.withdraw_link(link, "");
    }
    for (Row volume = 0; volume < 3; ++volume) damage(editor, random, volume);
    editor.commit();
  }

  void add_item(Editor& editor, std::mt19937_64& random, int number) {
    const std::string content(random() % 3000, 'x');
    Row item = ledger::kNoRow;
    for (auto copies = 1 + random() % 4; copies > 0; --copies) {
      const std::string name =
          std::string(kWords[random() % 3]) + std::to_string(number) + "-" + std::to_string(copies) + ".jpg";
      item = editor
                 .add_copy(copy_of(static_cast<Row>(random() % 3), random() % 2 == 0 ? "A" : "B/ج", name,
                                   content + std::to_string(number)))
                 .item;
    }
    if (random() % 5 == 0) return;
    media::MediaFacts facts;
    facts.kind = static_cast<media::MediaKind>(random() % 5);
    if (random() % 2 == 0)
      facts.places.push_back({"gps", "", 35 + static_cast<double>(random() % 100) / 100, 36.5, {}, {}});
    for (const auto origin : {media::TimeOrigin::embedded, media::TimeOrigin::file_name}) {
      if (random() % 2 == 0) continue;
      media::TimeClaim claim;
      claim.ms = 1505088000000 + static_cast<std::int64_t>(random() % 172'800) * 1000;  // 2017-09-11 and -12
      claim.basis = random() % 2 == 0 ? media::ZoneBasis::unknown_zone : media::ZoneBasis::utc_claimed;
      claim.origin = origin;
      claim.precision_ms = random() % 2 == 0 ? 1000 : 86'400'000;
      facts.times.push_back(claim);
    }
    editor.add_facts(item, facts);
  }

  /// Some copies damaged, some of those found intact again, some gone.
  static void damage(Editor& editor, std::mt19937_64& random, Row volume) {
    for (const char* directory : {"A", "B/ج"}) {
      std::vector<std::pair<std::string, Verdict>> bad, good;
      std::vector<Editor::Gone> gone;
      for (const char* word : kWords)
        for (int i = 0; i < kItems * 4; ++i) {
          const std::string name =
              std::string(word) + std::to_string(i / 4) + "-" + std::to_string(i % 4 + 1) + ".jpg";
          const auto dice = random() % 10;
          if (dice < 3) bad.emplace_back(name, dice == 0 ? Verdict::missing : Verdict::corrupt);
          if (dice == 0) good.emplace_back(name, Verdict::intact);
          if (dice == 9) gone.push_back({directory, name, ""});
        }
      editor.record_verdicts(volume, directory, bad, 1505118600);
      editor.record_named_verdicts(volume, directory, good, 1505118700);
      editor.mark_vanished(volume, gone);
    }
  }
};

/// What a condition means, item by item, from entries and the copy index: the columns are not asked.
struct Naive {
  View& view;
  std::int32_t zone_minutes = 180;

  bool item(const Condition& condition, Row row) {
    if (about(condition, Scope::link)) return some_link(condition, row);
    if (about(condition, Scope::copy)) return some_copy(condition, row, false);
    switch (condition.kind) {
      case Condition::Kind::all: {
        Condition links, copies;
        for (const Condition& part : condition.parts) {
          if (about(part, Scope::link))
            links.parts.push_back(part);
          else if (about(part, Scope::copy))
            copies.parts.push_back(part);
          else if (!item(part, row))
            return false;
        }
        return (links.parts.empty() || some_link(links, row)) &&
               (copies.parts.empty() || some_copy(copies, row, false));
      }
      case Condition::Kind::any:
        return std::ranges::any_of(condition.parts, [&](const Condition& part) { return item(part, row); });
      case Condition::Kind::none:
        return !item(condition.parts.front(), row);
      case Condition::Kind::link:
        return some_link(condition.parts.front(), row);
      case Condition::Kind::copy:
        return some_copy(condition.parts.front(), row, true);
      default:
        return test(condition.test, row);
    }
  }

  static bool about(const Condition& condition, Scope scope) {
    if (condition.kind == Condition::Kind::test) return info_of(condition.test.field).scope == scope;
    if (condition.kind != Condition::Kind::all && condition.kind != Condition::Kind::any) return false;
    return !condition.parts.empty() &&
           std::ranges::all_of(condition.parts, [&](const Condition& part) { return about(part, scope); });
  }

  static bool joined(const Condition& condition, const std::function<bool(const Test&)>& passes) {
    const auto part = [&](const Condition& one) { return joined(one, passes); };
    switch (condition.kind) {
      case Condition::Kind::test:
        return passes(condition.test);
      case Condition::Kind::any:
        return std::ranges::any_of(condition.parts, part);
      case Condition::Kind::none:
        return !part(condition.parts.front());
      default:
        return std::ranges::all_of(condition.parts, part);
    }
  }

  bool some_link(const Condition& condition, Row row) {
    return std::ranges::any_of(view.links_of_item(row), [&](const Link& link) {
      const Incident incident = view.incident(link.incident).incident;
      return joined(condition, [&](const Test& one) { return link_test(one, link, incident); });
    });
  }

  bool link_test(const Test& test, const Link& link, const Incident& incident) const {
    switch (test.field) {
      case Field::link_type:
        return name_of(link.type) == std::get<std::string>(test.value);
      case Field::incident:
        return incident.id == std::get<std::string>(test.value);
      case Field::governorate:
        return holds(incident.governorate, test) && !incident.governorate.empty();
      case Field::killed:
        return incident.killed.value &&
               std::get<NumberSpan>(test.value).contains(static_cast<std::uint64_t>(*incident.killed.value));
      case Field::incident_date: {
        const auto days = incident.days();
        const auto& span = std::get<TimeSpan>(test.value);
        const std::int64_t zone = zone_minutes * 60'000LL;
        return days && days->first * 86'400'000LL - zone < span.end_ms &&
               (days->last + 1) * 86'400'000LL - zone > span.begin_ms;
      }
      default:  // a box
        return incident.latitude && *incident.latitude >= std::get<Area>(test.value).south - 1e-9 &&
               *incident.latitude <= std::get<Area>(test.value).north + 1e-9;
    }
  }

  static bool holds(const std::string& text, const Test& test) {
    return fold_for_search(text).find(fold_for_search(std::get<std::string>(test.value))) !=
           std::string::npos;
  }

  bool some_copy(const Condition& condition, Row row, bool live_only) {
    return std::ranges::any_of(view.copies_of(row), [&](const CopyInfo& copy) {
      const bool live = copy.row.state == CopyRow::State::live;
      if (live_only && !live) return false;
      return joined(condition, [&](const Test& test) {
        if (test.field == Field::path) return holds(copy.path, test);
        if (!live) return false;
        if (test.field == Field::volume) return copy.volume_label == std::get<std::string>(test.value);
        if (test.field == Field::on)
          return name_of(view.volume(copy.volume).kind) == std::get<std::string>(test.value);
        return is_damage(copy.row.verdict) == (std::get<std::string>(test.value) == "damaged");
      });
    });
  }

  bool in_time(const TimeSpan& span, const media::TimeClaim& claim) const {
    std::int64_t first = claim.ms, end = claim.ms + (claim.precision_ms > 1000 ? claim.precision_ms : 1);
    if (claim.basis == media::ZoneBasis::unknown_zone) {
      first -= span.any_zone ? 14 * 3'600'000 : zone_minutes * 60'000LL;
      end += span.any_zone ? 12 * 3'600'000 : -zone_minutes * 60'000LL;
    } else if (span.any_zone && claim.basis == media::ZoneBasis::utc_claimed) {
      first -= 14 * 3'600'000;
      end += 12 * 3'600'000;
    }
    return first < span.end_ms + span.tolerance_ms && end > span.begin_ms - span.tolerance_ms;
  }

  bool test(const Test& test, Row row) {
    const media::MediaFacts facts = view.facts(row).value_or(media::MediaFacts{});
    const auto claim = [&](media::TimeOrigin origin) {
      return std::ranges::find(facts.times, origin, &media::TimeClaim::origin);
    };
    const auto copies = view.copies_of(row);
    const auto sound = [&](const CopyInfo& copy) {
      return copy.row.state == CopyRow::State::live && !is_damage(copy.row.verdict);
    };
    switch (test.field) {
      case Field::kind:
        return media::name_of(facts.kind) == std::get<std::string>(test.value);
      case Field::size:
        return std::get<NumberSpan>(test.value).contains(view.item(row).size_bytes);
      case Field::box:
        return !facts.places.empty() &&
               facts.places.front().latitude >= std::get<Area>(test.value).south - 1e-9 &&
               facts.places.front().latitude <= std::get<Area>(test.value).north + 1e-9;
      case Field::made: {
        auto found = claim(media::TimeOrigin::embedded);
        if (found == facts.times.end()) found = claim(media::TimeOrigin::file_name);
        return found != facts.times.end() && in_time(std::get<TimeSpan>(test.value), *found);
      }
      case Field::copies: {
        std::set<Row> on;
        for (const CopyInfo& copy : copies)
          if (sound(copy) && view.volume(copy.volume).kind != VolumeKind::source) on.insert(copy.volume);
        return std::get<NumberSpan>(test.value).contains(on.size());
      }
      case Field::is: {
        const auto& word = std::get<std::string>(test.value);
        if (word == "lost") return std::ranges::none_of(copies, sound);
        if (word == "damaged")
          return std::ranges::any_of(copies, [](const CopyInfo& copy) {
            return copy.row.state == CopyRow::State::live && is_damage(copy.row.verdict);
          });
        return view.links_of_item(row).empty() == (word == "unlinked");
      }
      default: {  // text
        const auto in_incident = [&](const Link& link) {
          const Incident incident = view.incident(link.incident).incident;
          return holds(incident.id, test) || holds(incident.governorate, test) ||
                 holds(incident.description, test);
        };
        return std::ranges::any_of(copies,
                                   [&](const CopyInfo& copy) { return name_counts(copies, copy, test); }) ||
               std::ranges::any_of(view.links_of_item(row), in_incident);
      }
    }
  }

  /// Names on backups are those of what they are copies of, unless they came first.
  bool name_counts(const std::vector<CopyInfo>& copies, const CopyInfo& copy, const Test& test) {
    if (!holds(copy.path, test)) return false;
    if (view.volume(copy.volume).kind != VolumeKind::backup) return true;
    return std::ranges::all_of(copies, [&](const CopyInfo& other) { return other.row.seq >= copy.row.seq; });
  }
};

constexpr const char* kTests[] = {
    "kind:video",
    "kind:photo,audio",
    "size>1500",
    "size:100..900",
    "incident:I0",
    "incident:I3,I4",
    "type:depicts",
    "governorate:idlib",
    "governorate:ادلب",
    "killed>=3",
    "killed<2",
    "date:2017-09-11",
    "date:2017-10",
    "incident-box:35.2,36..35.7,37",
    "volume:disk",
    "volume:drive",
    "volume:card",
    "on:backup",
    "on:working",
    "health:damaged",
    "health:sound",
    "path:A/",
    "path:hospital",
    "made:2017-09-11",
    "made:2017-09-12T06:00..09:00",
    "made:2017-09-12T20:00..23:00~2h",
    "made:2017-09-11~zone",
    "copies:0",
    "copies>1",
    "is:lost",
    "is:damaged",
    "is:linked",
    "is:unlinked",
    "box:35.2,36..35.6,37",
    "hospital",
    "مستشفي",
    "school1",
    "link(type:depicts not governorate:idlib)",
    "copy(volume:disk not health:damaged)",
    "incident(not killed:0)",
    "copy(path:A not volume:disk)",
};

std::string random_query(std::mt19937_64& random, int depth) {
  std::string text;
  for (auto left = 1 + random() % 3; left > 0; --left) {
    if (random() % 4 == 0) text += "not ";
    text += depth > 0 && random() % 3 == 0 ? "(" + random_query(random, depth - 1) + ")"
                                           : kTests[random() % std::size(kTests)];
    if (left > 1) text += random() % 3 == 0 ? " or " : " ";
  }
  return text;
}

std::vector<Row> rows_where(View& view, const std::string& text) {
  Query query;
  query.where = QueryReader{}.read(text);
  return find(view, query);
}

std::vector<Row> naive(View& view, const std::string& text) {
  const Condition condition = QueryReader{}.read(text);
  Naive reader{view};
  std::vector<Row> rows;
  for (Row row = 0; row < view.item_count(); ++row)
    if (reader.item(condition, row)) rows.push_back(row);
  return rows;
}

}  // namespace

TEST_CASE("every test of a query agrees with a naive reading of the entries") {
  World world(3);
  View view = world.archive.view();
  for (const char* text : kTests) {
    CAPTURE(text);
    const std::vector<Row> rows = rows_where(view, text);
    CHECK(rows == naive(view, text));
    CHECK_FALSE(rows.empty());
    CHECK(rows.size() < World::kItems);
  }
}

TEST_CASE("queries in any combination agree with a naive reading of the entries") {
  World world(4);
  View view = world.archive.view();
  std::mt19937_64 random(5);
  for (int round = 0; round < 120; ++round) {
    const std::string text = random_query(random, 2);
    CAPTURE(text);
    Query query;
    query.where = QueryReader{}.read(text);
    if (round % 2 == 0) query.worth_two_threads = 1;
    CHECK(find(view, query) == naive(view, text));
  }
}

TEST_CASE("what goes wrong in either of two threads is told") {
  World world(15);
  View view = world.archive.view();
  Query query;
  query.worth_two_threads = 1;
  query.where = QueryReader{}.read("incident:NONE");
  CHECK(code_of([&] { find(view, query); }) == ErrorCode::not_found);
  // A view that is behind is looked at by one thread alone.
  Editor editor = world.archive.edit();
  editor.add_volume(volume_named("later"));
  editor.commit();
  query.where = QueryReader{}.read("kind:photo");
  CHECK(find(view, query) == naive(view, "kind:photo"));
}

TEST_CASE("what searches need is the same after everything was derived again") {
  World world(6);
  CHECK(is_sound(world.archive));
}

TEST_CASE("what a value means is asked of a register's words, and what nobody knows is an error") {
  World world(7);
  View view = world.archive.view();
  Query query;
  query.where = QueryReader{}.read("governorate:Idlib");
  const auto by_letters = find(view, query).size();
  query.meaning = [](Field, const std::string&) -> Query::Meaning {
    return [](const std::string& words) { return words == "إدلب" || words == "Idlib"; };
  };
  const auto by_meaning = find(view, query).size();
  CHECK(by_meaning > by_letters);
  query.where = QueryReader{}.read("governorate=Idlib");
  CHECK(find(view, query).size() == by_letters);
  // Whoever names one governorate means no other, though its name hold the words.
  query.where = QueryReader{}.read("governorate:am");
  query.meaning = [](Field, const std::string&) -> Query::Meaning {
    return [](const std::string&) { return false; };
  };
  CHECK(find(view, query).empty());
  query.meaning = {};
  CHECK_FALSE(find(view, query).empty());
  CHECK(code_of([&] { rows_where(view, "not governorate:Idlbb"); }) == ErrorCode::not_found);
}

TEST_CASE("other names of a text are found as whole words") {
  ArchiveFixture f;
  Archive archive = f.open();
  Editor editor = archive.edit();
  const Row disk = editor.add_volume(volume_named("disk"));
  editor.add_copy(copy_of(disk, "", "market_dam.jpg", "A"));
  editor.add_copy(copy_of(disk, "", "madame.jpg", "B"));
  editor.add_copy(copy_of(disk, "", "alsham.jpg", "C"));
  editor.commit();
  View view = archive.view();
  Query query;
  query.other_names = [](const std::string&) { return std::vector<std::string>{"dam"}; };
  query.where = QueryReader{}.read("sham");
  CHECK(find(view, query) == std::vector<Row>{0, 2});
}

TEST_CASE("no single copy or link is asked for two volumes or two incidents") {
  World world(12);
  View view = world.archive.view();
  for (const char* text : {"volume:disk volume:drive", "on:backup on:working", "incident:I1 incident:I2",
                           "(volume:disk size>1) volume:drive"})
    CHECK(code_of([&] { rows_where(view, text); }) == ErrorCode::invalid);
  CHECK_FALSE(rows_where(view, "copy(volume:disk) copy(volume:drive)").empty());
  CHECK(rows_where(view, "volume:disk volume:disk") == rows_where(view, "volume:disk"));
}

TEST_CASE("brackets around an and change nothing") {
  World world(13);
  View view = world.archive.view();
  CHECK(rows_where(view, "governorate:idlib (killed>=3 size>100)") ==
        rows_where(view, "governorate:idlib killed>=3 size>100"));
  CHECK(rows_where(view, "(governorate:idlib size>100) killed>=3") ==
        rows_where(view, "governorate:idlib killed>=3 size>100"));
}

TEST_CASE("copies that were asked for are told from the others of an item") {
  World world(14);
  View view = world.archive.view();
  for (const char* text : {"volume:disk health:damaged", "copy(volume:disk health:damaged)",
                           "size>1 volume:disk", "on:backup path:A", "kind:photo"}) {
    Query query;
    query.where = QueryReader{}.read(text);
    const auto meant = copies_meant(view, query);
    for (const Row row : find(view, query)) {
      bool any = false;
      for (const CopyInfo& copy : view.copies_of(row)) {
        any = any || meant(copy);
        if (std::string_view(text).find("volume:disk") != std::string_view::npos && meant(copy))
          CHECK(copy.volume_label == "disk");
        if (std::string_view(text).find("damaged") != std::string_view::npos && meant(copy))
          CHECK(is_damage(copy.row.verdict));
      }
      CHECK(any);
    }
  }
}

TEST_CASE("a place's name stands for its circle, with the radius that is asked for") {
  World world(8);
  View view = world.archive.view();
  Query query;
  query.where = QueryReader{}.read("near:there");
  CHECK(code_of([&] { find(view, query); }) == ErrorCode::not_found);
  query.place_named = [](const std::string&) {
    Area area;
    area.latitude = 35.5;
    area.longitude = 36.5;
    area.radius_m = 20'000;
    return std::optional(area);
  };
  const auto far = find(view, query);
  query.where = QueryReader{}.read("near:there~5km");
  const auto close = find(view, query);
  CHECK_FALSE(close.empty());
  CHECK(close.size() < far.size());
  for (const Row row : close) CHECK(std::abs(view.facts(row)->places.front().latitude - 35.5) < 0.046);
}

TEST_CASE("an item with more names than its column takes is found by each of them") {
  ArchiveFixture f;
  Archive archive = f.open();
  Editor editor = archive.edit();
  const Row disk = editor.add_volume(volume_named("disk"));
  Row item = 0;
  for (int i = 0; i < 500; ++i)
    item =
        editor
            .add_copy(copy_of(disk, "d" + std::to_string(i), std::string(100, 'n') + std::to_string(i), "x"))
            .item;
  editor.add_copy(copy_of(disk, "", "other", "y"));
  editor.commit();
  View view = archive.view();
  CHECK(rows_where(view, "d0/nn") == std::vector<Row>{item});
  CHECK(rows_where(view, "d499/nn") == std::vector<Row>{item});
  CHECK(rows_where(view, "d500/nn").empty());
  CHECK(is_sound(archive));
}

TEST_CASE("more than sixty-three volumes are told apart") {
  ArchiveFixture f;
  Archive archive = f.open();
  Editor editor = archive.edit();
  for (int i = 0; i < 70; ++i) {
    const Row volume = editor.add_volume(volume_named("v" + std::to_string(i)));
    editor.add_copy(copy_of(volume, "", "a", "everywhere"));
    editor.add_copy(copy_of(volume, "", "b", "only" + std::to_string(i)));
  }
  editor.record_named_verdicts(66, "", {{"b", Verdict::corrupt}}, 1505118600);
  editor.commit();
  View view = archive.view();
  CHECK(rows_where(view, "volume:v0").size() == 2);
  CHECK(rows_where(view, "volume:v63").size() == 2);
  CHECK(rows_where(view, "volume:v69") == naive(view, "volume:v69"));
  CHECK(rows_where(view, "is:damaged").size() == 1);
  CHECK(rows_where(view, "volume:v66 health:damaged") == naive(view, "volume:v66 health:damaged"));
  CHECK(rows_where(view, "volume:v65 health:damaged").empty());
  CHECK(rows_where(view, "copies:70").size() == 1);
}

TEST_CASE("results are sorted with those that have no value last, and counted by what they have") {
  World world(9);
  View view = world.archive.view();
  std::vector<Row> rows = rows_where(view, "");
  for (const bool descending : {false, true}) {
    sort_rows(view, rows, SortBy::size, descending);
    CHECK(std::ranges::is_sorted(rows, [&](Row a, Row b) {
      const auto left = view.item(a).size_bytes, right = view.item(b).size_bytes;
      return descending ? left > right : left < right;
    }));
    sort_rows(view, rows, SortBy::made, descending);
    CHECK(view.facts(rows.back()).value_or(media::MediaFacts{}).times.empty());
    CHECK_FALSE(view.facts(rows.front())->times.empty());
  }
  const auto count = [&](const char* facet, const std::string& value) {
    for (const FacetCount& one : count_by(view, rows, facet))
      if (one.value == value) return one.items;
    return std::uint64_t{0};
  };
  CHECK(count("kind", "video") == rows_where(view, "kind:video").size());
  CHECK(count("volume", "disk") == rows_where(view, "volume:disk").size());
  CHECK(count("incident", "I3") == rows_where(view, "incident:I3").size());
  CHECK(count("incident", "") == rows_where(view, "is:unlinked").size());
  CHECK(count("type", "depicts") == rows_where(view, "type:depicts").size());
  CHECK(count("governorate", "Hama") == rows_where(view, "governorate=Hama").size());
  CHECK(code_of([&] { count_by(view, rows, "colour"); }) == ErrorCode::invalid);
}

TEST_CASE("how many answers rest on clocks of unknown zone is told, and how many more there might be") {
  World world(10);
  View view = world.archive.view();
  const Condition narrow = QueryReader{}.read("made:2017-09-12T06:00..07:00");
  CHECK(asks_for_time(narrow));
  CHECK_FALSE(asks_for_time(QueryReader{}.read("kind:photo date:2017")));
  Query query;
  query.where = as_wide_as_possible(narrow);
  const auto wide = find(view, query);
  CHECK(wide.size() > rows_where(view, "made:2017-09-12T06:00..07:00").size());
  CHECK(wide == rows_where(view, "time:2017-09-12T06:00..07:00~zone"));
  CHECK(time_doubts(view, wide, narrow).unknown_zone > 0);
  CHECK(time_doubts(view, wide, narrow).utc_claimed > 0);
  CHECK(time_doubts(view, wide, narrow).day_or_less > 0);
  CHECK(denies_time(QueryReader{}.read("kind:photo not made:2017")));
  CHECK_FALSE(denies_time(QueryReader{}.read("made:2017 not kind:photo")));
  const Condition denied = QueryReader{}.read("not made:2017");
  CHECK(as_wide_as_possible(denied) == denied);
  // Of a question about names the embedded times are no matter.
  const Condition claimed = QueryReader{}.read("claimed:2017-09-11");
  query.where = claimed;
  for (const Row row : find(view, query)) {
    const auto facts = view.facts(row);
    const auto by_name =
        std::ranges::find(facts->times, media::TimeOrigin::file_name, &media::TimeClaim::origin);
    CHECK(time_doubts(view, {row}, claimed).day_or_less == (by_name->precision_ms > 1000 ? 1U : 0U));
  }
}

TEST_CASE("what analysts found is asked for: states, tags, verified times and places") {
  World world(11);
  {
    Editor editor = world.archive.edit();
    Review verified;
    verified.state = ReviewState::verified;
    verified.time =
        VerifiedTime{1505120400000, 1505123999999, TimePrecision::hour, 180};  // 09:00 to 10:00 UTC
    verified.made = VerifiedPlace{35.5, 36.5, 200, "the hospital"};
    verified.shown = VerifiedPlace{35.6, 36.6, 0, "the market"};
    review_item(editor, 7, verified);
    Review disputed;
    disputed.state = ReviewState::disputed;
    review_item(editor, 8, disputed);
    review_link(editor, 0, disputed);
    add_tag(editor, "for Geneva", std::vector<Row>{7, 9}, "");
    remove_tag(editor, "for Geneva", std::vector<Row>{9}, "");
    editor.commit();
  }
  View view = world.archive.view();
  using Rows = std::vector<Row>;
  CHECK(rows_where(view, "state:verified") == Rows{7});
  CHECK(rows_where(view, "state:disputed") == Rows{8});
  CHECK(rows_where(view, "is:reviewed") == Rows{7, 8});
  CHECK(rows_where(view, "is:unreviewed").size() == World::kItems - 2);
  CHECK(rows_where(view, "has:review") == Rows{7, 8});
  CHECK(rows_where(view, "tag:geneva") == Rows{7});
  CHECK(rows_where(view, "tag=\"FOR GENEVA\"") == Rows{7});
  CHECK(rows_where(view, "geneva") == Rows{7});
  CHECK(rows_where(view, "has:tag") == Rows{7});
  CHECK(code_of([&] { rows_where(view, "tag:none"); }) == ErrorCode::not_found);
  CHECK(rows_where(view, "verified:2017-09-11T12:30") == Rows{7});
  CHECK(rows_where(view, "verified:2017-09-11T13:00").empty());
  CHECK(rows_where(view, "verified:2017-09-11T13:00~1m") == Rows{7});
  // What was verified holds, whatever the file says of itself.
  CHECK(std::ranges::count(rows_where(view, "made:2017-09-11T12:30"), Row{7}) == 1);
  CHECK(std::ranges::count(rows_where(view, "made:2017-09-12"), Row{7}) == 0);
  CHECK(std::ranges::count(rows_where(view, "near:35.5,36.5~10m"), Row{7}) == 1);
  CHECK(std::ranges::count(rows_where(view, "near:35.503,36.5~200m"), Row{7}) == 1);
  CHECK(std::ranges::count(rows_where(view, "near:35.51,36.5~200m"), Row{7}) == 0);
  CHECK(rows_where(view, "shows-near:35.6,36.6~1km") == Rows{7});
  CHECK(rows_where(view, "shows-near:35.5,36.5~1km").empty());
  CHECK(rows_where(view, "shows-box:35.5,36.5..35.7,36.7") == Rows{7});
  const Link link = link_at(view, 0);
  if (!link.withdrawn) CHECK(rows_where(view, "link-state:disputed") == Rows{link.item});
}
