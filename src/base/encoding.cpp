#include <array>

#include "dalil/base/text.hpp"

namespace dalil {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kForeign = 0xff;

constexpr std::array<std::uint8_t, 256> make_hex_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kForeign);
  for (std::uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<std::uint8_t>(10 + i);
  return values;
}

constexpr std::array<std::uint8_t, 256> make_base64_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kForeign);
  for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<std::uint8_t>(kBase64Digits[i])] = i;
  return values;
}

constexpr auto kHexValues = make_hex_values();
constexpr auto kBase64Values = make_base64_values();

/// Decodes the digits alone; the padding is gone already.
std::optional<Bytes> decode_base64_digits(std::string_view digits) {
  if (digits.size() % 4 == 1) return std::nullopt;
  Bytes out;
  out.reserve(digits.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (const char digit : digits) {
    const std::uint8_t value = kBase64Values[static_cast<std::uint8_t>(digit)];
    if (value == kForeign) return std::nullopt;
    bits = bits << 6 | value;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    out.push_back(static_cast<std::uint8_t>(bits >> bit_count));
  }
  const std::uint32_t trailing = bits & ((1u << bit_count) - 1);
  if (trailing != 0) return std::nullopt;
  return out;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string text(bytes.size() * 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = kHexDigits[bytes[i] >> 4];
    text[2 * i + 1] = kHexDigits[bytes[i] & 15];
  }
  return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out(text.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint8_t high = kHexValues[static_cast<std::uint8_t>(text[2 * i])];
    const std::uint8_t low = kHexValues[static_cast<std::uint8_t>(text[2 * i + 1])];
    if (high == kForeign || low == kForeign) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return out;
}

std::string to_base64(ByteView bytes, Padding padding) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k <= count; ++k) text.push_back(kBase64Digits[group >> (18 - 6 * k) & 63]);
    if (padding == Padding::with) text.append(3 - count, '=');
  }
  return text;
}

std::optional<Bytes> from_base64(std::string_view text, Padding padding) {
  if (padding == Padding::without) return decode_base64_digits(text);
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode_base64_digits(text);
}

}  // namespace dalil
