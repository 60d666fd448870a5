#include "bounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "dalil/base/text.hpp"
#include "legacy_text.hpp"

namespace dalil::media {
namespace {

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

bool is_control(unsigned char c) {
  return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
}

/// "\\x9f", as escape_for_display() has it.
std::array<char, 4> escape(unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

/// Whether some of eight characters is none of printable ASCII.
bool has_odd(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x80 * kOnes;
  const std::uint64_t below_space = (eight - 0x20 * kOnes) & ~eight, delete_sign = eight + kOnes;
  return ((eight | delete_sign | below_space) & kHigh) != 0;
}

/// Length of the beginning that is printable ASCII, in whole eights.
std::size_t plain_prefix(std::string_view text) {
  std::size_t size = 0;
  for (; size + sizeof(std::uint64_t) <= text.size(); size += sizeof(std::uint64_t)) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + size, sizeof eight);
    if (has_odd(eight)) break;
  }
  return size;
}

/// Whether clean_text() would leave it as it is, as nearly every text.
bool is_clean(std::string_view text, std::size_t limit) {
  if (text.size() > limit) return false;
  text.remove_prefix(plain_prefix(text));
  return std::ranges::none_of(text, [](char c) { return is_control(static_cast<unsigned char>(c)); }) &&
         is_utf8(text);
}

void clean(std::string& text, std::size_t limit = kMaxText) {
  if (!is_clean(text, limit)) text = clean_text(text, limit);
}

template <typename T>
void keep_first(std::vector<T>& list) {
  if (list.size() > kMaxEach) list.resize(kMaxEach);
}

/// Four-digit years, so that every time can be written as RFC 3339.
bool is_possible(const TimeClaim& claim) {
  constexpr std::int64_t kFirst = -62'135'596'800'000, kLast = 253'402'300'799'999;
  if (claim.ms < kFirst || claim.ms > kLast) return false;
  if (claim.offset_minutes < -15 * 60 || claim.offset_minutes > 15 * 60) return false;
  return claim.precision_ms > 0;
}

bool is_possible(const PlaceClaim& claim) {
  return std::isfinite(claim.latitude) && std::isfinite(claim.longitude) && std::abs(claim.latitude) <= 90 &&
         std::abs(claim.longitude) <= 180;
}

void bound_places(std::vector<PlaceClaim>& places) {
  std::erase_if(places, [](const PlaceClaim& claim) { return !is_possible(claim); });
  keep_first(places);
  for (auto& claim : places) {
    clean(claim.field, kMaxName);
    clean(claim.raw);
    if (claim.altitude_m && !std::isfinite(*claim.altitude_m)) claim.altitude_m.reset();
    if (claim.direction_deg && !std::isfinite(*claim.direction_deg)) claim.direction_deg.reset();
  }
}

}  // namespace

std::string clean_text(std::string_view raw, std::size_t limit) {
  while (raw.ends_with('\0')) raw.remove_suffix(1);
  std::string arabic;
  if (!is_utf8(raw)) {
    // Two bytes a letter, and the mark of the code page, which should not be what is cut off.
    constexpr std::size_t kMark = 16;
    const std::size_t fits = limit < kMark ? 0 : (limit - kMark) / 2;
    if (auto decoded = from_windows_1256(raw.substr(0, fits))) raw = arabic = std::move(*decoded);
  }
  std::string out;
  out.reserve(std::min(raw.size(), limit));
  while (!raw.empty()) {
    std::size_t length = sequence_length(static_cast<unsigned char>(raw[0]));
    std::string_view piece = raw.substr(0, length);
    const bool good = length != 0 && piece.size() == length && is_utf8(piece) &&
                      !is_control(static_cast<unsigned char>(raw[0]));
    std::array<char, 4> escaped;
    if (!good) {
      escaped = escape(static_cast<unsigned char>(raw[0]));
      piece = {escaped.data(), escaped.size()};
      length = 1;
    }
    if (out.size() + piece.size() > limit) break;
    out += piece;
    raw.remove_prefix(length);
  }
  return out;
}

MediaFacts bounded(MediaFacts facts) {
  clean(facts.format, kMaxName);
  for (std::string* text : {&facts.make, &facts.model, &facts.serial, &facts.software, &facts.problem})
    clean(*text);
  if (facts.orientation > 8) facts.orientation = 0;
  if (facts.duration_ms < 0) facts.duration_ms = 0;
  std::erase_if(facts.times, [](const TimeClaim& claim) { return !is_possible(claim); });
  keep_first(facts.times);
  for (auto& claim : facts.times) {
    clean(claim.field, kMaxName);
    clean(claim.raw);
  }
  bound_places(facts.places);
  keep_first(facts.streams);
  for (auto& stream : facts.streams) {
    clean(stream.codec, kMaxName);
    if (stream.duration_ms < 0) stream.duration_ms = 0;
  }
  keep_first(facts.signs);
  for (auto& sign : facts.signs) clean(sign);
  keep_first(facts.fields);
  for (auto& field : facts.fields) {
    clean(field.name, kMaxName);
    clean(field.value);
  }
  return facts;
}

}  // namespace dalil::media
