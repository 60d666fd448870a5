#pragma once

#include <cstdint>
#include <vector>

#include "dalil/ledger/schema.hpp"

namespace dalil::archive {

/// Some of the archive's items, a bit for each.
class ItemSet {
 public:
  explicit ItemSet(std::size_t items) : bits_((items + 63) / 64), items_(items) {}
  /// What is no item is left out.
  void insert(ledger::Row item) {
    if (item < items_) bits_[item / 64] |= std::uint64_t{1} << (item % 64);
  }
  bool contains(std::size_t item) const { return (bits_[item / 64] >> (item % 64) & 1) != 0; }
  void join(const ItemSet& other) {
    for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] |= other.bits_[i];
  }

 private:
  std::vector<std::uint64_t> bits_;
  std::size_t items_;
};

}  // namespace dalil::archive
