#include "column_writer.hpp"

#include <fmt/format.h>

namespace dalil::ledger {

namespace {
constexpr std::size_t kMostHeldBlocks = 1024;
constexpr std::size_t kBlockPadding = 256;

std::uint64_t held_key(const Column& column, std::uint32_t number) {
  return std::uint64_t{column.table} << 40 | std::uint64_t{column.id} << 32 | number;
}
unsigned column_key(const Column& column) {
  return column.table << 8 | column.id;
}
}  // namespace

Row ColumnWriter::rows(std::uint8_t table) const {
  const auto found = sizes_->rows.find(table);
  return found == sizes_->rows.end() ? 0 : found->second;
}

Row ColumnWriter::add_row(std::uint8_t table) {
  if (!flushed_known_) {
    flushed_rows_ = sizes_->rows;
    flushed_known_ = true;
  }
  Row& count = sizes_->rows[table];
  if (count == kNoRow - 1) throw Error(ErrorCode::unsupported, "a table of the archive is full");
  return count++;
}

ColumnWriter::Held& ColumnWriter::hold(const Column& column, std::uint32_t number, const lmdb::Txn& txn,
                                       SealBox& seals) {
  if (Held* last = last_[column_key(column)]; last != nullptr && last->number == number) return *last;
  if (held_.size() >= kMostHeldBlocks && !held_.contains(held_key(column, number))) {
    flush(txn, seals);
    held_.clear();
    last_.clear();
  }
  Held& held = load(column, number, txn, seals);
  last_[column_key(column)] = &held;
  return held;
}

ColumnWriter::Held& ColumnWriter::load(const Column& column, std::uint32_t number, const lmdb::Txn& txn,
                                       SealBox& seals) {
  const auto found = held_.find(held_key(column, number));
  if (found != held_.end()) return found->second;
  Held fresh{&column, number, {}};
  const Row before = flushed_known_ ? flushed_rows_[column.table] : rows(column.table);
  const Row size = block_size(column, number, before);
  if (size > 0) {
    const auto key = layout::block_key(column, number);
    const auto sealed = txn.get(core_->blocks, key);
    if (!sealed) throw not_committed(fmt::format("block {} of column '{}' is missing", number, column.name));
    Bytes plain;
    seals.open(plain, column.seal_class, layout::Place::block, key, *sealed);
    fresh.block = EditableBlock(column, Block(column, std::move(plain), size));
  }
  return held_.emplace(held_key(column, number), std::move(fresh)).first->second;
}

ByteView ColumnWriter::cell(const Column& column, Row row, const lmdb::Txn& txn, SealBox& seals) {
  if (row >= rows(column.table))
    throw Error(ErrorCode::corrupt, fmt::format("row {} of column '{}' does not exist", row, column.name));
  const std::uint32_t number = block_of(column, row);
  Held& held = hold(column, number, txn, seals);
  const Row index = row - first_row(column, number);
  if (index >= held.block.size()) held.block.extend(column, index + 1);
  return held.block.value(column, index);
}

void ColumnWriter::set(const Column& column, Row row, ByteView value, const lmdb::Txn& txn, SealBox& seals) {
  if (row >= rows(column.table))
    throw Error(ErrorCode::corrupt, fmt::format("row {} of column '{}' does not exist", row, column.name));
  const std::uint32_t number = block_of(column, row);
  hold(column, number, txn, seals).block.set(column, row - first_row(column, number), value);
}

void ColumnWriter::write(Held& held, const lmdb::Txn& txn, SealBox& seals) {
  const auto key = layout::block_key(*held.column, held.number);
  scratch_.clear();
  seals.seal(scratch_, held.column->seal_class, layout::Place::block, key, held.block.encode(*held.column),
             kBlockPadding);
  txn.put(core_->blocks, key, scratch_);
  held.block.dirty = false;
}

void ColumnWriter::flush(const lmdb::Txn& txn, SealBox& seals) {
  if (flushed_known_) {
    for (const Column& column : core_->schema) {
      const Row now = rows(column.table);
      const Row before = flushed_rows_[column.table];
      if (now == before) continue;
      const std::uint32_t first = before == 0 ? 0 : block_of(column, before - 1);
      for (std::uint32_t number = first; number < block_count(column, now); ++number)
        load(column, number, txn, seals).block.extend(column, block_size(column, number, now));
    }
  }
  for (auto& [key, held] : held_)
    if (held.block.dirty) write(held, txn, seals);
  flushed_known_ = false;
}

}  // namespace dalil::ledger
