#include "block.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/error.hpp"

namespace dalil::ledger {

Block::Block(const Column& column, Bytes plain, Row count) : plain_(std::move(plain)), count_(count) {
  blank_ = plain_.empty();
  if (plain_.empty() && count > 0) plain_.resize(std::size_t{count} * std::max(column.width, 1U));
  if (column.width > 0) {
    if (plain_.size() != std::size_t{count} * column.width)
      throw Error(ErrorCode::corrupt, fmt::format("a block of column '{}' has the wrong size", column.name),
                  "run 'dalil rebuild'");
    return;
  }
  offsets_.reserve(count);
  sizes_.reserve(count);
  ByteReader reader(plain_);
  for (Row i = 0; i < count; ++i) {
    const ByteView value = reader.block(plain_.size());
    offsets_.push_back(static_cast<std::uint32_t>(value.data() - plain_.data()));
    sizes_.push_back(static_cast<std::uint32_t>(value.size()));
  }
  reader.expect_end();
}

ByteView Block::value(const Column& column, Row index) const {
  if (column.width > 0) return ByteView(plain_).subspan(std::size_t{index} * column.width, column.width);
  return ByteView(plain_).subspan(offsets_[index], sizes_[index]);
}

EditableBlock::EditableBlock(const Column& column, const Block& from) : count_(from.size()) {
  if (column.width > 0) {
    fixed_.assign(from.all().begin(), from.all().end());
    return;
  }
  variable_.reserve(column.rows_per_block);
  for (Row i = 0; i < count_; ++i) {
    const ByteView value = from.value(column, i);
    variable_.emplace_back(value.begin(), value.end());
  }
}

ByteView EditableBlock::value(const Column& column, Row index) const {
  if (column.width > 0) return ByteView(fixed_).subspan(std::size_t{index} * column.width, column.width);
  return variable_[index];
}

void EditableBlock::set(const Column& column, Row index, ByteView value) {
  if (index >= count_) extend(column, index + 1);
  if (column.width > 0) {
    if (value.size() != column.width)
      throw Error(ErrorCode::invalid, fmt::format("column '{}' takes {} bytes", column.name, column.width));
    std::copy(value.begin(), value.end(), fixed_.begin() + static_cast<std::ptrdiff_t>(index) * column.width);
  } else {
    variable_[index].assign(value.begin(), value.end());
  }
  dirty = true;
}

void EditableBlock::extend(const Column& column, Row count) {
  if (count <= count_) return;
  if (column.width > 0) {
    if (fixed_.capacity() == 0) fixed_.reserve(std::size_t{column.rows_per_block} * column.width);
    fixed_.resize(std::size_t{count} * column.width);
  } else {
    variable_.resize(count);
  }
  count_ = count;
  dirty = true;
}

Bytes EditableBlock::encode(const Column& column) const {
  Bytes out;
  if (column.width > 0) {
    out = fixed_;
  } else {
    for (const Bytes& value : variable_) append_block(out, value);
  }
  if (std::ranges::all_of(out, [](std::uint8_t byte) { return byte == 0; })) out.clear();
  return out;
}

}  // namespace dalil::ledger
