#include <unicode/uchar.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "utf8.hpp"

namespace dalil {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

void append_hex(std::string& out, char32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out.push_back(kHexDigits[value >> shift & 15]);
}

void escape_byte(std::string& out, char raw) {
  switch (raw) {
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\x";
      append_hex(out, static_cast<std::uint8_t>(raw), 2);
  }
}

void escape_code_point(std::string& out, char32_t code_point) {
  out += code_point > 0xffff ? "\\U" : "\\u";
  append_hex(out, code_point, code_point > 0xffff ? 8 : 4);
}

/// What moves, hides or reorders text on a screen. The joiners stay, since Persian and Indic spelling needs
/// them, and so do the Arabic number signs, which are format characters by name but are seen.
bool misleads_the_eye(char32_t code_point) {
  if (code_point == 0x200c || code_point == 0x200d) return false;
  switch (u_charType(static_cast<UChar32>(code_point))) {
    case U_CONTROL_CHAR:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
      return true;
    case U_FORMAT_CHAR:
      return !u_hasBinaryProperty(static_cast<UChar32>(code_point), UCHAR_PREPENDED_CONCATENATION_MARK);
    default:
      return false;
  }
}

bool is_plain_ascii(char c) {
  return c >= 0x20 && c < 0x7f && c != '\\';
}

bool has_no_width(UChar32 c) {
  const std::int8_t type = u_charType(c);
  if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_CONTROL_CHAR) return true;
  // Conjoining vowels and finals share the cell of their initial.
  if (c >= 0x1160 && c <= 0x11ff) return true;
  return type == U_FORMAT_CHAR && c != 0x00ad && !u_hasBinaryProperty(c, UCHAR_PREPENDED_CONCATENATION_MARK);
}

std::size_t columns_of(char32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  if (has_no_width(c)) return 0;
  const int width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_FULLWIDTH || width == U_EA_WIDE ? 2 : 1;
}

}  // namespace

std::string escape_for_display(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  while (!raw.empty()) {
    const auto plain_end = std::find_if_not(raw.begin(), raw.end(), is_plain_ascii);
    const auto plain = static_cast<std::size_t>(plain_end - raw.begin());
    out.append(raw.substr(0, plain));
    raw.remove_prefix(plain);
    if (raw.empty()) break;

    const utf8::Step step = utf8::decode(raw);
    if (step.size == 1) {
      escape_byte(out, raw.front());
    } else if (misleads_the_eye(step.code_point)) {
      escape_code_point(out, step.code_point);
    } else {
      out.append(raw.substr(0, step.size));
    }
    raw.remove_prefix(step.size);
  }
  return out;
}

std::size_t display_width(std::string_view utf8) {
  std::size_t columns = 0;
  while (!utf8.empty()) {
    const utf8::Step step = utf8::decode(utf8);
    const bool printable_ascii = step.size == 1 && utf8.front() >= 0x20 && utf8.front() < 0x7f;
    columns += printable_ascii || !step.valid ? 1 : columns_of(step.code_point);
    utf8.remove_prefix(step.size);
  }
  return columns;
}

}  // namespace dalil
