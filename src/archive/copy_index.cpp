#include "copy_index.hpp"

#include "directory_portion.hpp"
#include "schema.hpp"

namespace dalil::archive {

namespace {
constexpr std::size_t kMostRowsHeld = 100'000;
constexpr std::size_t kPerPortion = DirectoryPortion::kRowsPerPortion;
}  // namespace

CopyIndex::Directory& CopyIndex::hold(Row volume, std::string_view directory) {
  if (last_ != nullptr && last_key_.first == volume && last_key_.second == directory) return *last_;
  std::pair<Row, std::string> key(volume, directory);
  auto found = held_.find(key);
  if (found == held_.end()) {
    Directory fresh;
    for (DirectoryPortion& portion : read_directory(*writer_, volume, directory)) {
      ++fresh.stored_portions;
      for (CopyRow& row : portion.rows) {
        fresh.by_name.emplace(row.name, fresh.rows.size());
        fresh.rows.push_back(std::move(row));
      }
    }
    rows_held_ += fresh.rows.size();
    found = held_.emplace(key, std::move(fresh)).first;
  }
  last_ = &found->second;
  last_key_ = std::move(key);
  return *last_;
}

const CopyRow* CopyIndex::find(Row volume, std::string_view directory, const std::string& name) {
  Directory& held = hold(volume, directory);
  const auto found = held.by_name.find(name);
  return found == held.by_name.end() ? nullptr : &held.rows[found->second];
}

void CopyIndex::put(Row volume, std::string_view directory, CopyRow row) {
  Directory& held = hold(volume, directory);
  const auto [found, added] = held.by_name.emplace(row.name, held.rows.size());
  held.changed.insert(found->second / kPerPortion);
  if (added) {
    held.rows.push_back(std::move(row));
    ++rows_held_;
  } else {
    held.rows[found->second] = std::move(row);
  }
}

void CopyIndex::change_all(Row volume, std::string_view directory,
                           const std::function<bool(CopyRow&)>& change) {
  Directory& held = hold(volume, directory);
  for (std::size_t i = 0; i < held.rows.size(); ++i)
    if (change(held.rows[i])) held.changed.insert(i / kPerPortion);
}

void CopyIndex::write(Row volume, const std::string& path, Directory& directory) {
  const std::size_t portions = (directory.rows.size() + kPerPortion - 1) / kPerPortion;
  if (portions != directory.stored_portions) directory.changed.insert(0);  // it tells their number
  for (const std::size_t number : directory.changed) {
    DirectoryPortion portion;
    portion.volume = volume;
    portion.directory = path;
    portion.number = static_cast<std::uint32_t>(number);
    portion.portions = static_cast<std::uint32_t>(portions);
    const std::size_t first = number * kPerPortion;
    const std::size_t last = std::min(first + kPerPortion, directory.rows.size());
    portion.rows.assign(directory.rows.begin() + static_cast<std::ptrdiff_t>(first),
                        directory.rows.begin() + static_cast<std::ptrdiff_t>(last));
    const Bytes content = portion.encode();
    const auto token =
        writer_->token(schema::kTokenDirectory, portion_name(volume, portion.number), as_bytes(path));
    writer_->put_record(schema::kDirectories, token, content, portion_padding(content.size()));
  }
  directory.changed.clear();
  directory.stored_portions = portions;
}

void CopyIndex::flush() {
  for (auto& [key, directory] : held_)
    if (!directory.changed.empty()) write(key.first, key.second, directory);
  if (rows_held_ > kMostRowsHeld || held_.size() > kMostRowsHeld / 16) {
    held_.clear();
    rows_held_ = 0;
    last_ = nullptr;
  }
}

}  // namespace dalil::archive
