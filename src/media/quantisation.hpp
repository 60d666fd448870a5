#pragma once

#include <array>
#include <optional>
#include <string>

#include "dalil/base/bytes.hpp"

namespace dalil::media {

/// The quantisation tables of a JPEG, as its DQT segments give them. Encoders have tables of their own, so
/// equal ones suggest the same encoder and setting, and nothing more.
class QuantisationTables {
 public:
  /// One DQT segment's body.
  void add(ByteView body);
  bool empty() const { return count() == 0; }

  /// FNV-1a (64 bits) as 16 hexadecimal digits over each table in the order of numbers: one byte with the
  /// number, then the 64 values in the segment's order (zigzag), 16 bits each, big-endian.
  std::string fingerprint() const;
  /// The quality from 1 to 100 at which libjpeg makes this table from the standard's examples (ISO/IEC
  /// 10918-1, annex K); absent if it does at none, or the table is not there. 0 luminance, 1 chrominance.
  std::optional<int> libjpeg_quality(std::size_t table) const;
  /// "2 tables 0123456789abcdef", and if they are the standard's, of which quality.
  std::string text() const;

 private:
  using Table = std::array<std::uint16_t, 64>;
  std::size_t count() const;
  std::array<std::optional<Table>, 4> tables_;
};

}  // namespace dalil::media
