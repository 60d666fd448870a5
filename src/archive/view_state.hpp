#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "copy_finder.hpp"
#include "dalil/archive/archive.hpp"
#include "records.pb.h"

namespace dalil::archive {

/// What one view remembers of its snapshot, so that answers in a row need not be looked up anew.
struct View::State {
  ledger::Reader reader;
  CopyFinder copies{};
  std::vector<Volume> volumes{};  // of this snapshot; filled when first asked for
  /// Item and row of each assignment, ascending: lists ask for the sources of one item after the other.
  std::optional<std::vector<std::pair<Row, Row>>> assignments_by_item{};

  /// The content of an entry. Error(not_found) if it was destroyed, Error(wrong_key) if the role lacks the
  /// class.
  records::Record record(Seq seq);
  void forget();
  /// Error(wrong_key) "<what> are not visible to this role" unless it holds the class.
  void require(ledger::SealClass seal_class, const char* what) const;
};

/// The values of one block of a fixed column, side by side.
inline Bytes values_of(ledger::Reader& reader, const ledger::Column& column, std::uint32_t block) {
  Bytes values;
  reader.scan(
      column,
      [&](Row, Row, ByteView all) {
        values.assign(all.begin(), all.end());
        return true;
      },
      block, block + 1);
  return values;
}

}  // namespace dalil::archive
