#include "dalil/base/shell.hpp"

#include <algorithm>

#include "dalil/base/text.hpp"

namespace dalil {
namespace {

/// Of ASCII; a letter of any other script needs no quotes either.
bool is_harmless(char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || (c & 0x80) != 0 || std::string_view("%+,-./:@_").find(c) != std::string_view::npos;
}

/// What a backslash stands before in the display is shown by number; it is one itself, and shown as it is.
bool is_shown_as_it_is(std::string_view raw) {
  std::string without;
  std::ranges::remove_copy(raw, std::back_inserter(without), '\\');
  return escape_for_display(without) == without;
}

std::string numbered(std::string_view raw) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string out = "$'";
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      out += {'\\', c};
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    }
  }
  return out + "'";
}

}  // namespace

std::string shell_word(std::string_view raw) {
  if (!is_shown_as_it_is(raw)) return numbered(raw);
  if (!raw.empty() && std::ranges::all_of(raw, is_harmless)) return std::string(raw);
  std::string out = "'";
  for (const char c : raw) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace dalil
