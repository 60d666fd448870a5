#pragma once

#include <unordered_map>

#include "block.hpp"
#include "core.hpp"

namespace dalil::ledger {

/// The blocks of columns that a writer has in hand, and the number of rows of each table.
class ColumnWriter {
 public:
  ColumnWriter(const Core& core, layout::State& sizes) : core_(&core), sizes_(&sizes) {}

  Row rows(std::uint8_t table) const;
  Row add_row(std::uint8_t table);
  ByteView cell(const Column& column, Row row, const lmdb::Txn& txn, SealBox& seals);
  void set(const Column& column, Row row, ByteView value, const lmdb::Txn& txn, SealBox& seals);
  /// Brings every column of every grown table to its table's length and writes what changed.
  void flush(const lmdb::Txn& txn, SealBox& seals);

 private:
  struct Held {
    const Column* column = nullptr;
    std::uint32_t number = 0;
    EditableBlock block;
  };
  /// May write out and let go of other blocks.
  Held& hold(const Column& column, std::uint32_t number, const lmdb::Txn& txn, SealBox& seals);
  Held& load(const Column& column, std::uint32_t number, const lmdb::Txn& txn, SealBox& seals);
  void write(Held& held, const lmdb::Txn& txn, SealBox& seals);

  const Core* core_;
  layout::State* sizes_;
  std::unordered_map<std::uint64_t, Held> held_;
  std::unordered_map<unsigned, Held*> last_;  ///< of each column: most calls go to the same block again
  std::map<std::uint8_t, Row> flushed_rows_;  ///< how long each table was when it was last written out
  bool flushed_known_ = false;
  Bytes scratch_;
};

}  // namespace dalil::ledger
