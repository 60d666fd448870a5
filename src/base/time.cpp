#include "dalil/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace dalil {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::int64_t kMsPerMinute = 60 * kMsPerSecond;
constexpr std::int64_t kMsPerDay = kMsPerMinute * 60 * 24;

struct WideDate {
  std::int64_t year;
  int month, day;
};

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". Years begin in March, so that the leap day
/// is the last of its year, and 400 of them make an era.
constexpr std::int64_t kDaysPerEra = 146097;
constexpr std::int64_t kDaysFromYearZeroToEpoch = 719468;

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && a % b < 0);
}

/// In 0 .. b - 1; never overflows, where a - floor_div(a, b) * b may.
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) {
  return (a % b + b) % b;
}

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  if (month <= 2) --year;
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kDaysFromYearZeroToEpoch;
}

WideDate civil_from_days(std::int64_t days) {
  days += kDaysFromYearZeroToEpoch;
  const std::int64_t era = floor_div(days, kDaysPerEra);
  const std::int64_t day_of_era = days - era * kDaysPerEra;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  const int month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

std::string format_date(const WideDate& date) {
  const char* sign = date.year < 0 ? "-" : "";
  const std::int64_t year = date.year < 0 ? -date.year : date.year;
  return fmt::format("{}{:04}-{:02}-{:02}", sign, year, date.month, date.day);
}

/// Reads fixed fields off the front of a text; once one is wrong, everything after it is.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}
  bool at_end() const { return rest_.empty(); }
  bool ok() const { return ok_; }
  bool finished() const { return ok_ && rest_.empty(); }

  int number(std::size_t digits) {
    int value = 0;
    if (rest_.size() < digits) return fail();
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool skip(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view any_of) {
    if (!skip(any_of)) fail();
  }
  bool next_is(char c) const { return rest_.starts_with(c); }
  /// Digits after a decimal point, cut to milliseconds; at least one digit.
  int fraction_ms() {
    int value = 0;
    std::size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      if (count < 3) value = value * 10 + (rest_[count] - '0');
    }
    if (count == 0) return fail();
    rest_.remove_prefix(count);
    for (; count < 3; ++count) value *= 10;
    return value;
  }
  int fail() {
    ok_ = false;
    return 0;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// "Z" or a signed offset: how far local time is ahead of UTC.
std::int64_t read_offset_ms(FieldReader& in) {
  if (in.skip("Zz")) return 0;
  const bool behind = in.next_is('-');
  in.expect("+-");
  const int hours = in.number(2);
  in.expect(":");
  const int minutes = in.number(2);
  if (hours > 23 || minutes > 59) in.fail();
  const std::int64_t offset = (hours * 60 + minutes) * kMsPerMinute;
  return behind ? -offset : offset;
}

std::int64_t read_time_of_day_ms(FieldReader& in) {
  const int hour = in.number(2);
  in.expect(":");
  const int minute = in.number(2);
  in.expect(":");
  const int second = in.number(2);
  const int ms = in.skip(".") ? in.fraction_ms() : 0;
  if (hour > 23 || minute > 59 || second > 59) in.fail();
  return (hour * 60 + minute) * kMsPerMinute + second * kMsPerSecond + ms;
}

std::optional<Day> read_day(FieldReader& in) {
  const int year = in.number(4);
  in.expect("-");
  const int month = in.number(2);
  in.expect("-");
  const int day = in.number(2);
  return in.ok() ? day_from_civil(year, month, day) : std::nullopt;
}

class SystemClock final : public Clock {
 public:
  UtcTime now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
  }
};

}  // namespace

std::string UtcTime::date() const {
  return format_date(civil_from_days(floor_div(ms, kMsPerDay)));
}

std::string UtcTime::rfc3339() const {
  const std::int64_t seconds = floor_mod(ms, kMsPerDay) / kMsPerSecond;
  return fmt::format("{}T{:02}:{:02}:{:02}Z", date(), seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string UtcTime::rfc3339_ms() const {
  std::string text = rfc3339();
  text.pop_back();
  return fmt::format("{}.{:03}Z", text, floor_mod(ms, kMsPerSecond));
}

std::optional<UtcTime> UtcTime::from_rfc3339(std::string_view text) {
  FieldReader in(text);
  const std::optional<Day> day = read_day(in);
  if (!day) return std::nullopt;
  in.expect("Tt");
  const std::int64_t time_of_day = read_time_of_day_ms(in);
  const std::int64_t offset = read_offset_ms(in);
  if (!in.finished()) return std::nullopt;
  return UtcTime{*day * kMsPerDay + time_of_day - offset};
}

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::optional<Day> day_from_civil(int year, int month, int day) {
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return std::nullopt;
  const std::int64_t days = days_from_civil(year, month, day);
  if (days < std::numeric_limits<Day>::min() || days > std::numeric_limits<Day>::max()) return std::nullopt;
  return static_cast<Day>(days);
}

CivilDate civil_from_day(Day day) {
  const WideDate date = civil_from_days(day);
  return {static_cast<int>(date.year), date.month, date.day};
}

std::string format_day(Day day) {
  return format_date(civil_from_days(day));
}

std::optional<DateSpan> parse_date(std::string_view text) {
  FieldReader in(text);
  const int year = in.number(4);
  const bool has_month = !in.at_end();
  if (has_month) in.expect("-");
  const int month = has_month ? in.number(2) : 1;
  const bool has_day = has_month && !in.at_end();
  if (has_day) in.expect("-");
  const int day = has_day ? in.number(2) : 1;
  if (!in.finished()) return std::nullopt;

  const std::optional<Day> first = day_from_civil(year, month, day);
  if (!first) return std::nullopt;
  if (has_day) return DateSpan{*first, *first, DatePrecision::day};
  if (has_month) return DateSpan{*first, *first + days_in_month(year, month) - 1, DatePrecision::month};
  return DateSpan{*first, *first + (is_leap(year) ? 365 : 364), DatePrecision::year};
}

std::optional<DateSpan> parse_date_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return parse_date(text);
  const std::string_view from = text.substr(0, dots);
  const std::string_view to = text.substr(dots + 2);
  if (from.empty() && to.empty()) return std::nullopt;

  // A missing side contributes the widest bound, and leaves the precision to the other one.
  constexpr DateSpan kOpen{std::numeric_limits<Day>::min(), std::numeric_limits<Day>::max(),
                           DatePrecision::day};
  const std::optional<DateSpan> start = from.empty() ? kOpen : parse_date(from);
  const std::optional<DateSpan> end = to.empty() ? kOpen : parse_date(to);
  if (!start || !end || start->first > end->last) return std::nullopt;
  return DateSpan{start->first, end->last, std::max(start->precision, end->precision)};
}

}  // namespace dalil
