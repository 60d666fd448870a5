#include "repair_sources.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace dalil::cli {
namespace {

using archive::Row;

/// So many damaged items of a volume tell which others are worth connecting.
constexpr std::size_t kMostItems = 100'000;

struct Holders {
  std::vector<Row> intact, damaged;
};

using ByItem = std::unordered_map<Row, Holders>;

void visit_live(archive::View& view, const std::function<void(Row volume, const archive::CopyRow&)>& visit) {
  view.for_each_copy(ledger::kNoRow,
                     [&](Row volume, const std::string&, const std::vector<archive::CopyRow>& rows) {
                       for (const archive::CopyRow& row : rows)
                         if (row.state == archive::CopyRow::State::live) visit(volume, row);
                     });
}

ByItem holders_of_damaged(archive::View& view) {
  ByItem items;
  std::map<Row, std::size_t> of_volume;
  visit_live(view, [&](Row volume, const archive::CopyRow& row) {
    if (is_damage(row.verdict) && of_volume[volume]++ < kMostItems) items.try_emplace(row.item);
  });
  if (items.empty()) return items;
  visit_live(view, [&](Row volume, const archive::CopyRow& row) {
    const auto found = items.find(row.item);
    if (found == items.end()) return;
    (is_damage(row.verdict) ? found->second.damaged : found->second.intact).push_back(volume);
  });
  return items;
}

/// Takes the volume that has most of what is left, again and again.
std::vector<Row> fewest_covering(std::vector<const Holders*> wanted) {
  std::vector<Row> chosen;
  while (!wanted.empty()) {
    std::map<Row, std::size_t> gives;
    for (const Holders* one : wanted)
      for (const Row volume : std::set<Row>(one->intact.begin(), one->intact.end())) ++gives[volume];
    const auto best = std::ranges::max_element(gives, {}, [](const auto& one) { return one.second; });
    chosen.push_back(best->first);
    std::erase_if(wanted, [&](const Holders* one) {
      return std::ranges::find(one->intact, best->first) != one->intact.end();
    });
  }
  return chosen;
}

}  // namespace

std::map<Row, std::vector<Row>> repair_sources(archive::View& view) {
  std::map<Row, std::vector<const Holders*>> wanted;
  std::map<Row, std::set<Row>> pieces;
  const ByItem items = holders_of_damaged(view);
  for (const auto& [item, holders] : items)
    for (const Row volume : std::set<Row>(holders.damaged.begin(), holders.damaged.end())) {
      // A copy on the same volume is found without being told of.
      const bool elsewhere = std::ranges::any_of(holders.intact, [&](Row other) { return other != volume; });
      if (elsewhere && std::ranges::find(holders.intact, volume) == holders.intact.end())
        wanted[volume].push_back(&holders);
      if (holders.intact.empty()) pieces[volume].insert(holders.damaged.begin(), holders.damaged.end());
    }
  std::map<Row, std::vector<Row>> sources;
  for (auto& [volume, holders] : wanted) sources[volume] = fewest_covering(std::move(holders));
  for (const auto& [volume, others] : pieces)
    for (const Row other : others)
      if (auto& of = sources[volume]; other != volume && std::ranges::find(of, other) == of.end())
        of.push_back(other);
  return sources;
}

}  // namespace dalil::cli
