#pragma once

#include <span>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/ledger/schema.hpp"

namespace dalil::ledger {

/// One block of a column in the clear.
///
/// Fixed columns: the values side by side. Variable ones: for each value its varint length and its bytes.
/// A block of nothing but zeros, or of empty values, is stored as no bytes at all.
class Block {
 public:
  Block() = default;
  /// Error(corrupt) if the bytes are not `count` values of this column.
  Block(const Column& column, Bytes plain, Row count);

  Row size() const { return count_; }
  ByteView value(const Column& column, Row index) const;
  ByteView all() const { return plain_; }
  bool is_blank() const { return blank_; }
  /// Of a variable column: where each value lies in it.
  std::span<const std::uint32_t> begins() const { return offsets_; }
  std::span<const std::uint32_t> sizes() const { return sizes_; }

 private:
  Bytes plain_;
  std::vector<std::uint32_t> offsets_;  ///< of a variable column: begin of each value's bytes
  std::vector<std::uint32_t> sizes_;
  Row count_ = 0;
  bool blank_ = false;
};

/// A block that is being changed.
class EditableBlock {
 public:
  EditableBlock() = default;
  EditableBlock(const Column& column, const Block& from);
  ByteView value(const Column& column, Row index) const;
  void set(const Column& column, Row index, ByteView value);
  /// Appends zeros, or empty values, up to this many.
  void extend(const Column& column, Row count);
  Bytes encode(const Column& column) const;
  Row size() const { return count_; }
  bool dirty = false;

 private:
  Bytes fixed_;
  std::vector<Bytes> variable_;
  Row count_ = 0;
};

inline std::uint32_t block_of(const Column& column, Row row) {
  return row / column.rows_per_block;
}
inline Row first_row(const Column& column, std::uint32_t block) {
  return block * column.rows_per_block;
}
inline std::uint32_t block_count(const Column& column, Row rows) {
  return rows == 0 ? 0 : block_of(column, rows - 1) + 1;
}
/// Values that a block holds when its table has this many rows.
inline Row block_size(const Column& column, std::uint32_t block, Row rows) {
  const Row first = first_row(column, block);
  return rows <= first ? 0 : std::min(column.rows_per_block, rows - first);
}

}  // namespace dalil::ledger
