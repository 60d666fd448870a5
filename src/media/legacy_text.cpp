#include "legacy_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "utf16.hpp"

namespace dalil::media {
namespace {

/// The upper half of the code page. Source: Unicode's mapping CP1256.TXT.
constexpr std::array<std::uint16_t, 128> kUpperHalf = {
    0x20ac, 0x067e, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0679, 0x2039, 0x0152,
    0x0686, 0x0698, 0x0688, 0x06af, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x06a9, 0x2122,
    0x0691, 0x203a, 0x0153, 0x200c, 0x200d, 0x06ba, 0x00a0, 0x060c, 0x00a2, 0x00a3, 0x00a4, 0x00a5, 0x00a6,
    0x00a7, 0x00a8, 0x00a9, 0x06be, 0x00ab, 0x00ac, 0x00ad, 0x00ae, 0x00af, 0x00b0, 0x00b1, 0x00b2, 0x00b3,
    0x00b4, 0x00b5, 0x00b6, 0x00b7, 0x00b8, 0x00b9, 0x061b, 0x00bb, 0x00bc, 0x00bd, 0x00be, 0x061f, 0x06c1,
    0x0621, 0x0622, 0x0623, 0x0624, 0x0625, 0x0626, 0x0627, 0x0628, 0x0629, 0x062a, 0x062b, 0x062c, 0x062d,
    0x062e, 0x062f, 0x0630, 0x0631, 0x0632, 0x0633, 0x0634, 0x0635, 0x0636, 0x00d7, 0x0637, 0x0638, 0x0639,
    0x063a, 0x0640, 0x0641, 0x0642, 0x0643, 0x00e0, 0x0644, 0x00e2, 0x0645, 0x0646, 0x0647, 0x0648, 0x00e7,
    0x00e8, 0x00e9, 0x00ea, 0x00eb, 0x0649, 0x064a, 0x00ee, 0x00ef, 0x064b, 0x064c, 0x064d, 0x064e, 0x00f4,
    0x064f, 0x0650, 0x00f7, 0x0651, 0x00f9, 0x0652, 0x00fb, 0x00fc, 0x200e, 0x200f, 0x06d2,
};

std::uint16_t character_of(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte < 0x80 ? byte : kUpperHalf[byte - 0x80];
}

bool is_arabic_letter(char c) {
  const std::uint16_t code = character_of(c);
  return code >= 0x0621 && code <= 0x06d2;  // vowel signs and tatweel among them
}

/// What stands between words: punctuation and quotation marks, blanks that do not break, joiners.
bool is_punctuation(char c) {
  const std::uint16_t code = character_of(c);
  return code == 0x060c || code == 0x061b || code == 0x061f || code == 0xab || code == 0xbb || code == 0xa0 ||
         (code >= 0x200c && code <= 0x2026);
}

/// Lam, mim, nun, ha, waw, ya: a third of the letters of any Arabic text. Cyrillic in its code pages has
/// letters where Arabic has others.
bool is_frequent(char c) {
  return std::string_view("\xe1\xe3\xe4\xe5\xe6\xed").find(c) != std::string_view::npos;
}

bool is_latin(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_arabic(std::string_view raw) {
  constexpr std::size_t kShortestWord = 3, kSurelyWithFrequent = 12;
  std::size_t letters = 0, foreign = 0, frequent = 0, run = 0, longest = 0;
  char before = ' ';
  for (const char c : raw) {
    const bool letter = is_arabic_letter(c);
    if ((letter && is_latin(before)) || (is_latin(c) && is_arabic_letter(before))) return false;
    if (static_cast<std::uint8_t>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') return false;
    run = letter ? run + 1 : 0;
    longest = std::max(longest, run);
    letters += letter;
    frequent += is_frequent(c);
    foreign += static_cast<std::uint8_t>(c) >= 0x80 && !letter && !is_punctuation(c);
    before = c;
  }
  return longest >= kShortestWord && foreign * 20 <= letters &&
         (frequent > 0 || letters < kSurelyWithFrequent);
}

}  // namespace

std::optional<std::string> from_windows_1256(std::string_view raw) {
  while (raw.ends_with('\0')) raw.remove_suffix(1);
  if (!is_arabic(raw)) return std::nullopt;
  std::string out;
  for (const char c : raw) append_utf8(out, character_of(c));
  return out + " [Windows-1256]";
}

}  // namespace dalil::media
