#include <array>

#include "bounds.hpp"
#include "civil.hpp"
#include "containers.hpp"
#include "exif_text.hpp"

namespace dalil::media {
namespace {

/// Reads a text from its front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  bool at_end() const { return text_.empty(); }
  void skip_blanks() {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
  }
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// A number of at most `most` digits; blanks before it stand for zeros.
  std::optional<int> number(std::size_t most) {
    skip_blanks();
    std::size_t count = 0;
    while (count < most && count < text_.size() && text_[count] >= '0' && text_[count] <= '9') ++count;
    if (count == 0) return std::nullopt;
    const auto value = digits_at(text_, 0, count);
    text_.remove_prefix(count);
    return value;
  }
  /// Letters in lower case, as many as there are.
  std::string word() {
    skip_blanks();
    std::string out;
    for (; !text_.empty(); text_.remove_prefix(1)) {
      const char lower = static_cast<char>(text_[0] | 0x20);
      if (lower < 'a' || lower > 'z') break;
      out.push_back(lower);
    }
    return out;
  }

 private:
  std::string_view text_;
};

struct Reading {
  Civil civil;
  std::int64_t precision_ms = kDayMs;
};

/// "15:04:43", "1:42PM", " 9: 5".
bool take_clock(Cursor& in, Reading& reading) {
  const auto hour = in.number(2);
  const auto minute = hour && in.take(':') ? in.number(2) : std::nullopt;
  if (!minute) return false;
  reading.civil.hour = *hour;
  reading.civil.minute = *minute;
  reading.precision_ms = kMinuteMs;
  if (in.take(':')) {
    const auto second = in.number(2);
    if (!second) return false;
    reading.civil.second = *second;
    reading.precision_ms = 1000;
  }
  return true;
}

/// "Mon Mar 10 15:04:43 2003", in capitals too: the form of C's asctime().
std::optional<Reading> asctime_reading(std::string_view text) {
  constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  Cursor in(text);
  Reading reading;
  if (in.word().size() != 3) return std::nullopt;
  const std::string month = in.word();
  const std::size_t at = month.size() == 3 ? kMonths.find(month) : std::string_view::npos;
  if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  reading.civil.month = static_cast<int>(at / 3 + 1);
  const auto day = in.number(2);
  if (!day || !take_clock(in, reading)) return std::nullopt;
  const auto year = in.number(4);
  if (!year || !in.at_end()) return std::nullopt;
  reading.civil.day = *day;
  reading.civil.year = *year;
  return reading;
}

/// "2005/11/28/ 09:19", "2001/ 1/27  1:42PM", "2002-12-16  15:35:01", "2017-09-11".
std::optional<Reading> numeric_reading(std::string_view text) {
  Cursor in(text);
  Reading reading;
  const auto year = in.number(4);
  const char separator = in.take('/') ? '/' : in.take('-') ? '-' : in.take(':') ? ':' : '\0';
  const auto month = year && separator != '\0' ? in.number(2) : std::nullopt;
  const auto day = month && in.take(separator) ? in.number(2) : std::nullopt;
  if (!day || *year < 1000) return std::nullopt;
  reading.civil.year = *year;
  reading.civil.month = *month;
  reading.civil.day = *day;
  in.take(separator);
  in.skip_blanks();
  if (in.at_end()) return reading;
  if (!take_clock(in, reading)) return std::nullopt;
  const std::string half = in.word();
  int& hour = reading.civil.hour;
  if (half == "am" || half == "pm") {
    if (hour < 1 || hour > 12) return std::nullopt;
    hour = hour % 12 + (half == "pm" ? 12 : 0);
  } else if (!half.empty()) {
    return std::nullopt;
  }
  return in.at_end() ? std::optional(reading) : std::nullopt;
}

}  // namespace

std::optional<TimeClaim> riff_time(std::string_view field, std::string_view text) {
  constexpr std::string_view kPadding("\0 \r\n\t", 5);
  text = text.substr(0, text.find_last_not_of(kPadding) + 1);
  if (auto claim = exif_time(field, text, {}, {}, std::nullopt)) return claim;
  auto reading = asctime_reading(text);
  if (!reading) reading = numeric_reading(text);
  const auto ms = reading ? wall_ms(reading->civil) : std::nullopt;
  if (!ms) return std::nullopt;
  TimeClaim claim;
  claim.field = field;
  claim.raw = text;
  claim.ms = *ms;
  claim.precision_ms = reading->precision_ms;
  return claim;
}

}  // namespace dalil::media
