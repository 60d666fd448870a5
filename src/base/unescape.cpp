#include "dalil/base/unescape.hpp"

#include <charconv>
#include <cstdint>

#include "dalil/base/text.hpp"

namespace dalil {
namespace {

/// How many digits follow the letter of an escape.
std::size_t digits_after(char letter) {
  switch (letter) {
    case 'x':
      return 2;
    case 'u':
      return 4;
    case 'U':
      return 8;
    default:
      return 0;
  }
}

/// What one letter stands for; absent for no escape.
std::optional<char> single(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '\\':
      return '\\';
    default:
      return std::nullopt;
  }
}

/// `value` <= 0x10ffff. Surrogates come out as bytes that are no text, and so as a form that is never shown.
void append_utf8(std::string& out, std::uint32_t value) {
  const auto continued = [&](int shift) { out += static_cast<char>(0x80 | (value >> shift & 0x3f)); };
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xc0 | value >> 6);
    continued(0);
  } else if (value < 0x10000) {
    out += static_cast<char>(0xe0 | value >> 12);
    continued(6);
    continued(0);
  } else {
    out += static_cast<char>(0xf0 | value >> 18);
    continued(12);
    continued(6);
    continued(0);
  }
}

/// Undoes the escape at the beginning of `shown`, after its backslash, and takes it away.
bool undo_one(std::string& raw, std::string_view& shown) {
  if (shown.empty()) return false;
  const char letter = shown.front();
  const std::size_t digits = digits_after(letter);
  if (digits == 0) {
    const auto character = single(letter);
    if (!character) return false;
    raw += *character;
  } else {
    std::uint32_t value = 0;
    const std::string_view text = shown.substr(1, digits);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() != digits || error != std::errc() || end != text.data() + digits) return false;
    if (letter == 'x')
      raw += static_cast<char>(value);
    else if (value <= 0x10ffff)
      append_utf8(raw, value);
    else
      return false;
  }
  shown.remove_prefix(1 + digits);
  return true;
}

}  // namespace

std::optional<std::string> unescape_displayed(std::string_view shown) {
  const std::string_view whole = shown;
  std::string raw;
  while (!shown.empty()) {
    const auto backslash = shown.find('\\');
    raw += shown.substr(0, backslash);
    if (backslash == std::string_view::npos) break;
    shown.remove_prefix(backslash + 1);
    if (!undo_one(raw, shown)) return std::nullopt;
  }
  if (escape_for_display(raw) != whole) return std::nullopt;
  return raw;
}

}  // namespace dalil
