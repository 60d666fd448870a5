#include "copy_finder.hpp"

#include <algorithm>

#include "directory_portion.hpp"

namespace dalil::archive {

namespace {
constexpr std::size_t kMostPlaces = 4'000'000;  // some 200 MB
constexpr std::size_t kMostRowsHeld = 100'000;
}  // namespace

void CopyFinder::forget() {
  by_number_.clear();
  held_.clear();
  directories_.clear();
  places_ = rows_held_ = 0;
}

const std::pair<const CopyFinder::Key, CopyFinder::Places>& CopyFinder::places_in(ledger::Reader& reader,
                                                                                  const Key& key) {
  if (const auto found = directories_.find(key); found != directories_.end()) return *found;
  if (places_ > kMostPlaces) forget();
  Places places;
  const std::vector<DirectoryPortion> portions = read_directory(reader, key.first, key.second);
  // An entry put a copy there, and what has gone since keeps its row.
  if (portions.empty()) read_portion(reader, key.first, key.second, 0);
  for (const DirectoryPortion& portion : portions)
    for (const CopyRow& row : portion.rows) places.emplace(row.seq, portion.number);
  places_ += places.size() + 1;
  return *directories_.emplace(key, std::move(places)).first;
}

const CopyFinder::Held& CopyFinder::portion(ledger::Reader& reader, const Key& directory,
                                            std::uint32_t number) {
  if (const auto found = by_number_.find({&directory, number}); found != by_number_.end()) {
    held_.splice(held_.begin(), held_, found->second);
    return held_.front();
  }
  held_.push_front(
      {&directory, number, read_portion(reader, directory.first, directory.second, number).rows});
  by_number_.emplace(std::pair(&directory, number), held_.begin());
  rows_held_ += held_.front().rows.size() + 1;
  while (rows_held_ > kMostRowsHeld && held_.size() > 1) {
    const Held& oldest = held_.back();
    rows_held_ -= oldest.rows.size() + 1;
    by_number_.erase({oldest.directory, oldest.number});
    held_.pop_back();
  }
  return held_.front();
}

std::optional<CopyRow> CopyFinder::find(ledger::Reader& reader, Row volume, const std::string& directory,
                                        Seq seq) {
  const auto& [key, places] = places_in(reader, Key(volume, directory));
  const auto place = places.find(seq);
  if (place == places.end()) return std::nullopt;
  const Held& held = portion(reader, key, place->second);
  const auto row = std::ranges::find(held.rows, seq, &CopyRow::seq);
  if (row == held.rows.end()) return std::nullopt;
  return *row;
}

}  // namespace dalil::archive
