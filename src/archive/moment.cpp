#include "moment.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "dalil/base/quantity.hpp"
#include "dalil/base/time.hpp"

namespace dalil::archive {

namespace {

constexpr std::int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDayLength = 24 * kHour;

struct Clock {
  std::int64_t ms = 0, length_ms = 0;
};

std::optional<int> two_digits(std::string_view text) {
  if (text.size() != 2 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return (text[0] - '0') * 10 + (text[1] - '0');
}

/// HH, HH:MM or HH:MM:SS
std::optional<Clock> parse_clock(std::string_view text) {
  constexpr std::array<std::int64_t, 3> kUnits{kHour, kMinute, kSecond};
  constexpr std::array<int, 3> kMost{23, 59, 59};
  Clock clock;
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const auto value = two_digits(text.substr(0, 2));
    if (!value || *value > kMost[i]) return std::nullopt;
    clock.ms += *value * kUnits[i];
    clock.length_ms = kUnits[i];
    text.remove_prefix(2);
    if (text.empty()) return clock;
    if (text.front() != ':') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

/// Takes Z, +03, +03:00 off the end of a time of day. False if it is something else.
bool take_offset(std::string_view& text, LocalClock& clock) {
  if (text.ends_with('Z')) {
    text.remove_suffix(1);
    clock.fixed_minutes = 0;
    return true;
  }
  const std::size_t sign = text.find_first_of("+-");
  if (sign == std::string_view::npos) return true;
  const std::string_view offset = text.substr(sign + 1);
  const auto hours = two_digits(offset.substr(0, 2));
  std::optional<int> minutes = 0;
  if (offset.size() > 2) minutes = offset[2] == ':' ? two_digits(offset.substr(3)) : std::nullopt;
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return false;
  const std::int32_t east = *hours * 60 + *minutes;
  clock.fixed_minutes = text[sign] == '-' ? -east : east;
  text = text.substr(0, sign);
  return true;
}

struct Moment {
  TimeSpan span;
  Day day = 0;  ///< of the clock
  LocalClock clock;
};

/// `day` is what a time without a date belongs to.
std::optional<Moment> parse_moment(std::string_view text, LocalClock clock, std::optional<Day> day) {
  const std::size_t separator = text.find_first_of("Tt ");
  const bool clock_alone = separator == std::string_view::npos && day && text.size() > 2 && text[2] == ':';
  const auto to_utc = [&clock](std::int64_t local_ms) { return clock.to_utc(local_ms); };
  if (clock_alone || separator != std::string_view::npos) {
    std::string_view time = clock_alone ? text : text.substr(separator + 1);
    if (!clock_alone) {
      const auto date = parse_date(text.substr(0, separator));
      if (!date || date->precision != DatePrecision::day) return std::nullopt;
      day = date->first;
    }
    if (!take_offset(time, clock)) return std::nullopt;
    const auto parsed = parse_clock(time);
    if (!parsed) return std::nullopt;
    const std::int64_t begin = to_utc(*day * kDayLength + parsed->ms);
    return Moment{{begin, begin + parsed->length_ms}, *day, clock};
  }
  const auto date = parse_date(text);
  if (!date) return std::nullopt;
  return Moment{{to_utc(date->first * kDayLength), to_utc((std::int64_t{date->last} + 1) * kDayLength)},
                date->first,
                clock};
}

}  // namespace

std::optional<TimeSpan> parse_time_span(std::string_view text, const LocalClock& local) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    const auto moment = parse_moment(text, local, std::nullopt);
    return moment ? std::optional(moment->span) : std::nullopt;
  }
  const std::string_view from = text.substr(0, dots), to = text.substr(dots + 2);
  if (from.empty() && to.empty()) return std::nullopt;
  std::optional<Moment> first, last;
  if (!from.empty() && !(first = parse_moment(from, local, std::nullopt))) return std::nullopt;
  const LocalClock& its_clock = first ? first->clock : local;
  if (!to.empty() && !(last = parse_moment(to, its_clock, first ? std::optional(first->day) : std::nullopt)))
    return std::nullopt;
  if (first && last && first->clock == local && last->clock != local)
    first = parse_moment(from, last->clock, std::nullopt);
  TimeSpan span;
  if (first) span.begin_ms = first->span.begin_ms;
  if (last) span.end_ms = last->span.end_ms;
  if (span.end_ms <= span.begin_ms) return std::nullopt;
  return span;
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos || digits == 0 || text.find(':') != std::string_view::npos ||
      text[digits] == '.')
    return parse_timecode(text);
  std::int64_t number = 0;
  if (digits > 9) return std::nullopt;
  std::from_chars(text.data(), text.data() + digits, number);
  const std::string_view unit = text.substr(digits);
  if (unit == "ms") return number;
  if (unit == "s") return number * kSecond;
  if (unit == "m" || unit == "min") return number * kMinute;
  if (unit == "h") return number * kHour;
  if (unit == "d") return number * kDayLength;
  return std::nullopt;
}

std::optional<double> parse_distance_m(std::string_view text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number) || number <= 0) return std::nullopt;
  const std::string_view unit(end, text.data() + text.size());
  const double metres = unit == "m" ? number : unit == "km" ? number * 1000 : 0;
  constexpr double kHalfWayRound = 20'040'000;
  return metres > 0 && metres <= kHalfWayRound ? std::optional(metres) : std::nullopt;
}

}  // namespace dalil::archive
