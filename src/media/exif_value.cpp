#include "exif_value.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bounds.hpp"
#include "exif_text.hpp"
#include "utf16.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMostNumbers = 16;
constexpr std::size_t kLongestBinary = 32;

// Types of TIFF 6.0.
constexpr std::uint16_t kByte = 1, kAscii = 2, kUrational = 5, kSignedByte = 6, kUndefined = 7, kSigned16 = 8,
                        kSigned32 = 9, kSrational = 10, kFloat = 11, kDouble = 12, kUtf8 = 129;

bool is_comment(ExifGroup group, std::uint16_t tag) {
  if (group == ExifGroup::gps) return tag == 27 || tag == 28;  // method, area
  return group == ExifGroup::photo && tag == 0x9286;
}

/// Windows' title, comment, author, keywords and subject: UTF-16 in bytes.
bool is_wide_text(ExifGroup group, std::uint16_t tag) {
  return group == ExifGroup::image && tag >= 0x9c9b && tag <= 0x9c9f;
}

bool is_printable(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string binary(TiffReader& reader, const TiffEntry& entry) {
  const ByteView raw = reader.bytes(entry, kMaxText);
  std::string_view text = as_chars(raw);
  while (text.ends_with('\0')) text.remove_suffix(1);
  if (is_printable(text)) return std::string(text);
  if (entry.size > kLongestBinary) return "(" + std::to_string(entry.size) + " bytes)";
  std::string out;
  for (const std::uint8_t byte : raw) out += (out.empty() ? "" : " ") + std::to_string(byte);
  return out;
}

std::string floating(TiffReader& reader, const TiffEntry& entry, std::size_t index) {
  const auto value = reader.floating(entry, index);
  if (!value) return {};
  if (!std::isfinite(*value)) return "not a number";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", *value);
  return text;
}

std::string one(TiffReader& reader, const TiffEntry& entry, std::size_t index) {
  switch (entry.type) {
    case kUrational:
    case kSrational: {
      const auto value = reader.rational(entry, index);
      return value ? std::to_string(value->numerator) + "/" + std::to_string(value->denominator)
                   : std::string();
    }
    case kFloat:
    case kDouble:
      return floating(reader, entry, index);
    default: {
      const auto value = reader.number(entry, index);
      if (!value) return {};
      const bool negative = entry.type == kSignedByte || entry.type == kSigned16 || entry.type == kSigned32;
      return negative ? std::to_string(static_cast<std::int32_t>(*value)) : std::to_string(*value);
    }
  }
}

std::string numbers(TiffReader& reader, const TiffEntry& entry) {
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(entry.count, kMostNumbers); ++i) {
    const std::string next = one(reader, entry, i);
    if (next.empty()) break;
    out += (out.empty() ? "" : " ") + next;
  }
  if (entry.count > kMostNumbers && !out.empty()) out += " ... (" + std::to_string(entry.count) + " values)";
  return out;
}

}  // namespace

std::string written_value(TiffReader& reader, const TiffEntry& entry, ExifGroup group) {
  if (entry.size == 0) return {};
  if (is_comment(group, entry.tag)) return exif_comment(reader.bytes(entry, kMaxText), reader.order());
  if (is_wide_text(group, entry.tag)) return utf16_text(reader.bytes(entry, kMaxText), ByteOrder::little);
  if (entry.type == kAscii || entry.type == kUtf8) return reader.text(entry);
  if (entry.type == kUndefined || (entry.type == kByte && entry.count > 1)) return binary(reader, entry);
  return numbers(reader, entry);
}

}  // namespace dalil::media
