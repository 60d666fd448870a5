#include "dalil/archive/find.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

/// One byte an item: whether it still matches.
using Matches = std::vector<std::uint8_t>;

void keep(Matches& matches, const Matches& also) {
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i] &= also[i];
}

constexpr std::int64_t kDayMs = 86'400'000;
std::int64_t day_of(std::int64_t ms) {
  return ms / kDayMs - (ms % kDayMs < 0 ? 1 : 0);
}

/// Scans one fixed column and keeps the items whose value passes.
template <typename Passes>
void filter(ledger::Reader& reader, const Column& column, Matches& matches, Passes passes) {
  reader.scan(column, [&](Row first, Row count, ByteView values) {
    for (Row i = 0; i < count; ++i)
      if (matches[first + i] != 0)
        matches[first + i] = passes(values.data() + std::size_t{i} * column.width, first + i);
    return true;
  });
}

void filter_digest(ledger::Reader& reader, const std::string& prefix, Matches& matches) {
  std::string lower(prefix);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.empty() || lower.size() > 64 || lower.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(ErrorCode::invalid,
                fmt::format("'{}' is not the beginning of a digest", escape_for_display(prefix)),
                "give 1 to 64 hexadecimal digits");
  const std::size_t bytes = (lower.size() + 1) / 2;
  filter(reader, kItemDigest, matches, [&](const std::uint8_t* value, Row) {
    return to_hex({value, bytes}).starts_with(lower);
  });
}

/// Basis 0 is a local time of unknown zone: its own day counts, whatever the zone was.
void filter_taken(ledger::Reader& reader, const DateSpan& days, std::int32_t zone_minutes, Matches& matches) {
  std::vector<std::uint8_t> basis(matches.size());
  reader.scan(kFactTakenBasis, [&](Row first, Row count, ByteView values) {
    std::copy_n(values.begin(), count, basis.begin() + first);
    return true;
  });
  filter(reader, kFactTaken, matches, [&](const std::uint8_t* value, Row row) {
    const std::uint64_t stored = load_u64(value);
    if (stored == 0) return false;
    const std::int64_t shift = basis[row] == 0 ? 0 : std::int64_t{zone_minutes} * 60'000;
    const std::int64_t ms = unshift_time(stored);
    if (ms > INT64_MAX - kDayMs * 2 || ms < INT64_MIN + kDayMs * 2) return false;  // no date there
    const std::int64_t day = day_of(ms + shift);
    return day >= days.first && day <= days.last;
  });
}

void filter_claimed(ledger::Reader& reader, const DateSpan& days, Matches& matches) {
  filter(reader, kFactClaimed, matches, [&](const std::uint8_t* value, Row) {
    const std::uint64_t stored = load_u64(value);
    const std::int64_t day = day_of(unshift_time(stored));
    return stored != 0 && day >= days.first && day <= days.last;
  });
}

void filter_camera(ledger::Reader& reader, const std::string& part, Matches& matches) {
  const std::string wanted = fold_for_search(part);
  std::vector<std::uint8_t> fits(reader.rows(kCameras) + 1);
  reader.scan_variable(kCameraText, [&](Row row, ByteView text) {
    fits[row + 1] = fold_for_search(as_chars(text)).find(wanted) != std::string::npos;
    return true;
  });
  filter(reader, kFactCamera, matches, [&](const std::uint8_t* value, Row) {
    const std::uint32_t camera = load_u32(value);
    return camera < fits.size() && fits[camera] != 0;
  });
}

/// Path parts and volume are asked of one and the same copy.
void filter_copies(View& view, const Query& query, Matches& matches) {
  Row wanted_volume = ledger::kNoRow;
  if (!query.volume.empty()) {
    const auto volume = view.find_volume(query.volume);
    if (!volume)
      throw Error(ErrorCode::not_found,
                  fmt::format("there is no volume '{}'", escape_for_display(query.volume)),
                  "'dalil volume list' shows them");
    wanted_volume = volume->row;
  }
  std::vector<std::string> parts;
  for (const std::string& part : query.path_parts) parts.push_back(fold_for_search(part));
  Matches found(matches.size());
  view.for_each_copy(wanted_volume, [&](Row, const std::string& directory, const std::vector<CopyRow>& rows) {
    for (const CopyRow& row : rows) {
      if (row.item == ledger::kNoRow || row.item >= matches.size() || matches[row.item] == 0) continue;
      if (!query.volume.empty() && row.state != CopyRow::State::live) continue;
      const std::string path =
          parts.empty() ? std::string() : fold_for_search(files::join_path(directory, row.name));
      if (std::ranges::all_of(parts,
                              [&](const std::string& part) { return path.find(part) != std::string::npos; }))
        found[row.item] = 1;
    }
  });
  keep(matches, found);
}

std::vector<std::uint8_t> wanted_incidents(View& view, const Query& query) {
  std::vector<std::uint8_t> wanted(view.incident_count(), query.incidents.empty());
  for (const std::string& id : query.incidents) {
    const auto row = view.find_incident(id);
    if (!row)
      throw Error(ErrorCode::not_found, fmt::format("there is no incident '{}'", escape_for_display(id)),
                  "'dalil incident list' shows them");
    wanted[*row] = 1;
  }
  if (!query.incident_date) return wanted;
  view.reader().scan_variable(kIncidentRecord, [&](Row row, ByteView bytes) {
    records::Incident record;
    record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    Incident incident;
    incident.date = record.date();
    incident.date_end = record.date_end();
    const auto days = incident.days();
    if (!days || days->last < query.incident_date->first || days->first > query.incident_date->last)
      wanted[row] = 0;
    return true;
  });
  return wanted;
}

void filter_links(View& view, const Query& query, Matches& matches) {
  const bool any_incident = query.incidents.empty() && !query.incident_date;
  const auto wanted = any_incident ? std::vector<std::uint8_t>() : wanted_incidents(view, query);
  Matches linked(matches.size()), found(matches.size());
  view.for_each_link([&](Row item, Row incident, LinkType type) {
    if (item >= linked.size()) return;
    linked[item] = 1;
    if (query.link_type && *query.link_type != type) return;
    if (any_incident || (incident < wanted.size() && wanted[incident] != 0)) found[item] = 1;
  });
  if (query.link_type || !any_incident) keep(matches, found);
  if (query.linked.has_value())
    for (std::size_t i = 0; i < matches.size(); ++i)
      matches[i] &= linked[i] == static_cast<std::uint8_t>(*query.linked);
}

void filter_sources(View& view, const Query& query, Matches& matches) {
  const std::vector<Source> sources = view.sources();
  std::vector<std::uint8_t> wanted(sources.size(), query.sources.empty());
  for (const std::string& alias : query.sources) {
    const auto row = view.find_source(alias);
    if (!row)
      throw Error(ErrorCode::not_found, fmt::format("there is no source '{}'", escape_for_display(alias)),
                  "'dalil source list' shows them");
    wanted[*row] = 1;
  }
  Matches from(matches.size());
  std::vector<std::uint8_t> strictest(matches.size());  // 0: no source
  view.for_each_assignment([&](Row item, Row source) {
    if (item >= matches.size() || source >= sources.size()) return;
    from[item] |= wanted[source];
    const auto consent = static_cast<std::uint8_t>(sources[source].consent);
    strictest[item] = strictest[item] == 0 ? consent : std::min(strictest[item], consent);
  });
  if (!query.sources.empty()) keep(matches, from);
  if (query.consents.empty() && !query.without_source) return;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const bool fits =
        strictest[i] == 0
            ? query.without_source
            : std::ranges::find(query.consents, static_cast<Consent>(strictest[i])) != query.consents.end();
    matches[i] &= static_cast<std::uint8_t>(fits);
  }
}

/// What the role cannot see is refused even where the archive holds none of it: an answer would be a guess.
void refuse_invisible(const View& view, const Query& query) {
  const bool incidents = !query.incidents.empty() || query.incident_date || query.link_type || query.linked;
  const bool facts = query.kind || query.embedded || query.claimed || !query.camera.empty();
  const bool sources = !query.sources.empty() || !query.consents.empty() || query.without_source;
  if ((!incidents && !facts && !sources) || view.can_read(ledger::SealClass::evidence)) return;
  throw Error(ErrorCode::wrong_key,
              fmt::format("{} are not visible to this role", incidents ? "incidents and links"
                                                             : facts   ? "media facts"
                                                                       : "sources"),
              "this key finds by path, size, digest and volume");
}

}  // namespace

std::vector<Row> find(View& view, const Query& query) {
  refuse_invisible(view, query);
  ledger::Reader& reader = view.reader();
  Matches matches(view.item_count(), 1);
  if (!query.digest_prefix.empty()) filter_digest(reader, query.digest_prefix, matches);
  if (query.min_size || query.max_size)
    filter(reader, kItemSize, matches, [&](const std::uint8_t* value, Row) {
      const std::uint64_t size = load_u64(value);
      return size >= query.min_size.value_or(0) && size <= query.max_size.value_or(UINT64_MAX);
    });
  if (query.kind)
    filter(reader, kFactKind, matches,
           [&](const std::uint8_t* value, Row) { return *value == static_cast<std::uint8_t>(*query.kind); });
  if (query.embedded) filter_taken(reader, *query.embedded, query.zone_minutes, matches);
  if (query.claimed) filter_claimed(reader, *query.claimed, matches);
  if (!query.camera.empty()) filter_camera(reader, query.camera, matches);
  if (!query.incidents.empty() || query.incident_date || query.link_type || query.linked)
    filter_links(view, query, matches);
  if (!query.sources.empty() || !query.consents.empty() || query.without_source)
    filter_sources(view, query, matches);
  if (!query.path_parts.empty() || !query.volume.empty()) filter_copies(view, query, matches);

  std::vector<Row> rows;
  for (Row row = 0; row < matches.size() && rows.size() < query.limit; ++row)
    if (matches[row] != 0) rows.push_back(row);
  return rows;
}

}  // namespace dalil::archive
