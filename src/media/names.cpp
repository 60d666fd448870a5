// Dates in file names. Rather than one pattern per program, the readings that they share are looked for:
// YYYYMMDD and YYYY-MM-DD, with a time of day behind, and milliseconds since 1970.

#include <algorithm>
#include <array>

#include "civil.hpp"
#include "dalil/media/facts.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kLongestName = 4096;
constexpr std::size_t kMostClaims = 8;
constexpr int kFirstYear = 1980, kLastYear = 2079;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex_letter(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The name with Arabic-Indic and Extended Arabic-Indic digits as ASCII, and where each byte came from.
struct Plain {
  std::string text;
  std::vector<std::size_t> origin;  ///< one more than `text` has bytes
};

Plain plain_digits(std::string_view name) {
  Plain plain;
  for (std::size_t i = 0; i < name.size();) {
    const auto lead = static_cast<unsigned char>(name[i]);
    const auto next = i + 1 < name.size() ? static_cast<unsigned char>(name[i + 1]) : 0u;
    const bool arabic = lead == 0xd9 && next >= 0xa0 && next <= 0xa9;
    const bool extended = lead == 0xdb && next >= 0xb0 && next <= 0xb9;
    plain.origin.push_back(i);
    if (arabic || extended) {
      plain.text.push_back(static_cast<char>('0' + (next & 0x0f)));
      i += 2;
    } else {
      plain.text.push_back(name[i++]);
    }
  }
  plain.origin.push_back(name.size());
  return plain;
}

std::size_t digits_from(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

/// What has been read so far; `end` is behind the last byte that belongs to it.
struct Reading {
  Civil civil;
  std::int64_t precision_ms = kDayMs;
  std::optional<int> offset_minutes;
  std::size_t end = 0;
};

bool is_plausible(const Civil& civil) {
  return civil.year >= kFirstYear && civil.year <= kLastYear && wall_ms(civil).has_value();
}

/// HHMMSS or HHMMSSmmm, of exactly `count` digits.
bool read_packed_time(std::string_view text, std::size_t at, std::size_t count, Reading& reading) {
  if (count != 6 && count != 9) return false;
  Civil civil = reading.civil;
  civil.hour = *digits_at(text, at, 2);
  civil.minute = *digits_at(text, at + 2, 2);
  civil.second = *digits_at(text, at + 4, 2);
  if (count == 9) civil.millisecond = *digits_at(text, at + 6, 3);
  if (!wall_ms(civil)) return false;
  reading = {civil, count == 9 ? 1 : 1000, {}, at + count};
  return true;
}

/// " AM", "pm" and the like behind a time, with any kind of blank before; adjusts the hour.
bool read_half_day(std::string_view text, Reading& reading) {
  std::string_view rest = text.substr(reading.end);
  std::size_t skipped = 0;
  for (const std::string_view blank : {" ", "\xe2\x80\xaf", "\xc2\xa0"}) {
    if (rest.starts_with(blank)) skipped = blank.size();
  }
  rest.remove_prefix(skipped);
  if (rest.size() < 2 || (rest[1] | 0x20) != 'm') return true;
  const char half = static_cast<char>(rest[0] | 0x20);
  if ((half != 'a' && half != 'p') || (rest.size() > 2 && is_letter(rest[2]))) return true;
  if (reading.civil.hour < 1 || reading.civil.hour > 12) return false;
  reading.civil.hour = reading.civil.hour % 12 + (half == 'p' ? 12 : 0);
  reading.end += skipped + 2;
  return true;
}

/// H-MM, HH-MM-SS, with one of "-._:" between; seconds may be missing.
bool read_parted_time(std::string_view text, std::size_t at, Reading& reading) {
  const std::size_t hours = digits_from(text, at);
  if (hours < 1 || hours > 2 || at + hours >= text.size()) return false;
  const char separator = text[at + hours];
  if (std::string_view("-._:").find(separator) == std::string_view::npos) return false;
  const std::size_t minutes_at = at + hours + 1;
  if (digits_from(text, minutes_at) != 2) return false;
  Reading next{reading.civil, kMinuteMs, {}, minutes_at + 2};
  next.civil.hour = *digits_at(text, at, hours);
  next.civil.minute = *digits_at(text, minutes_at, 2);
  if (next.end < text.size() && text[next.end] == separator && digits_from(text, next.end + 1) == 2) {
    next.civil.second = *digits_at(text, next.end + 1, 2);
    next.precision_ms = 1000;
    next.end += 3;
  }
  if (!read_half_day(text, next) || !wall_ms(next.civil)) return false;
  reading = next;
  return true;
}

void read_zone(std::string_view text, Reading& reading) {
  if (reading.precision_ms == kDayMs || reading.end >= text.size()) return;
  const std::string_view rest = text.substr(reading.end);
  for (const std::size_t length : {std::size_t{6}, std::size_t{5}, std::size_t{1}}) {
    if (rest.size() < length || (rest.size() > length && (is_digit(rest[length]) || is_letter(rest[length]))))
      continue;
    if (rest[0] == '-' && length == 5) continue;  // "-0001" is a counter
    if (const auto offset = parse_offset(rest.substr(0, length))) {
      reading.offset_minutes = offset;
      reading.end += length;
      return;
    }
  }
}

/// A time of day behind the date: after a separator, or after a short word (" at ", " um ", " في ").
void read_time_behind(std::string_view text, Reading& reading) {
  constexpr std::size_t kLongestGap = 12;
  const std::size_t date_end = reading.end;
  std::size_t at = date_end;
  while (at < text.size() && at - date_end < kLongestGap && !is_digit(text[at])) ++at;
  if (at == date_end || at >= text.size() || !is_digit(text[at])) return;
  const std::string_view gap = text.substr(date_end, at - date_end);
  const bool short_gap = gap.size() == 1 || gap == ", " || gap == " - ";
  // WhatsApp's counter ("-WA0003") and extensions (".3gp") are no times.
  if (gap.find("WA") != std::string_view::npos || (gap.ends_with('.') && !short_gap)) return;
  const std::size_t count = digits_from(text, at);
  if (short_gap && read_packed_time(text, at, count, reading)) return;
  read_parted_time(text, at, reading);
}

/// Hexadecimal names are full of digits: a bare date inside a word of such letters is none.
bool stands_free(std::string_view text, std::size_t begin, const Reading& reading) {
  if (reading.end < text.size() && is_digit(text[reading.end])) return false;
  if (reading.precision_ms < kDayMs) return true;
  if (reading.end < text.size() && is_letter(text[reading.end])) return false;
  if (begin == 0 || !is_letter(text[begin - 1])) return true;
  for (std::size_t i = begin; i > 0 && (is_letter(text[i - 1]) || is_digit(text[i - 1])); --i) {
    if (is_letter(text[i - 1]) && !is_hex_letter(text[i - 1])) return true;
  }
  return false;
}

/// YYYYMMDD alone, or with the time in the same run of digits.
std::optional<Reading> read_packed_date(std::string_view text, std::size_t at, std::size_t count) {
  if (count != 8 && count != 14 && count != 17) return std::nullopt;
  Reading reading;
  reading.civil = {.year = *digits_at(text, at, 4),
                   .month = *digits_at(text, at + 4, 2),
                   .day = *digits_at(text, at + 6, 2)};
  reading.end = at + 8;
  if (!is_plausible(reading.civil)) return std::nullopt;
  if (count > 8) {
    if (!read_packed_time(text, at + 8, count - 8, reading)) return std::nullopt;
  } else {
    read_time_behind(text, reading);
  }
  return reading;
}

/// YYYY-MM-DD with one of "-_. :" between.
std::optional<Reading> read_parted_date(std::string_view text, std::size_t at) {
  if (digits_from(text, at) != 4 || at + 10 > text.size()) return std::nullopt;
  const char separator = text[at + 4];
  if (std::string_view("-_.:").find(separator) == std::string_view::npos || text[at + 7] != separator)
    return std::nullopt;
  if (digits_from(text, at + 5) != 2 || digits_from(text, at + 8) != 2) return std::nullopt;
  Reading reading;
  reading.civil = {.year = *digits_at(text, at, 4),
                   .month = *digits_at(text, at + 5, 2),
                   .day = *digits_at(text, at + 8, 2)};
  reading.end = at + 10;
  if (!is_plausible(reading.civil)) return std::nullopt;
  // Signal Desktop and others go on with the same separator: 2017-09-11-083000, 2017-09-11-08-30-00.
  read_time_behind(text, reading);
  return reading;
}

/// Thirteen digits that are the whole stem, or stand behind "FB_IMG_": milliseconds since 1970.
std::optional<TimeClaim> read_unix_ms(std::string_view text, std::size_t at, std::size_t count) {
  constexpr std::int64_t kFirst = 1'104'537'600'000, kLast = 2'524'608'000'000;  // 2005 to 2050
  if (count != 13) return std::nullopt;
  const std::size_t end = at + count;
  const bool whole_stem = at == 0 && (end == text.size() || text[end] == '.');
  const bool facebook = at >= 7 && text.substr(at - 7, 7) == "FB_IMG_";
  if (!whole_stem && !facebook) return std::nullopt;
  std::int64_t ms = 0;
  for (std::size_t i = at; i < end; ++i) ms = ms * 10 + (text[i] - '0');
  if (ms < kFirst || ms > kLast) return std::nullopt;
  TimeClaim claim;
  claim.ms = ms;
  claim.basis = ZoneBasis::utc_by_format;
  claim.precision_ms = 1;
  return claim;
}

/// Where the raw text begins: with the program's prefix, since it tells what the date means (WhatsApp: of
/// sending).
std::size_t raw_begin(std::string_view text, std::size_t date_begin) {
  std::size_t begin = date_begin;
  while (begin > 0 && (is_letter(text[begin - 1]) || text[begin - 1] == '_' || text[begin - 1] == '-'))
    --begin;
  return date_begin - begin <= 16 ? begin : date_begin;
}

TimeClaim claim_from(std::string_view text, std::size_t begin, const Reading& reading) {
  TimeClaim claim;
  claim.ms = *wall_ms(reading.civil);
  claim.precision_ms = reading.precision_ms;
  if (reading.offset_minutes) {
    claim.offset_minutes = *reading.offset_minutes;
    claim.ms -= claim.offset_minutes * kMinuteMs;
    claim.basis = claim.offset_minutes == 0 ? ZoneBasis::utc_by_format : ZoneBasis::offset_recorded;
  } else if (begin >= 4 && text.substr(begin - 4, 4) == "PXL_" && reading.precision_ms < kDayMs) {
    claim.basis = ZoneBasis::utc_by_format;  // Pixel cameras name files in UTC
  }
  return claim;
}

std::size_t whatsapp_end(std::string_view text, std::size_t end) {
  if (text.substr(end, 3) != "-WA") return end;
  return end + 3 + digits_from(text, end + 3);
}

}  // namespace

std::vector<TimeClaim> times_in_name(std::string_view file_name) {
  std::vector<TimeClaim> claims;
  if (file_name.size() > kLongestName) return claims;
  const Plain plain = plain_digits(file_name);
  const std::string_view text = plain.text;
  const auto add = [&](TimeClaim claim, std::size_t begin, std::size_t end) {
    const std::size_t from = plain.origin[raw_begin(text, begin)];
    claim.field = "file name";
    claim.raw = std::string(file_name.substr(from, plain.origin[end] - from));
    claim.origin = TimeOrigin::file_name;
    claims.push_back(std::move(claim));
  };
  for (std::size_t at = 0; at < text.size() && claims.size() < kMostClaims;) {
    const std::size_t count = digits_from(text, at);
    if (count == 0) {
      ++at;
      continue;
    }
    auto reading = count == 4 ? read_parted_date(text, at) : read_packed_date(text, at, count);
    if (reading) read_zone(text, *reading);
    if (reading && stands_free(text, at, *reading)) {
      add(claim_from(text, at, *reading), at, whatsapp_end(text, reading->end));
      at = reading->end;
      continue;
    }
    if (auto claim = read_unix_ms(text, at, count)) add(std::move(*claim), at, at + count);
    at += count;
  }
  return claims;
}

}  // namespace dalil::media
