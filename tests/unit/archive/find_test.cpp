#include "dalil/archive/find.hpp"

#include <algorithm>
#include <random>
#include <set>

#include "archive/archive_fixture.hpp"
#include "dalil/base/text.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr const char* kDates[] = {"2017", "2017-09", "2017-09-11", "", "2018-01-01", "nonsense"};
constexpr const char* kCameras[] = {"", "Canon EOS 5D", "NIKON D750", "كاميرا"};
constexpr const char* kNames[] = {"IMG_1.jpg", "صورة.jpg", "VIDEO.MP4", "notes.txt", "img_1.JPG", "\xff\n"};

template <typename T, std::size_t N>
const T& pick(std::mt19937_64& random, const T (&from)[N]) {
  return from[random() % N];
}

/// An archive with a bit of everything, the same for each seed.
struct World : ArchiveFixture {
  static constexpr int kItems = 400, kIncidents = 12;
  Archive archive = open();
  explicit World(unsigned seed) {
    std::mt19937_64 random(seed);
    Editor editor = archive.edit();
    for (const char* label : {"disk", "backup", "empty"}) editor.add_volume(volume_named(label));
    for (int i = 0; i < kIncidents; ++i) {
      Incident incident = incident_with("I" + std::to_string(i), pick(random, kDates));
      if (random() % 4 == 0) incident.date_end = "2017-10-02";
      editor.put_incident(incident, "");
    }
    for (int i = 0; i < kItems; ++i) add_item(editor, random);
    for (int i = 0; i < 300; ++i) {
      const Row link = editor.add_link(static_cast<Row>(random() % kItems), static_cast<Row>(random() % 10),
                                       static_cast<LinkType>(1 + random() % 11), {}, {}, "");
      if (random() % 3 == 0) editor.withdraw_link(link, "");
    }
    editor.commit();
  }

  void add_item(Editor& editor, std::mt19937_64& random) {
    const std::string content(random() % 3000, 'x');
    const std::string unique = content + std::to_string(random());
    Row item = ledger::kNoRow;
    for (auto copies = 1 + random() % 2; copies > 0; --copies) {
      const std::string directory = random() % 2 == 0 ? "DCIM/100" : "Alef/أ";
      const std::string name = std::to_string(random()) + pick(random, kNames);
      const Row volume = random() % 2;
      item = editor.add_copy(copy_of(volume, directory, name, unique)).item;
      if (random() % 5 == 0) editor.mark_vanished(volume, {{directory, name, ""}});
    }
    if (random() % 4 == 0) return;
    media::MediaFacts facts;
    facts.kind = static_cast<media::MediaKind>(random() % 5);
    facts.make = pick(random, kCameras);
    if (random() % 2 == 0) facts.times.push_back(claim(random, media::TimeOrigin::file_name));
    if (random() % 2 == 0) facts.times.push_back(claim(random, media::TimeOrigin::embedded));
    editor.add_facts(item, facts);
  }

  static media::TimeClaim claim(std::mt19937_64& random, media::TimeOrigin origin) {
    media::TimeClaim claim;
    claim.field = "Exif.Photo.DateTimeOriginal";
    const std::int64_t days[] = {0, -1, 17'420, 17'421, 17'435};
    // Within four hours of midnight, where zones decide
    claim.ms =
        pick(random, days) * kDayMs + static_cast<std::int64_t>(random() % (8 * 3'600'000)) - 4 * 3'600'000;
    claim.basis = random() % 2 == 0 ? media::ZoneBasis::unknown_zone : media::ZoneBasis::offset_recorded;
    claim.origin = origin;
    return claim;
  }
};

Day floor_day(std::int64_t ms) {
  std::int64_t day = ms / kDayMs;
  if (day * kDayMs > ms) --day;
  return static_cast<Day>(day);
}

bool within(const DateSpan& span, std::int64_t ms) {
  return floor_day(ms) >= span.first && floor_day(ms) <= span.last;
}

bool copies_match(View& view, const Query& query, Row row) {
  if (query.path_parts.empty() && query.volume.empty()) return true;
  return std::ranges::any_of(view.copies_of(row), [&](const CopyInfo& copy) {
    if (!query.volume.empty() &&
        (copy.volume_label != query.volume || copy.row.state != CopyRow::State::live))
      return false;
    return std::ranges::all_of(query.path_parts, [&](const std::string& part) {
      return fold_text(copy.path).find(fold_text(part)) != std::string::npos;
    });
  });
}

bool link_matches(View& view, const Query& query, const Link& link) {
  if (query.link_type && link.type != *query.link_type) return false;
  const Incident incident = view.incident(link.incident).incident;
  if (!query.incidents.empty() && std::ranges::count(query.incidents, incident.id) == 0) return false;
  if (!query.incident_date) return true;
  const auto days = incident.days();
  return days && days->first <= query.incident_date->last && days->last >= query.incident_date->first;
}

bool links_match(View& view, const Query& query, Row row) {
  const std::vector<Link> links = view.links_of_item(row);
  if (query.linked && links.empty() == *query.linked) return false;
  if (query.incidents.empty() && !query.incident_date && !query.link_type) return true;
  return std::ranges::any_of(links, [&](const Link& link) { return link_matches(view, query, link); });
}

/// As a clock on the wall shows it.
std::int64_t local_ms(const media::TimeClaim& claim, const LocalClock& local) {
  return claim.basis == media::ZoneBasis::unknown_zone ? claim.ms : local.to_local(claim.ms);
}

bool facts_match(const Query& query, const media::MediaFacts& facts) {
  if (query.kind && facts.kind != *query.kind) return false;
  if (!query.camera.empty() && fold_text(facts.make).find(fold_text(query.camera)) == std::string::npos)
    return false;
  const auto claim_of = [&](media::TimeOrigin origin) {
    return std::ranges::find(facts.times, origin, &media::TimeClaim::origin);
  };
  if (query.embedded) {
    const auto claim = claim_of(media::TimeOrigin::embedded);
    if (claim == facts.times.end()) return false;
    if (!within(*query.embedded, local_ms(*claim, query.local))) return false;
  }
  if (!query.claimed) return true;
  const auto claim = claim_of(media::TimeOrigin::file_name);
  if (claim == facts.times.end()) return false;
  return within(*query.claimed, local_ms(*claim, query.local));
}

/// What the question means, item by item, from the entries and not from the columns.
std::vector<Row> naive_find(View& view, const Query& query) {
  std::vector<Row> rows;
  for (Row row = 0; row < view.item_count() && rows.size() < query.limit; ++row) {
    const Item item = view.item(row);
    const bool matches = item.digest.hex().starts_with(query.digest_prefix) &&
                         item.size_bytes >= query.min_size.value_or(0) &&
                         item.size_bytes <= query.max_size.value_or(UINT64_MAX) &&
                         facts_match(query, view.facts(row).value_or(media::MediaFacts{})) &&
                         copies_match(view, query, row) && links_match(view, query, row);
    if (matches) rows.push_back(row);
  }
  return rows;
}

/// One filter set at random.
void set_filter(Query& query, int which, std::mt19937_64& random) {
  constexpr const char* kParts[] = {"img", "IMG_1", "jpg", "ا/", "صوره", "dcim/1", "nowhere", "\xff"};
  constexpr const char* kRanges[] = {"2017-09", "..1970-01-01", "2017-09-11..2017-09-12", "1969-12-31",
                                     "2018.."};
  switch (which) {
    case 0:
      query.incidents = {"I" + std::to_string(random() % 12), "I" + std::to_string(random() % 12)};
      break;
    case 1:
      query.link_type = static_cast<LinkType>(1 + random() % 11);
      break;
    case 2:
      query.path_parts.emplace_back(pick(random, kParts));
      if (random() % 2 == 0) query.path_parts.emplace_back(pick(random, kParts));
      break;
    case 3:
      query.digest_prefix = std::string(1, "0123456789abcdef"[random() % 16]);
      break;
    case 4:
      query.embedded = parse_date_range(pick(random, kRanges));
      query.local.fixed_minutes = static_cast<std::int32_t>(random() % 1000) - 500;
      break;
    case 5:
      query.claimed = parse_date_range(pick(random, kRanges));
      break;
    case 6:
      query.incident_date = parse_date_range(pick(random, kRanges));
      break;
    case 7:
      query.kind = static_cast<media::MediaKind>(random() % 5);
      break;
    case 8:
      query.min_size = random() % 3000;
      break;
    case 9:
      query.max_size = random() % 3000;
      break;
    case 10:
      query.camera = random() % 2 == 0 ? "canon" : "كام";
      break;
    case 11:
      query.linked = random() % 2 == 0;
      break;
    case 12:
      query.volume = random() % 2 == 0 ? "disk" : "backup";
      break;
    default:
      query.limit = random() % 20;
  }
}
constexpr int kFilters = 14;

}  // namespace

TEST_CASE("each filter alone agrees with a naive reading of the entries") {
  World world(11);
  View view = world.archive.view();
  std::mt19937_64 random(12);
  CHECK(find(view, {}).size() == World::kItems);
  std::size_t found = 0;
  for (int which = 0; which < kFilters; ++which) {
    for (int round = 0; round < 8; ++round) {
      Query query;
      set_filter(query, which, random);
      const std::vector<Row> rows = find(view, query);
      CAPTURE(which, round);
      CHECK(rows == naive_find(view, query));
      found += rows.size();
    }
  }
  CHECK(found > 1000);
}

TEST_CASE("filters in any combination agree with a naive reading of the entries") {
  World world(21);
  View view = world.archive.view();
  std::mt19937_64 random(22);
  std::size_t found = 0;
  for (int round = 0; round < 150; ++round) {
    Query query;
    for (auto left = 1 + random() % 3; left > 0; --left)
      set_filter(query, static_cast<int>(random() % kFilters), random);
    const std::vector<Row> rows = find(view, query);
    CAPTURE(round);
    CHECK(rows == naive_find(view, query));
    found += rows.size();
  }
  CHECK(found > 500);
}

TEST_CASE("path parts and volume are asked of one and the same copy") {
  ArchiveFixture f;
  Archive archive = f.open();
  Editor editor = archive.edit();
  const Row disk = editor.add_volume(volume_named("disk")),
            backup = editor.add_volume(volume_named("backup"));
  editor.add_copy(copy_of(disk, "x", "a", "A"));
  editor.add_copy(copy_of(backup, "y", "b", "A"));
  editor.commit();
  View view = archive.view();
  CHECK(find(view, query([&](Query& q) {
               q.path_parts = {"x"};
               q.volume = "disk";
             }))
            .size() == 1);
  CHECK(find(view, query([&](Query& q) {
               q.path_parts = {"x"};
               q.volume = "backup";
             }))
            .empty());
  CHECK(find(view, query([&](Query& q) { q.path_parts = {"x", "b"}; })).empty());
}

TEST_CASE("what does not exist is an error and no empty answer") {
  World world(31);
  View view = world.archive.view();
  CHECK(code_of([&] {
          find(view, query([&](Query& q) { q.incidents = {"I0", "none"}; }));
        }) == ErrorCode::not_found);
  CHECK(code_of([&] { find(view, query([&](Query& q) { q.volume = "none"; })); }) == ErrorCode::not_found);
  CHECK(code_of([&] { find(view, query([&](Query& q) { q.digest_prefix = "xyz"; })); }) ==
        ErrorCode::invalid);
  CHECK(find(view, query([&](Query& q) { q.volume = "empty"; })).empty());
  CHECK(find(view, query([&](Query& q) { q.volume = "V1"; })) ==
        find(view, query([&](Query& q) { q.volume = "disk"; })));
  CHECK(find(view, query([&](Query& q) { q.limit = 0; })).empty());
}

TEST_CASE("items without a time never match a range, however wide") {
  ArchiveFixture f;
  Archive archive = f.open();
  Editor editor = archive.edit();
  const Row disk = editor.add_volume(volume_named("disk"));
  editor.add_copy(copy_of(disk, "", "a", "A"));
  const Row odd = editor.add_copy(copy_of(disk, "", "b", "B")).item;
  media::MediaFacts facts;
  for (const auto origin : {media::TimeOrigin::embedded, media::TimeOrigin::file_name}) {
    media::TimeClaim claim;
    claim.origin = origin;
    claim.ms = 0;
    facts.times.push_back(claim);
  }
  editor.add_facts(odd, facts);
  editor.commit();
  View view = archive.view();
  const DateSpan always{INT32_MIN, INT32_MAX, DatePrecision::day};
  CHECK(find(view, query([&](Query& q) { q.embedded = always; })) == std::vector<Row>{odd});
  CHECK(find(view, query([&](Query& q) { q.claimed = always; })) == std::vector<Row>{odd});
}
