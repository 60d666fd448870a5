#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dalil/base/bytes.hpp"
#include "dalil/base/time.hpp"

namespace dalil::archive {

/// Texts of an incident that many incidents share. The order is persistent (docs/formats/archive.md).
enum class IncidentWord : std::uint8_t {
  governorate = 0,
  place,
  subdistrict,
  party,
  party_text,
  weapon,
  weapon_code,
  area,
  target,
  attribution,
};
inline constexpr std::size_t kIncidentWordCount = 10;

/// Numbers of people, in the order in which they are stored.
enum class IncidentCount : std::uint8_t { killed = 0, children, women, fetuses, wounded, detained };
inline constexpr std::size_t kIncidentCountCount = 6;

/// What the filters need of an incident's newest revision: a value of the column `incident.summary`.
struct IncidentSummary {
  static constexpr std::size_t kSize = 80;
  std::optional<DateSpan> days;                             ///< its precision is not kept
  std::array<std::uint32_t, kIncidentWordCount> words{};    ///< rows of the words plus one; 0: not said
  std::uint64_t place = 0;                                  ///< as in `fact.place`
  std::array<std::uint32_t, kIncidentCountCount> counts{};  ///< plus one; 0: not said

  std::uint32_t word(IncidentWord which) const { return words[static_cast<std::size_t>(which)]; }
  std::optional<std::uint32_t> count(IncidentCount which) const {
    const std::uint32_t stored = counts[static_cast<std::size_t>(which)];
    return stored == 0 ? std::nullopt : std::optional(stored - 1);
  }
  Bytes encode() const;
  /// `bytes` of kSize.
  static IncidentSummary decode(ByteView bytes);
};

}  // namespace dalil::archive
