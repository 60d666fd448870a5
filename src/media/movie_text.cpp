#include "movie_text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>

#include "bounds.hpp"
#include "civil.hpp"
#include "exif_text.hpp"
#include "gps.hpp"
#include "utf16.hpp"

namespace dalil::media {
namespace {

constexpr std::uint64_t kSecondsFrom1904To1970 = 2'082'844'800;
constexpr std::uint64_t kLastSecond = kSecondsFrom1904To1970 + 253'402'300'799;  // of the year 9999

struct KeyRow {
  std::string_view key, meaning;
};
constexpr std::array kKeys = {
    KeyRow{"com.apple.quicktime.creationdate", "date"},
    KeyRow{"com.apple.quicktime.location.ISO6709", "location"},
    KeyRow{"com.apple.quicktime.make", "make"},
    KeyRow{"com.apple.quicktime.model", "model"},
    KeyRow{"com.apple.quicktime.software", "software"},
    KeyRow{"com.android.manufacturer", "make"},
    KeyRow{"com.android.model", "model"},
};

void set_once(std::string& target, std::string value, const std::string& field, MediaFacts& facts) {
  if (target.empty()) {
    target = std::move(value);
  } else if (target != value) {
    facts.fields.push_back({field, std::move(value)});
  }
}

std::optional<TimeClaim> date_claim(const std::string& field, const std::string& value) {
  const auto reading = parse_reading(value);
  if (!reading) return std::nullopt;
  TimeClaim claim;
  claim.field = field;
  claim.raw = value;
  claim.precision_ms = reading->precision_ms;
  claim.offset_minutes = reading->offset_minutes.value_or(0);
  claim.basis = reading->offset_minutes ? ZoneBasis::offset_recorded : ZoneBasis::unknown_zone;
  claim.ms = reading->wall_ms - claim.offset_minutes * kMinuteMs;
  return claim;
}

// Types of values.
constexpr std::uint32_t kUtf8 = 1, kUtf16 = 2;

std::optional<std::string> whole_number(std::uint32_t type, ByteView raw) {
  constexpr std::uint32_t kSigned = 21, kUnsigned = 22;
  // Their own types have a fixed width, and these as many bytes as there are.
  const bool is_signed = type == kSigned || (type >= 65 && type <= 67) || type == 74;
  const bool is_unsigned = type == kUnsigned || (type >= 75 && type <= 78);
  if ((!is_signed && !is_unsigned) || raw.empty() || raw.size() > 8) return std::nullopt;
  std::uint64_t value = is_signed && raw[0] >= 0x80 ? UINT64_MAX : 0;
  for (const std::uint8_t byte : raw) value = value << 8 | byte;
  return is_signed ? std::to_string(static_cast<std::int64_t>(value)) : std::to_string(value);
}

std::optional<std::string> fraction(std::uint32_t type, ByteView raw) {
  constexpr std::uint32_t kFloat = 23, kDouble = 24;
  double value = 0;
  if (type == kFloat && raw.size() == 4)
    value = std::bit_cast<float>(load_u32(raw, 0));
  else if (type == kDouble && raw.size() == 8)
    value = std::bit_cast<double>(load_u64(raw.data()));
  else
    return std::nullopt;
  if (!std::isfinite(value)) return "not a number";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

std::string few_bytes(ByteView raw) {
  constexpr std::size_t kLongestBinary = 32;
  if (raw.size() > kLongestBinary) return "(" + std::to_string(raw.size()) + " bytes)";
  std::string out;
  for (const std::uint8_t byte : raw) out += (out.empty() ? "" : " ") + std::to_string(byte);
  return out;
}

std::string trimmed(std::string_view value) {
  value = value.substr(0, value.find('\0'));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\n')) value.remove_suffix(1);
  return clean_text(value);
}

}  // namespace

std::optional<TimeClaim> quicktime_time(std::string field, std::uint64_t seconds) {
  if (seconds == 0 || seconds > kLastSecond) return std::nullopt;
  TimeClaim claim;
  claim.field = std::move(field);
  claim.raw = std::to_string(seconds);
  claim.ms = (static_cast<std::int64_t>(seconds) - static_cast<std::int64_t>(kSecondsFrom1904To1970)) * 1000;
  claim.basis = ZoneBasis::utc_claimed;
  return claim;
}

std::string_view meaning_of_key(std::string_view key) {
  for (const auto& row : kKeys) {
    if (row.key == key) return row.meaning;
  }
  return {};
}

void add_movie_text(const std::string& field, std::string_view meaning, std::string value,
                    MediaFacts& facts) {
  value = trimmed(value);
  if (value.empty()) return;
  if (meaning == "make") return set_once(facts.make, std::move(value), field, facts);
  if (meaning == "model") return set_once(facts.model, std::move(value), field, facts);
  if (meaning == "software" || meaning == "encoder")
    return set_once(facts.software, std::move(value), field, facts);
  if (meaning == "date") {
    if (auto claim = date_claim(field, value)) {
      facts.times.push_back(std::move(*claim));
      return;
    }
  }
  if (meaning == "location") {
    if (auto claim = parse_iso6709(field, value)) {
      facts.places.push_back(std::move(*claim));
      return;
    }
  }
  facts.fields.push_back({field, std::move(value)});
}

bool is_metadata_text(std::uint32_t type) {
  return type == kUtf8 || type == kUtf16;
}

std::string metadata_value(std::uint32_t type, ByteView raw) {
  const std::string_view text = as_chars(raw);
  if (type == kUtf8) return std::string(text);
  if (type == kUtf16) {  // big-endian
    return utf16_text_of_any_order(raw, ByteOrder::big);
  }
  if (const auto number = whole_number(type, raw)) return *number;
  if (const auto number = fraction(type, raw)) return *number;
  if (raw.size() >= 4 && std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; }))
    return std::string(text);
  return few_bytes(raw);
}

std::string text_3gpp(std::string_view raw) {
  if (raw.starts_with("\xfe\xff") || raw.starts_with("\xff\xfe"))
    return utf16_text_of_any_order(as_bytes(raw), ByteOrder::big);
  return std::string(raw.substr(0, raw.find('\0')));
}

std::optional<PlaceClaim> parse_loci(std::string_view field, ByteView body) {
  constexpr std::size_t kHead = 6;  // version and flags, language
  if (body.size() < kHead) return std::nullopt;
  const std::string_view rest = as_chars(body.subspan(kHead));
  std::size_t name_size = rest.find('\0');
  if (rest.starts_with("\xfe\xff")) {
    for (name_size = 2; name_size + 2 <= rest.size() && (rest[name_size] != 0 || rest[name_size + 1] != 0);)
      name_size += 2;
    ++name_size;
  }
  if (name_size == std::string_view::npos || rest.size() < name_size + 1 + 13) return std::nullopt;
  const ByteView numbers = body.subspan(kHead + name_size + 2);  // the terminator, the role
  const auto fixed = [&](std::size_t at) {
    return static_cast<std::int32_t>(load_u32(numbers, at)) / 65536.0;
  };
  if (numbers.size() < 12) return std::nullopt;
  PlaceClaim claim;
  claim.field = field;
  claim.longitude = fixed(0);
  claim.latitude = fixed(4);
  claim.altitude_m = fixed(8);
  claim.raw = std::to_string(claim.latitude) + " " + std::to_string(claim.longitude) + " " +
              text_3gpp(rest.substr(0, name_size));
  if (claim.latitude < -90 || claim.latitude > 90 || claim.longitude < -180 || claim.longitude > 180)
    return std::nullopt;
  return claim;
}

}  // namespace dalil::media
