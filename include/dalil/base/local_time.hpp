#pragma once

#include <cstdint>
#include <optional>

namespace dalil {

/// The clocks that people in the country have: those of Asia/Damascus in the zone database (UTC+2, in summer
/// UTC+3, since 28 October 2022 always UTC+3), or a fixed offset. Pure; for any number of threads.
struct LocalClock {
  std::optional<std::int32_t> fixed_minutes{};  ///< east of UTC; absent: Asia/Damascus
  /// Minutes east of UTC at this moment.
  std::int32_t offset_at(std::int64_t utc_ms) const;
  /// The moment when a local clock shows this, read as if it were UTC. Where clocks were put back, the first
  /// of two; where they were put on, as if they had not been.
  std::int64_t to_utc(std::int64_t local_ms) const;
  std::int64_t to_local(std::int64_t utc_ms) const;
  bool operator==(const LocalClock&) const = default;
};

}  // namespace dalil
