#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dalil/base/bytes.hpp"

namespace dalil {

std::string to_hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view text);

/// RFC 4648 section 4. Encoding pads unless told not to.
enum class Padding { with, without };
std::string to_base64(ByteView bytes, Padding padding = Padding::with);
/// Strict: absent on a foreign character, wrong padding or non-zero trailing bits (as age and C2SP ask).
std::optional<Bytes> from_base64(std::string_view text, Padding padding = Padding::with);

/// True for well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
bool is_utf8(std::string_view text);

/// For a person's eyes: control characters, line breaks, bidirectional controls and other invisible format
/// characters, and bytes that are not UTF-8 become visible escapes; letters of every script stay, and so do
/// the joiners that Persian spelling needs. Reversible: \n \r \t, \x9f for a byte, \u202e and \U000e0041 for
/// a character, and `\` becomes `\\`.
std::string escape_for_display(std::string_view raw);

/// Columns that the text takes in a terminal (East Asian width, zero for marks, one for a byte that is not
/// UTF-8).
std::size_t display_width(std::string_view utf8);

/// The form that searches compare: NFKC, case folded, Latin diacritics dropped; Arabic without tatweel and
/// vowel signs, alef forms to bare alef, ya and alef maqsura alike, ta marbuta as ha, hamza carriers to their
/// letter, Eastern digits (of every script) to ASCII, the ya and kaf of Persian keyboards to the Arabic ones;
/// runs of white space to one blank. Bytes that are not UTF-8 become U+FFFD. Folding twice is folding once.
std::string fold_for_search(std::string_view raw);

/// The form of texts that are looked through, and of what is looked for in them: as fold_for_search, and
/// signs on which spellings disagree are gone, too. Apostrophes and what transliterations write for them (' `
/// \u2018 \u2019 \u02bb \u02bc \u02be \u02bf \u2032 ...) are dropped; hyphens, dashes up to the length of an
/// en dash and underscores are blanks; the Arabic comma, semicolon, question mark and full stop are the ASCII
/// ones, and quotation marks are '"'. Folding twice is folding once.
std::string fold_text(std::string_view raw);

/// Equal for names that differ in case and Unicode form only, as file systems compare that do not tell case
/// apart (full case folding, then canonical composition); absent when the input is not UTF-8.
std::optional<std::string> fold_case(std::string_view utf8);

/// Unicode canonical composition; absent when the input is not UTF-8.
std::optional<std::string> to_nfc(std::string_view utf8);

}  // namespace dalil
