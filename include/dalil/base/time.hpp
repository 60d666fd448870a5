#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dalil {

/// A point on the UTC time line, in milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
struct UtcTime {
  std::int64_t ms = 0;
  auto operator<=>(const UtcTime&) const = default;
  /// RFC 3339 with milliseconds: 2017-09-11T08:30:00.123Z (always 24 characters for years 0000 to 9999).
  std::string rfc3339_ms() const;
  /// RFC 3339 in whole seconds: 2017-09-11T08:30:00Z.
  std::string rfc3339() const;
  /// 2017-09-11
  std::string date() const;
  /// With "Z" or an offset; fractions are cut to milliseconds. Absent if ill-formed, without an offset, or in
  /// a leap second (which this time line does not have).
  static std::optional<UtcTime> from_rfc3339(std::string_view text);
};

/// Beyond what two machines' clocks may differ (an hour): a clock that was ahead told that time, and it
/// vouches for nothing.
constexpr bool is_to_come(UtcTime time, UtcTime now) {
  return time.ms > now.ms + 3'600'000;
}

/// Where the present comes from; tests put their own in.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcTime now() const = 0;
};
/// The machine's real-time clock.
const Clock& system_clock();

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
using Day = std::int32_t;
/// Absent unless the date exists.
std::optional<Day> day_from_civil(int year, int month, int day);
struct CivilDate {
  int year, month, day;
};
CivilDate civil_from_day(Day day);
/// YYYY-MM-DD
std::string format_day(Day day);

/// A date as people know it: a day, a month or a year. `first` and `last` are inclusive.
enum class DatePrecision : std::uint8_t { day = 1, month = 2, year = 3 };  // persistent, never renumber
struct DateSpan {
  Day first = 0;
  Day last = 0;
  DatePrecision precision = DatePrecision::day;
  auto operator<=>(const DateSpan&) const = default;
};
/// 2017, 2017-09 or 2017-09-11; absent otherwise.
std::optional<DateSpan> parse_date(std::string_view text);
/// A date, or two joined by ".." (either may be missing: "2017-09..", "..2018"). Absent if ill-formed or
/// reversed. A missing side is the least or greatest Day. The precision is the coarser of the two.
std::optional<DateSpan> parse_date_range(std::string_view text);

}  // namespace dalil
