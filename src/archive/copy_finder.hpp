#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dalil/archive/model.hpp"
#include "dalil/ledger/ledger.hpp"

namespace dalil::archive {

/// Finds rows of the copy index by the entry that they rest on. Of a directory that was asked for it keeps in
/// which portion each of its rows is, and of all directories the portions that were asked for last: so the
/// copies of many items are found in a time that does not grow with the size of their directories.
class CopyFinder {
 public:
  /// Absent if the path holds another content by now.
  std::optional<CopyRow> find(ledger::Reader& reader, Row volume, const std::string& directory, Seq seq);
  /// The snapshot is another one now.
  void forget();

 private:
  using Key = std::pair<Row, std::string>;
  using Places = std::unordered_map<Seq, std::uint32_t>;  ///< number of the portion
  struct Held {
    const Key* directory;
    std::uint32_t number;
    std::vector<CopyRow> rows;
  };

  const std::pair<const Key, Places>& places_in(ledger::Reader& reader, const Key& key);
  const Held& portion(ledger::Reader& reader, const Key& directory, std::uint32_t number);

  std::map<Key, Places> directories_;
  std::size_t places_ = 0;
  std::list<Held> held_;  ///< the one that was asked for last comes first
  std::map<std::pair<const Key*, std::uint32_t>, std::list<Held>::iterator> by_number_;
  std::size_t rows_held_ = 0;
};

}  // namespace dalil::archive
