#include <algorithm>

#include "dalil/base/error.hpp"
#include "schema.hpp"
#include "suggest_parts.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
/// Beyond these no date is meant: a year before 1900 or after 2200.
constexpr std::int64_t kFirstMs = -2'208'988'800'000, kLastMs = 7'258'118'400'000;

std::uint64_t tie_of(Row item, Row incident) {
  return std::uint64_t{item} << 32 | incident;
}

std::vector<std::uint64_t> read_u64(ledger::Reader& reader, const Column& column) {
  std::vector<std::uint64_t> values;
  values.reserve(reader.rows(column.table));
  reader.scan(column, [&](Row, Row count, ByteView bytes) {
    for (Row i = 0; i < count; ++i) values.push_back(load_u64(bytes.data() + std::size_t{i} * 8));
    return true;
  });
  return values;
}
std::vector<std::uint32_t> read_u32(ledger::Reader& reader, const Column& column) {
  std::vector<std::uint32_t> values;
  values.reserve(reader.rows(column.table));
  reader.scan(column, [&](Row, Row count, ByteView bytes) {
    for (Row i = 0; i < count; ++i) values.push_back(load_u32(bytes.data() + std::size_t{i} * 4));
    return true;
  });
  return values;
}

std::vector<std::uint8_t> read_u8(ledger::Reader& reader, const Column& column) {
  std::vector<std::uint8_t> values;
  values.reserve(reader.rows(column.table));
  reader.scan(column, [&](Row, Row count, ByteView bytes) {
    values.insert(values.end(), bytes.begin(), bytes.begin() + count);
    return true;
  });
  return values;
}

std::optional<std::int64_t> time_in(std::uint64_t value) {
  if (value == 0) return std::nullopt;
  const std::int64_t ms = unshift_time(value);
  return ms >= kFirstMs && ms <= kLastMs ? std::optional(ms) : std::nullopt;
}

/// How long a time is by `precision_code`; months and years are taken for long ones.
std::int64_t length_of(std::uint8_t precision) {
  constexpr std::int64_t kLengths[] = {1000, 60'000, 3'600'000, kDayMs, 31 * kDayMs, 366 * kDayMs};
  return precision < std::size(kLengths) ? kLengths[precision] : 10 * 366 * kDayMs;
}

Circle area_in(std::uint64_t place, double radius_km) {
  const auto [latitude, longitude] = unshift_place(place);
  return {latitude, longitude, radius_km};
}

Interval interval_of(std::int64_t first_ms, std::int64_t length_ms, bool zone_known) {
  const std::int64_t last_ms = first_ms + length_ms - 1;
  return zone_known ? Interval{first_ms, last_ms} : of_unknown_zone(first_ms, last_ms);
}

}  // namespace

ItemTable::ItemTable(View& view) {
  ledger::Reader& reader = view.reader();
  taken_ = read_u64(reader, kFactTaken);
  claimed_ = read_u64(reader, kFactClaimed);
  place_ = read_u64(reader, kFactPlace);
  camera_ = read_u32(reader, kFactCamera);
  basis_ = read_u8(reader, kFactTakenBasis);
  precision_ = read_u8(reader, kFactTakenPrecision);
  claimed_basis_ = read_u8(reader, kFactClaimedBasis);
  claimed_precision_ = read_u8(reader, kFactClaimedPrecision);
  linked_.resize(taken_.size());
  read_links(view);
  read_verified(view);
}

void ItemTable::read_links(View& view) {
  ledger::Reader& reader = view.reader();
  const auto items = read_u32(reader, kLinkItem), incidents = read_u32(reader, kLinkIncident);
  const auto types = read_u8(reader, kLinkType);
  const auto withdrawn = read_u64(reader, kLinkWithdrawn);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i] >= count()) continue;
    ties_.insert(tie_of(items[i], incidents[i]));
    if (withdrawn[i] != 0) continue;
    linked_[items[i]] = true;
    if (static_cast<LinkType>(types[i]) == LinkType::candidate) continue;
    std::vector<Row>& of = evidence_[items[i]];
    if (std::ranges::find(of, incidents[i]) == of.end()) of.push_back(incidents[i]);
  }
}

void ItemTable::read_verified(View& view) {
  ledger::Reader& reader = view.reader();
  std::vector<Row> rows;
  for (const Column& column : {kItemVerifiedFrom, kItemVerifiedMade, kItemVerifiedShown})
    reader.scan(column, [&](Row first, Row count, ByteView values) {
      for (Row i = 0; i < count; ++i)
        if (load_u64(values.data() + std::size_t{i} * 8) != 0) rows.push_back(first + i);
      return true;
    });
  const auto cell = [&](const Column& column, Row row) { return load_u64(reader.cell(column, row).data()); };
  constexpr double kMetresPerKm = 1000;
  for (const Row row : rows) {
    Verified& verified = verified_[row];
    if (const std::uint64_t from = cell(kItemVerifiedFrom, row); from != 0)
      verified.time = {unshift_time(from), unshift_time(cell(kItemVerifiedTo, row))};
    // What it shows is nearer to the matter than where somebody stood.
    const auto place = [&](const Column& at, const Column& radius) {
      if (const std::uint64_t value = cell(at, row); value != 0 && !verified.place)
        verified.place = area_in(value, load_u32(reader.cell(radius, row).data()) / kMetresPerKm);
    };
    place(kItemVerifiedShown, kItemShownRadius);
    place(kItemVerifiedMade, kItemMadeRadius);
  }
}

ItemClue ItemTable::clue(Row item) const {
  ItemClue clue;
  if (const auto verified = verified_.find(item); verified != verified_.end()) {
    clue.time = verified->second.time;
    clue.time_basis = Basis::verified;
    clue.place = verified->second.place;
    clue.place_verified = clue.place.has_value();
  }
  if (!clue.place && place_[item] != 0) clue.place = area_in(place_[item], 0);
  if (clue.time) return clue;
  if (const auto taken = time_in(taken_[item])) {
    clue.time_basis = Basis::embedded;
    clue.zone_known = basis_[item] != 0;
    clue.time = interval_of(*taken, length_of(precision_[item]), clue.zone_known);
  } else if (const auto claimed = time_in(claimed_[item])) {
    clue.time_basis = Basis::named;
    clue.zone_known = claimed_basis_[item] != 0;
    clue.time = interval_of(*claimed, length_of(claimed_precision_[item]), clue.zone_known);
  }
  return clue;
}

const std::vector<Row>* ItemTable::evidence_of(Row item) const {
  const auto found = evidence_.find(item);
  return found == evidence_.end() ? nullptr : &found->second;
}

bool ItemTable::was_tied(Row item, Row incident) const {
  return ties_.contains(tie_of(item, incident));
}

std::optional<std::int64_t> ItemTable::reading(Row item) const {
  return time_in(taken_[item]);
}

}  // namespace dalil::archive
