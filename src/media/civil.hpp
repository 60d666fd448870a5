#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dalil::media {

/// What a clock showed, before anything is known of its zone.
struct Civil {
  int year = 0, month = 0, day = 0;
  int hour = 0, minute = 0, second = 0, millisecond = 0;
};

/// Milliseconds since 1970 as if the reading were UTC; absent unless such a date and time exist.
/// A leap second (60) counts as the second before it.
std::optional<std::int64_t> wall_ms(const Civil& civil);

/// Exactly `count` ASCII digits from `at`, as a number; absent otherwise. `count` is at most 9.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t count);

/// The text with Arabic-Indic and Persian digits (in UTF-8) as ASCII ones.
std::string with_ascii_digits(std::string_view text);

/// "+03:00", "-0330", "+03" or "Z", as minutes east of UTC, at most 15 hours either way.
std::optional<int> parse_offset(std::string_view text);

/// A reading with what was written about its zone.
struct ZonedReading {
  std::int64_t wall_ms = 0;
  std::optional<int> offset_minutes;
  std::int64_t precision_ms = 1000;
};

/// "2017-09-11T08:30:00.5+03:00" in the forms that files hold: date separators '-', ':' or '/', 'T' or a
/// blank before the time, seconds, fraction and zone optional; a bare date has a precision of one day.
std::optional<ZonedReading> parse_reading(std::string_view text);

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kDayMs = 86'400'000;

}  // namespace dalil::media
