#include "civil.hpp"

#include "dalil/base/time.hpp"

namespace dalil::media {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr int kWidestOffset = 15 * 60;

}  // namespace

std::optional<std::int64_t> wall_ms(const Civil& civil) {
  if (civil.year < 1 || civil.year > 9999) return std::nullopt;
  if (civil.hour < 0 || civil.hour > 23 || civil.minute < 0 || civil.minute > 59) return std::nullopt;
  if (civil.second < 0 || civil.second > 60 || civil.millisecond < 0 || civil.millisecond > 999)
    return std::nullopt;
  const auto day = day_from_civil(civil.year, civil.month, civil.day);
  if (!day) return std::nullopt;
  const int second = civil.second == 60 ? 59 : civil.second;
  return *day * kDayMs + (civil.hour * 60LL + civil.minute) * kMinuteMs + second * 1000LL + civil.millisecond;
}

std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at > text.size() || text.size() - at < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::string with_ascii_digits(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto second = static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : 0);
    const unsigned zero = text[at] == '\xd9' ? 0xa0 : text[at] == '\xdb' ? 0xb0 : 0x100;
    if (second < zero || second > zero + 9) {
      out.push_back(text[at]);
      continue;
    }
    out.push_back(static_cast<char>('0' + (second - zero)));
    ++at;
  }
  return out;
}

std::optional<int> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hours = digits_at(text, 1, 2);
  if (!hours) return std::nullopt;
  std::string_view rest = text.substr(3);
  if (rest.starts_with(':')) rest.remove_prefix(1);
  const auto minutes = rest.empty() && text.size() == 3 ? std::optional<int>(0) : digits_at(rest, 0, 2);
  if (!minutes || rest.size() > 2 || *minutes > 59) return std::nullopt;
  const int total = *hours * 60 + *minutes;
  if (total > kWidestOffset) return std::nullopt;
  return text[0] == '-' ? -total : total;
}

namespace {

/// The part after the date: time of day, fraction, zone. False if it is not one.
bool parse_clock(std::string_view text, Civil& civil, ZonedReading& reading) {
  const auto hour = digits_at(text, 0, 2);
  const auto minute = digits_at(text, 3, 2);
  if (!hour || !minute || text[2] != ':') return false;
  civil.hour = *hour;
  civil.minute = *minute;
  reading.precision_ms = kMinuteMs;
  text.remove_prefix(5);
  if (text.starts_with(':')) {
    const auto second = digits_at(text, 1, 2);
    if (!second) return false;
    civil.second = *second;
    reading.precision_ms = 1000;
    text.remove_prefix(3);
    if (text.starts_with('.') || text.starts_with(',')) {
      text.remove_prefix(1);
      int scale = 100;
      for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1), scale /= 10) {
        civil.millisecond += (text[0] - '0') * scale;
        reading.precision_ms = scale > 1 ? scale : 1;
      }
    }
  }
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.empty()) return true;
  reading.offset_minutes = parse_offset(text);
  return reading.offset_minutes.has_value();
}

}  // namespace

std::optional<ZonedReading> parse_reading(std::string_view text) {
  while (text.ends_with(' ') || text.ends_with('\0')) text.remove_suffix(1);
  const auto year = digits_at(text, 0, 4);
  const auto month = digits_at(text, 5, 2);
  const auto day = digits_at(text, 8, 2);
  if (!year || !month || !day || text[4] != text[7]) return std::nullopt;
  if (text[4] != '-' && text[4] != ':' && text[4] != '/') return std::nullopt;
  Civil civil{.year = *year, .month = *month, .day = *day};
  ZonedReading reading;
  if (text.size() == 10) {
    reading.precision_ms = kDayMs;
  } else {
    if (text[10] != 'T' && text[10] != ' ') return std::nullopt;
    if (!parse_clock(text.substr(11), civil, reading)) return std::nullopt;
  }
  const auto ms = wall_ms(civil);
  if (!ms) return std::nullopt;
  reading.wall_ms = *ms;
  return reading;
}

}  // namespace dalil::media
