#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "dalil/media/fingerprint_search.hpp"

namespace dalil::media {

/// Multi-index hashing: finds without going through all rows what differs in few bits. Worth its making where
/// every row is a question, as for duplicates; 64 bytes a row. Of pictures and frames alone: windows of sound
/// are passed over.
///
/// Of two hashes that differ in at most 31 bits, one of their sixteen bands of 16 bits differs in at most
/// one.
class PrintBands {
 public:
  explicit PrintBands(const PrintTable& table);
  /// Each row once that differs from the hash in at most 31 bits, in no particular order.
  void near(const Pdq& hash, const std::function<void(std::uint32_t row, int distance)>& visit) const;
  static constexpr int kRadius = 31;

 private:
  static constexpr std::size_t kBands = 16, kValues = 1 << 16;
  struct Band {
    std::vector<std::uint32_t> begins;  ///< by the band's value, where its rows begin; one more at the end
    std::vector<std::uint32_t> rows;
  };
  const PrintTable* table_;
  std::array<Band, kBands> bands_;
};

}  // namespace dalil::media
