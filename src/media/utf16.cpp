#include "utf16.hpp"

#include <algorithm>
#include <array>

#include "bounds.hpp"

namespace dalil::media {
namespace {

enum class Script : std::uint8_t { none, latin, arabic, hebrew, cyrillic, greek, east_asian, other };

/// A range of code units, and how much one of them speaks for the order in which it was read.
struct Range {
  std::uint16_t first, last;
  Script script;
  int weight;
};
constexpr int kLetter = 3, kHan = 2, kSign = 1, kRare = -1, kNoCharacter = -4;
/// Each script beside the first one. Names of places in Latin letters within Arabic are usual, so it is
/// small.
constexpr int kMixed = -2;
constexpr std::array kRanges = {
    Range{0x0001, 0x0008, Script::none, kNoCharacter},
    Range{0x0009, 0x000d, Script::none, kSign},
    Range{0x000e, 0x001f, Script::none, kNoCharacter},
    Range{0x0020, 0x0040, Script::none, kHan},
    Range{0x0041, 0x005a, Script::latin, kLetter},
    Range{0x005b, 0x0060, Script::none, kSign},
    Range{0x0061, 0x007a, Script::latin, kLetter},
    Range{0x007b, 0x007e, Script::none, kSign},
    Range{0x007f, 0x009f, Script::none, kNoCharacter},
    Range{0x00a0, 0x00bf, Script::none, kSign},
    Range{0x00c0, 0x024f, Script::latin, kHan},
    Range{0x0370, 0x03ff, Script::greek, kLetter},
    Range{0x0400, 0x04ff, Script::cyrillic, kLetter},
    Range{0x05d0, 0x05ea, Script::hebrew, kLetter},
    Range{0x060c, 0x061f, Script::arabic, kSign},
    Range{0x0620, 0x064a, Script::arabic, kLetter},
    Range{0x064b, 0x065f, Script::arabic, kSign},
    Range{0x0660, 0x0669, Script::arabic, kLetter},
    Range{0x066a, 0x06d3, Script::arabic, kLetter},
    Range{0x06f0, 0x06f9, Script::arabic, kLetter},
    Range{0x0750, 0x077f, Script::arabic, kSign},
    Range{0x2000, 0x206f, Script::none, kSign},
    Range{0x3000, 0x303f, Script::none, kHan},
    Range{0x3040, 0x30ff, Script::east_asian, kHan},
    Range{0x3400, 0x4dbf, Script::east_asian, kRare},
    Range{0x4e00, 0x9fff, Script::east_asian, kHan},
    Range{0xac00, 0xd7a3, Script::east_asian, kHan},
    Range{0xd800, 0xdfff, Script::other, kRare},  // half of a character
    Range{0xe000, 0xf8ff, Script::none, kNoCharacter},
    Range{0xfb50, 0xfdcf, Script::arabic, kSign},
    Range{0xfe70, 0xfefc, Script::arabic, kSign},
    Range{0xff01, 0xffef, Script::none, kSign},
    Range{0xfffe, 0xffff, Script::none, kNoCharacter},
};
constexpr Range kElsewhere{0, 0xffff, Script::other, 0};

const Range& range_of(std::uint16_t unit) {
  const auto found = std::ranges::lower_bound(kRanges, unit, {}, &Range::last);
  return found != kRanges.end() && unit >= found->first ? *found : kElsewhere;
}

int weight_of(ByteView raw, ByteOrder order) {
  int weight = 0;
  unsigned scripts = 0;
  for (std::size_t at = 0; at + 2 <= raw.size(); at += 2) {
    const std::uint16_t unit = load_u16(raw, at, order);
    if (unit == 0) break;
    const Range& range = range_of(unit);
    weight += range.weight;
    if (range.script == Script::none) continue;
    const unsigned bit = 1u << static_cast<unsigned>(range.script);
    if (scripts != 0 && (scripts & bit) == 0) weight += kMixed;
    scripts |= bit;
  }
  return weight;
}

std::string until_nul(ByteView raw, ByteOrder order) {
  std::string out;
  for (std::size_t at = 0; at + 2 <= raw.size(); at += 2) {
    std::uint32_t code = load_u16(raw, at, order);
    if (code == 0) break;
    if (code >= 0xd800 && code < 0xdc00 && at + 4 <= raw.size()) {
      const std::uint32_t low = load_u16(raw, at + 2, order);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at += 2;
      }
    }
    append_utf8(out, code);
  }
  return out;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t code) {
  if ((code >= 0xd800 && code < 0xe000) || code > 0x10ffff) code = 0xfffd;
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr std::uint32_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out.push_back(static_cast<char>(kLead[more] | code >> 6 * more));
  for (int i = more - 1; i >= 0; --i) out.push_back(static_cast<char>(0x80 | (code >> 6 * i & 0x3f)));
}

std::string utf16_text(ByteView raw, ByteOrder order) {
  std::string out = until_nul(raw, order);
  while (!out.empty() && (out.back() == ' ' || out.back() == '\n' || out.back() == '\r')) out.pop_back();
  return clean_text(out);
}

ByteOrder likelier_order(ByteView raw, ByteOrder presumed) {
  const ByteOrder other = presumed == ByteOrder::little ? ByteOrder::big : ByteOrder::little;
  return weight_of(raw, other) > weight_of(raw, presumed) ? other : presumed;
}

std::string utf16_text_of_any_order(ByteView raw, ByteOrder presumed) {
  const std::string_view text = as_chars(raw);
  if (text.starts_with("\xff\xfe")) return utf16_text(raw.subspan(2), ByteOrder::little);
  if (text.starts_with("\xfe\xff")) return utf16_text(raw.subspan(2), ByteOrder::big);
  return utf16_text(raw, likelier_order(raw, presumed));
}

std::string xml_in_utf8(ByteView packet) {
  constexpr std::string_view kPadding("\0 \r\n\t", 5);
  std::string text(as_chars(packet));
  if (text.starts_with("\xfe\xff") || text.starts_with(std::string_view("\0<", 2)))
    text = until_nul(packet, ByteOrder::big);
  else if (text.starts_with("\xff\xfe") || text.starts_with(std::string_view("<\0", 2)))
    text = until_nul(packet, ByteOrder::little);
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  if (const std::size_t end = text.find("?>"); text.starts_with("<?xml ") && end != std::string::npos)
    text.erase(0, end + 2);
  text.erase(text.find_last_not_of(kPadding) + 1);
  return text;
}

}  // namespace dalil::media
