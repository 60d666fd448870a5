#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dalil/merkle/note.hpp"

namespace dalil::merkle {

/// No note, checkpoint or proof that is read may be larger.
inline constexpr std::size_t kNoteLimitBytes = std::size_t{1} << 20;

/// What a signed note may consist of: UTF-8 without control characters but LF.
bool is_note_text(std::string_view text);

/// UTF-8, not empty, no Unicode space, no "+", no control character.
bool is_key_name(std::string_view name);

/// Cuts off the first line, without its LF. Absent if there is no LF.
std::optional<std::string_view> take_line(std::string_view& rest);

/// Decimal digits without leading zeros.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

/// A hash as one line of base64.
std::optional<Digest> parse_hash(std::string_view base64);

/// What a cosigner signs: cosignature/v1, the time, the checkpoint.
std::string cosigned_message(std::string_view note_text, std::uint64_t unix_seconds);

/// True if it is right. A signature of the wrong length for the key's type is wrong.
bool verifies(const NoteSignature& signature, std::string_view note_text, const NoteKey& key);

}  // namespace dalil::merkle
