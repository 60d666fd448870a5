#include <algorithm>

#include "schema.hpp"
#include "suggest_parts.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr std::int64_t kHourMs = 3'600'000;

/// How much evidence of which incidents a folder holds.
struct Folder {
  std::uint32_t linked = 0;
  std::map<Row, std::uint32_t> of_incident;
};

/// The evidence on both sides of a moment, as long as it is near.
template <typename Visit>
void for_each_near(const std::vector<std::pair<std::int64_t, Row>>& timed, std::int64_t at, std::int64_t most,
                   const Visit& visit) {
  // Beyond so many on a side the nearest ones have said it.
  constexpr int kLooked = 64;
  const auto middle = std::ranges::lower_bound(timed, std::pair{at, Row{0}});
  int left = kLooked;
  for (auto next = middle; next != timed.end() && next->first - at <= most && left-- > 0; ++next)
    visit(next->first - at, next->second);
  left = kLooked;
  for (auto before = middle; before != timed.begin() && left-- > 0;) {
    --before;
    if (at - before->first > most) break;
    visit(at - before->first, before->second);
  }
}

void keep_heavier(std::vector<BatchSign>& signs, const BatchSign& sign) {
  const auto known = std::ranges::find_if(signs, [&](const BatchSign& one) {
    return one.incident == sign.incident && one.ground == sign.ground;
  });
  if (known == signs.end())
    signs.push_back(sign);
  else if (known->points < sign.points)
    *known = sign;
}

}  // namespace

Batches::Batches(View& view, const ItemTable& items, const IncidentTable& incidents,
                 const std::vector<bool>& wanted)
    : items_(items) {
  read_folders(view, incidents, wanted);
  read_sources(view);
  for (const auto& [item, of] : items.all_evidence()) {
    const auto reading = items.reading(item);
    if (!reading) continue;
    if (items.camera(item) != 0) by_camera_[items.camera(item)].emplace_back(*reading, item);
  }
  for (auto& [camera, timed] : by_camera_) std::ranges::sort(timed);
  for (auto& [source, timed] : by_source_) std::ranges::sort(timed);
}

void Batches::read_folders(View& view, const IncidentTable& incidents, const std::vector<bool>& wanted) {
  std::map<std::pair<Row, std::string>, Folder> folders;
  std::uint64_t rows_of_wanted = 0;
  view.for_each_copy(ledger::kNoRow,
                     [&](Row volume, const std::string& path, const std::vector<CopyRow>& rows) {
                       Folder* folder = nullptr;
                       for (const CopyRow& row : rows) {
                         if (row.item >= items_.count()) continue;
                         if (wanted[row.item]) ++rows_of_wanted;
                         const std::vector<Row>* evidence = items_.evidence_of(row.item);
                         if (evidence == nullptr) continue;
                         if (folder == nullptr) folder = &folders[{volume, path}];
                         ++folder->linked;
                         for (const Row incident : *evidence) ++folder->of_incident[incident];
                       }
                     });
  if (rows_of_wanted == 0) return;
  const PathNames names(incidents);
  view.for_each_copy(
      ledger::kNoRow, [&](Row volume, const std::string& path, const std::vector<CopyRow>& rows) {
        const bool any = std::ranges::any_of(
            rows, [&](const CopyRow& row) { return row.item < items_.count() && wanted[row.item]; });
        if (!any) return;
        std::vector<BatchSign> signs;
        for (const auto& [incident, named] : names.find(path))
          signs.push_back(
              {incident, Ground::path, static_cast<std::int64_t>(named), 0, path_reason(named).points});
        if (const auto folder = folders.find({volume, path}); folder != folders.end())
          for (const auto& [incident, of_it] : folder->second.of_incident)
            signs.push_back({incident, Ground::folder, of_it, folder->second.linked,
                             folder_reason(of_it, folder->second.linked).points});
        if (signs.empty()) return;
        for (const CopyRow& row : rows)
          if (row.item < items_.count() && wanted[row.item])
            for (const BatchSign& sign : signs) keep_heavier(by_item_[row.item], sign);
      });
}

void Batches::read_sources(View& view) {
  view.for_each_assignment([&](Row item, Row source) {
    if (item >= items_.count()) return;
    sources_of_[item].push_back(source);
    const auto reading = items_.reading(item);
    if (reading && items_.evidence_of(item) != nullptr) by_source_[source].emplace_back(*reading, item);
  });
}

void Batches::add_cameras(Row item, std::vector<BatchSign>& signs) const {
  const auto reading = items_.reading(item);
  const auto timed = by_camera_.find(items_.camera(item));
  if (!reading || timed == by_camera_.end()) return;
  for_each_near(timed->second, *reading, 6 * kHourMs, [&](std::int64_t apart, Row other) {
    if (other == item || !items_.reads_alike(item, other)) return;
    if (const auto reason = camera_reason(apart, ""))
      for (const Row incident : *items_.evidence_of(other))
        keep_heavier(signs, {incident, Ground::camera, apart, items_.camera(item), reason->points});
  });
}

void Batches::add_sources(Row item, std::vector<BatchSign>& signs) const {
  const auto reading = items_.reading(item);
  const auto sources = sources_of_.find(item);
  if (!reading || sources == sources_of_.end()) return;
  for (const Row source : sources->second) {
    const auto timed = by_source_.find(source);
    if (timed == by_source_.end()) continue;
    for_each_near(timed->second, *reading, 24 * kHourMs, [&](std::int64_t apart, Row other) {
      if (other == item || !items_.reads_alike(item, other)) return;
      if (const auto reason = source_reason(apart, ""))
        for (const Row incident : *items_.evidence_of(other))
          keep_heavier(signs, {incident, Ground::source, apart, source, reason->points});
    });
  }
}

std::vector<BatchSign> Batches::of(Row item) const {
  std::vector<BatchSign> signs;
  if (const auto found = by_item_.find(item); found != by_item_.end()) signs = found->second;
  add_cameras(item, signs);
  add_sources(item, signs);
  return signs;
}

}  // namespace dalil::archive
