#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "dalil/archive/model.hpp"
#include "dalil/ledger/ledger.hpp"

namespace dalil::archive {

/// The copy index while it is being changed: the directories in hand, written out as portions by `flush`.
class CopyIndex {
 public:
  explicit CopyIndex(ledger::Writer& writer) : writer_(&writer) {}

  /// The row of a name; null if there is none. Valid until the next `put` or `flush`.
  const CopyRow* find(Row volume, std::string_view directory, const std::string& name);
  /// Adds a row, or replaces the one of the same name.
  void put(Row volume, std::string_view directory, CopyRow row);
  /// Changes every row for which `change` returns true.
  void change_all(Row volume, std::string_view directory, const std::function<bool(CopyRow&)>& change);
  /// Writes what changed. Directories stay in hand while they are few.
  void flush();

 private:
  struct Directory {
    std::vector<CopyRow> rows;
    std::unordered_map<std::string, std::size_t> by_name;
    std::set<std::size_t> changed;  ///< numbers of portions
    std::size_t stored_portions = 0;
  };
  Directory& hold(Row volume, std::string_view directory);
  void write(Row volume, const std::string& path, Directory& directory);

  ledger::Writer* writer_;
  std::map<std::pair<Row, std::string>, Directory, std::less<>> held_;
  Directory* last_ = nullptr;
  std::pair<Row, std::string> last_key_;
  std::size_t rows_held_ = 0;
};

}  // namespace dalil::archive
