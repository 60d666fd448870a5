#include "dalil/archive/answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <unordered_map>

#include "convert.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/archive/tag.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "incident_summary.hpp"
#include "live_copies.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr std::pair<std::string_view, SortBy> kSorts[] = {
    {"added", SortBy::added},       {"made", SortBy::made},     {"size", SortBy::size},
    {"duration", SortBy::duration}, {"copies", SortBy::copies}, {"name", SortBy::name},
};

/// The verified time, else the embedded one, else the one by the name, as the local clock has it; 0 if there
/// is none. Shifted, and so in order.
std::uint64_t best_local_time(ledger::Reader& reader, Row row, const LocalClock& local) {
  if (const std::uint64_t verified = load_u64(reader.cell(kItemVerifiedFrom, row).data()); verified != 0)
    return shift_time(local.to_local(unshift_time(verified)));
  std::uint64_t stored = load_u64(reader.cell(kFactTaken, row).data());
  const bool taken = stored != 0;
  if (!taken) stored = load_u64(reader.cell(kFactClaimed, row).data());
  if (stored == 0) return 0;
  const std::uint8_t basis = reader.cell(taken ? kFactTakenBasis : kFactClaimedBasis, row)[0];
  if (basis == static_cast<std::uint8_t>(media::ZoneBasis::unknown_zone)) return stored;
  return shift_time(local.to_local(unshift_time(stored)));
}

/// 0 stands for none.
std::uint64_t sort_key(ledger::Reader& reader, Row row, SortBy by, const LocalClock& local) {
  switch (by) {
    case SortBy::made:
      return best_local_time(reader, row, local);
    case SortBy::size:
      return load_u64(reader.cell(kItemSize, row).data()) + 1;
    case SortBy::duration:
      return load_u32(reader.cell(kFactDuration, row).data());
    case SortBy::copies: {
      std::uint64_t copies = 1;
      for (const LiveOnVolume& one : read_live(reader.cell(kItemLive, row))) copies += one.copies;
      return copies;
    }
    default:
      return std::uint64_t{row} + 1;
  }
}

template <typename Key>
void sort_keyed(std::vector<std::pair<Key, Row>>& keyed, std::vector<Row>& rows, bool descending) {
  const Key nothing{};
  std::ranges::stable_sort(keyed, [&](const auto& a, const auto& b) {
    if ((a.first == nothing) != (b.first == nothing)) return b.first == nothing;
    return descending ? b.first < a.first : a.first < b.first;
  });
  std::ranges::transform(keyed, rows.begin(), [](const auto& one) { return one.second; });
}

/// Values by number, and their texts afterwards: ten million strings need not be made.
std::vector<FacetCount> count_numbers(const std::vector<Row>& rows,
                                      const std::function<std::uint64_t(Row)>& number,
                                      const std::function<std::string(std::uint64_t)>& text) {
  std::unordered_map<std::uint64_t, std::uint64_t> counts;
  for (const Row row : rows) ++counts[number(row)];
  std::map<std::string, std::uint64_t> by_text;
  for (const auto& [value, items] : counts) by_text[text(value)] += items;
  std::vector<FacetCount> all;
  for (const auto& [value, items] : by_text) all.push_back({value, items});
  std::ranges::stable_sort(all, [](const FacetCount& a, const FacetCount& b) { return a.items > b.items; });
  return all;
}

std::string text_in(ledger::Reader& reader, const Column& column, std::uint64_t row_plus_one) {
  if (row_plus_one == 0) return {};
  return std::string(as_chars(reader.cell(column, static_cast<Row>(row_plus_one - 1))));
}

/// An item has a value. Of two that say so the one that rests on no candidate comes first.
struct Valued {
  Row item = 0;
  std::uint32_t value = 0;
  bool candidate = false;
  auto operator<=>(const Valued&) const = default;
};

/// How many items have each value, each item once, and how many none.
std::vector<FacetCount> count_pairs(const std::vector<Row>& rows, std::vector<Valued> pairs,
                                    const std::function<std::string(std::uint32_t)>& text) {
  std::ranges::sort(pairs);
  const auto same = [](const Valued& a, const Valued& b) { return a.item == b.item && a.value == b.value; };
  pairs.erase(std::unique(pairs.begin(), pairs.end(), same), pairs.end());
  struct Counted {
    std::uint64_t items = 0, candidates = 0;
  };
  std::unordered_map<std::uint32_t, Counted> counts;
  std::uint64_t with = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    Counted& counted = counts[pairs[i].value];
    ++counted.items;
    counted.candidates += pairs[i].candidate ? 1 : 0;
    if (i == 0 || pairs[i].item != pairs[i - 1].item) ++with;
  }
  std::vector<FacetCount> all;
  for (const auto& [value, counted] : counts) all.push_back({text(value), counted.items, counted.candidates});
  if (with < rows.size()) all.push_back({"", rows.size() - with});
  std::ranges::sort(all, [](const FacetCount& a, const FacetCount& b) {
    return a.items != b.items ? a.items > b.items : a.value < b.value;
  });
  return all;
}

std::vector<std::uint8_t> set_of(const std::vector<Row>& rows, Row count) {
  std::vector<std::uint8_t> in(count);
  for (const Row row : rows) in[row] = 1;
  return in;
}

template <IncidentWord kWord>
std::vector<FacetCount> count_by_incident_word(View& view, const std::vector<Row>& rows) {
  ledger::Reader& reader = view.reader();
  std::vector<std::uint32_t> words;
  reader.scan(kIncidentSummary, [&](Row, Row count, ByteView values) {
    for (std::size_t i = 0; i < count; ++i)
      words.push_back(
          IncidentSummary::decode(values.subspan(i * IncidentSummary::kSize, IncidentSummary::kSize))
              .word(kWord));
    return true;
  });
  const auto wanted = set_of(rows, view.item_count());
  std::vector<Valued> pairs;
  view.for_each_link([&](Row item, Row incident, LinkType type) {
    if (item < wanted.size() && wanted[item] != 0 && incident < words.size() && words[incident] != 0)
      pairs.push_back({item, words[incident], type == LinkType::candidate});
  });
  return count_pairs(rows, std::move(pairs),
                     [&](std::uint32_t value) { return text_in(reader, kWordText, value); });
}

std::vector<FacetCount> count_by_incident(View& view, const std::vector<Row>& rows, bool by_type) {
  const auto wanted = set_of(rows, view.item_count());
  std::vector<Valued> pairs;
  view.for_each_link([&](Row item, Row incident, LinkType type) {
    if (item < wanted.size() && wanted[item] != 0)
      pairs.push_back(by_type ? Valued{item, static_cast<std::uint32_t>(type)}
                              : Valued{item, incident, type == LinkType::candidate});
  });
  return count_pairs(rows, std::move(pairs), [&](std::uint32_t value) {
    return by_type ? std::string(name_of(static_cast<LinkType>(value)))
                   : incident_id(view.reader().cell(kIncidentRecord, value));
  });
}

std::vector<FacetCount> count_by_source(View& view, const std::vector<Row>& rows) {
  const std::vector<Source> sources = view.sources();
  const auto wanted = set_of(rows, view.item_count());
  std::vector<Valued> pairs;
  view.for_each_assignment([&](Row item, Row source) {
    if (item < wanted.size() && wanted[item] != 0) pairs.push_back({item, source});
  });
  return count_pairs(rows, std::move(pairs), [&](std::uint32_t source) { return sources.at(source).alias; });
}

std::vector<FacetCount> count_by_tag(View& view, const std::vector<Row>& rows) {
  const auto wanted = set_of(rows, view.item_count());
  std::vector<Valued> pairs;
  for_each_tagging(view, [&](Row item, Row tag) {
    if (item < wanted.size() && wanted[item] != 0) pairs.push_back({item, tag});
  });
  return count_pairs(rows, std::move(pairs), [&](std::uint32_t tag) {
    return text_in(view.reader(), kTagName, std::uint64_t{tag} + 1);
  });
}

std::vector<FacetCount> count_by_volume(View& view, const std::vector<Row>& rows) {
  const std::vector<Volume> volumes = view.volumes();
  ledger::Reader& reader = view.reader();
  std::vector<std::uint64_t> on(volumes.size());
  std::uint64_t nowhere = 0;
  for (const Row row : rows) {
    const std::uint64_t set = load_u64(reader.cell(kItemVolumes, row).data());
    nowhere += static_cast<std::uint64_t>(set == 0);
    if (set >> kLastVolumeBit != 0) {
      for (const LiveOnVolume& one : read_live(reader.cell(kItemLive, row))) ++on.at(one.volume);
    } else {
      for (std::uint64_t left = set; left != 0; left &= left - 1)
        ++on.at(static_cast<std::size_t>(std::countr_zero(left)));
    }
  }
  std::vector<FacetCount> all;
  for (std::size_t i = 0; i < on.size(); ++i)
    if (on[i] > 0) all.push_back({volumes[i].label, on[i]});
  if (nowhere > 0) all.push_back({"", nowhere});
  std::ranges::stable_sort(all, [](const FacetCount& a, const FacetCount& b) { return a.items > b.items; });
  return all;
}

constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t day_of(std::int64_t local_ms) {
  return local_ms / kDayMs - (local_ms % kDayMs < 0 ? 1 : 0);
}

/// A day, and how much of "2017-09-11" is known: 10, 7 or 4 digits; 0 if not even the year is.
struct KnownDay {
  std::int64_t day = 0;
  std::size_t digits = 0;
  bool of_incidents = false;
};

/// The digits that two times of a local clock have in common.
std::size_t common_digits(std::int64_t from_ms, std::int64_t to_ms) {
  constexpr std::size_t kLengths[] = {10, 7, 4};
  const std::int64_t first = day_of(from_ms), last = day_of(to_ms);
  if (first == last) return kLengths[0];
  if (first < INT32_MIN || last > INT32_MAX) return 0;
  const std::string a = format_day(static_cast<Day>(first)), b = format_day(static_cast<Day>(last));
  for (const std::size_t digits : kLengths)
    if (a.substr(0, digits) == b.substr(0, digits)) return digits;
  return 0;
}

/// What was verified to the day, month or year is one by the clocks of the zone in which that was said, which
/// need not be the local one: the nearest zone in which it is the most exact.
KnownDay known_day(std::int64_t from_ms, std::int64_t to_ms, const LocalClock& local) {
  constexpr std::int64_t kQuarterMs = 900'000, kFarthest = 26 * 4;
  const std::int64_t from = local.to_local(from_ms), to = local.to_local(to_ms);
  KnownDay best{day_of(from), common_digits(from, to)};
  if (to_ms - from_ms < kDayMs - 1) return best;
  const auto since_midnight = [](std::int64_t ms) { return ((ms % kDayMs) + kDayMs) % kDayMs; };
  for (std::int64_t quarters = 1; quarters <= kFarthest; ++quarters)
    for (const std::int64_t shift : {quarters * kQuarterMs, -quarters * kQuarterMs}) {
      const bool whole_days = since_midnight(from + shift) == 0 && since_midnight(to + shift) == kDayMs - 1;
      const std::size_t digits = whole_days ? common_digits(from + shift, to + shift) : 0;
      if (digits > best.digits) best = {day_of(from + shift), digits};
    }
  return best;
}

/// What is known less exactly has the key that it is known by: "2017" among the months.
std::vector<FacetCount> count_by_date(View& view, const std::vector<Row>& rows, std::size_t digits,
                                      const LocalClock& local) {
  ledger::Reader& reader = view.reader();
  constexpr std::int64_t kShift = std::int64_t{1} << 40;
  constexpr std::uint64_t kDigits = 16;  // more than a date has
  return count_numbers(
      rows,
      [&](Row row) {
        const std::uint64_t stored = best_local_time(reader, row, local);
        if (stored == 0) return std::uint64_t{0};
        KnownDay known{day_of(unshift_time(stored)), digits};
        if (const std::uint64_t from = load_u64(reader.cell(kItemVerifiedFrom, row).data()); from != 0)
          known = known_day(unshift_time(from),
                            unshift_time(load_u64(reader.cell(kItemVerifiedTo, row).data())), local);
        known.digits = std::min(known.digits, digits);
        if (known.digits == 0 || std::abs(known.day) >= kShift / 1024) return std::uint64_t{0};
        return static_cast<std::uint64_t>(known.day + kShift) * kDigits + known.digits;
      },
      [&](std::uint64_t value) {
        if (value == 0) return std::string();
        return format_day(static_cast<Day>(static_cast<std::int64_t>(value / kDigits) - kShift))
            .substr(0, value % kDigits);
      });
}

struct Facet {
  std::string_view name;
  std::vector<FacetCount> (*count)(View&, const std::vector<Row>&);  ///< null: by a date of so many digits
  std::size_t digits = 0;
  bool of_incidents = false;
};

std::vector<FacetCount> count_by_word(View& view, const std::vector<Row>& rows, const Column& column,
                                      const Column& text) {
  ledger::Reader& reader = view.reader();
  return count_numbers(
      rows, [&](Row row) { return load_u32(reader.cell(column, row).data()); },
      [&](std::uint64_t value) { return text_in(reader, text, value); });
}

const Facet kFacets[] = {
    {"kind",
     [](View& view, const std::vector<Row>& rows) {
       return count_numbers(
           rows, [&](Row row) { return view.reader().cell(kFactKind, row)[0]; },
           [](std::uint64_t kind) {
             return std::string(media::name_of(static_cast<media::MediaKind>(kind)));
           });
     }},
    {"format",
     [](View& v, const std::vector<Row>& rows) { return count_by_word(v, rows, kFactFormat, kWordText); }},
    {"camera",
     [](View& v, const std::vector<Row>& rows) { return count_by_word(v, rows, kFactCamera, kCameraText); }},
    {"software",
     [](View& v, const std::vector<Row>& rows) { return count_by_word(v, rows, kFactSoftware, kWordText); }},
    {"year", nullptr, 4},
    {"month", nullptr, 7},
    {"day", nullptr, 10},
    {"incident", [](View& v, const std::vector<Row>& rows) { return count_by_incident(v, rows, false); }, 0,
     true},
    {"type", [](View& v, const std::vector<Row>& rows) { return count_by_incident(v, rows, true); }},
    {"governorate", count_by_incident_word<IncidentWord::governorate>, 0, true},
    {"place", count_by_incident_word<IncidentWord::place>, 0, true},
    {"party", count_by_incident_word<IncidentWord::party>, 0, true},
    {"weapon", count_by_incident_word<IncidentWord::weapon>, 0, true},
    {"area", count_by_incident_word<IncidentWord::area>, 0, true},
    {"target", count_by_incident_word<IncidentWord::target>, 0, true},
    {"attribution", count_by_incident_word<IncidentWord::attribution>, 0, true},
    {"state",
     [](View& view, const std::vector<Row>& rows) {
       return count_numbers(
           rows, [&](Row row) { return view.reader().cell(kItemReview, row)[0]; },
           [](std::uint64_t state) { return std::string(name_of(static_cast<ReviewState>(state))); });
     }},
    {"tag", count_by_tag},
    {"source", count_by_source},
    {"volume", count_by_volume},
};

}  // namespace

std::optional<SortBy> sort_by_from(std::string_view name) {
  for (const auto& [known, by] : kSorts)
    if (known == name) return by;
  return std::nullopt;
}

std::vector<std::string> sort_by_names() {
  std::vector<std::string> names;
  for (const auto& [name, by] : kSorts) names.emplace_back(name);
  return names;
}

void sort_rows(View& view, std::vector<Row>& rows, SortBy by, bool descending, const LocalClock& local) {
  ledger::Reader& reader = view.reader();
  if (by == SortBy::name) {
    std::vector<std::pair<std::string, Row>> keyed;
    for (const Row row : rows) {
      const std::string_view paths = as_chars(reader.cell(kItemPaths, row));
      const std::string_view first = paths.substr(std::min<std::size_t>(1, paths.size()));
      const std::string_view path = first.substr(0, first.find('\n'));
      keyed.emplace_back(path.substr(path.rfind('/') + 1), row);
    }
    return sort_keyed(keyed, rows, descending);
  }
  std::vector<std::pair<std::uint64_t, Row>> keyed;
  keyed.reserve(rows.size());
  for (const Row row : rows) keyed.emplace_back(sort_key(reader, row, by, local), row);
  sort_keyed(keyed, rows, descending);
}

std::vector<std::string> facet_names() {
  std::vector<std::string> names;
  for (const Facet& facet : kFacets) names.emplace_back(facet.name);
  return names;
}

bool is_of_incidents(std::string_view name) {
  const auto* facet = std::ranges::find(kFacets, name, &Facet::name);
  return facet != std::end(kFacets) && facet->of_incidents;
}

std::vector<FacetCount> count_by(View& view, const std::vector<Row>& rows, std::string_view name,
                                 const LocalClock& local) {
  const auto* facet = std::ranges::find(kFacets, name, &Facet::name);
  if (facet == std::end(kFacets))
    throw Error(ErrorCode::invalid,
                fmt::format("results cannot be counted by '{}'", escape_for_display(name)),
                fmt::format("one of: {}", fmt::join(facet_names(), ", ")));
  if (name != "volume" && !view.can_read(ledger::SealClass::evidence))
    throw Error(ErrorCode::wrong_key, fmt::format("'{}' is not visible to this role", name),
                "this key counts by volume");
  return facet->count == nullptr ? count_by_date(view, rows, facet->digits, local) : facet->count(view, rows);
}

namespace {
bool is_time_of_a_file(Field field) {
  return field == Field::made || field == Field::time || field == Field::embedded || field == Field::claimed;
}
}  // namespace

bool asks_for_time(const Condition& condition) {
  if (condition.kind == Condition::Kind::test) return is_time_of_a_file(condition.test.field);
  return std::ranges::any_of(condition.parts, asks_for_time);
}

bool denies_time(const Condition& condition) {
  if (condition.kind == Condition::Kind::none && asks_for_time(condition)) return true;
  return std::ranges::any_of(condition.parts, denies_time);
}

bool asks_for_text(const Condition& condition) {
  if (condition.kind == Condition::Kind::test) return condition.test.field == Field::text;
  return std::ranges::any_of(condition.parts, asks_for_text);
}

Condition as_wide_as_possible(Condition condition) {
  if (condition.kind == Condition::Kind::test && is_time_of_a_file(condition.test.field)) {
    std::get<TimeSpan>(condition.test.value).any_zone = true;
    if (condition.test.field == Field::made) condition.test.field = Field::time;
  }
  // What is denied stays as it is: to deny more would leave out more.
  if (condition.kind != Condition::Kind::none)
    for (Condition& part : condition.parts) part = as_wide_as_possible(std::move(part));
  return condition;
}

namespace {
bool is_place_of_an_incident(Field field) {
  return field == Field::incident_near || field == Field::incident_box;
}
}  // namespace

bool asks_for_incident_place(const Condition& condition) {
  if (condition.kind == Condition::Kind::test) return is_place_of_an_incident(condition.test.field);
  return std::ranges::any_of(condition.parts, asks_for_incident_place);
}

Condition with_whole_areas(Condition condition) {
  if (condition.kind == Condition::Kind::test && is_place_of_an_incident(condition.test.field) &&
      !condition.test.negated)
    std::get<Area>(condition.test.value).any_area = true;
  if (condition.kind != Condition::Kind::none)
    for (Condition& part : condition.parts) part = with_whole_areas(std::move(part));
  return condition;
}

namespace {
bool asks_for_embedded(const Condition& condition) {
  if (condition.kind == Condition::Kind::test)
    return is_time_of_a_file(condition.test.field) && condition.test.field != Field::claimed;
  return std::ranges::any_of(condition.parts, asks_for_embedded);
}
}  // namespace

TimeDoubts time_doubts(View& view, const std::vector<Row>& rows, const Condition& condition) {
  ledger::Reader& reader = view.reader();
  constexpr std::uint8_t kDayCode = 3;
  const bool by_names = !asks_for_embedded(condition);
  const auto is = [](std::uint8_t basis, media::ZoneBasis what) {
    return static_cast<std::uint64_t>(basis == static_cast<std::uint8_t>(what));
  };
  TimeDoubts doubts;
  for (const Row row : rows) {
    if (const std::uint64_t from = load_u64(reader.cell(kItemVerifiedFrom, row).data());
        !by_names && from != 0) {
      const std::uint64_t to = load_u64(reader.cell(kItemVerifiedTo, row).data());
      doubts.day_or_less += static_cast<std::uint64_t>(unshift_time(to) - unshift_time(from) >= kDayMs - 1);
      continue;
    }
    const bool taken = !by_names && load_u64(reader.cell(kFactTaken, row).data()) != 0;
    if (!taken && load_u64(reader.cell(kFactClaimed, row).data()) == 0) continue;
    const std::uint8_t basis = reader.cell(taken ? kFactTakenBasis : kFactClaimedBasis, row)[0];
    const std::uint8_t precision = reader.cell(taken ? kFactTakenPrecision : kFactClaimedPrecision, row)[0];
    doubts.unknown_zone += is(basis, media::ZoneBasis::unknown_zone);
    doubts.utc_claimed += is(basis, media::ZoneBasis::utc_claimed);
    doubts.day_or_less += static_cast<std::uint64_t>(precision >= kDayCode);
  }
  return doubts;
}

}  // namespace dalil::archive
