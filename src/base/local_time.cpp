#include "dalil/base/local_time.hpp"

#include <unicode/timezone.h>

#include <memory>

namespace dalil {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;

const icu::TimeZone& damascus() {
  static const std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone("Asia/Damascus"));
  return *zone;
}

/// Beyond these the zone database says nothing, and dates are nonsense.
constexpr std::int64_t kFarthestMs = 8'000'000'000'000'000;

std::int32_t zone_offset(std::int64_t ms, bool local) {
  if (ms > kFarthestMs || ms < -kFarthestMs) return 180;
  std::int32_t raw = 0, summer = 0;
  UErrorCode error = U_ZERO_ERROR;
  damascus().getOffset(static_cast<UDate>(ms), static_cast<UBool>(local), raw, summer, error);
  return static_cast<std::int32_t>((raw + summer) / kMinuteMs);
}

}  // namespace

std::int32_t LocalClock::offset_at(std::int64_t utc_ms) const {
  return fixed_minutes ? *fixed_minutes : zone_offset(utc_ms, false);
}

std::int64_t LocalClock::to_utc(std::int64_t local_ms) const {
  return local_ms - (fixed_minutes ? *fixed_minutes : zone_offset(local_ms, true)) * kMinuteMs;
}

std::int64_t LocalClock::to_local(std::int64_t utc_ms) const {
  return utc_ms + offset_at(utc_ms) * kMinuteMs;
}

}  // namespace dalil
