#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dalil::utf8 {

/// One step through text that may not be UTF-8.
struct Step {
  char32_t code_point;  ///< meaningful only if `valid`
  std::uint8_t size;    ///< bytes consumed: 1 for a byte that starts no well-formed sequence
  bool valid;
};

/// The character at the start of `text`, which must not be empty.
/// Well-formed as in Unicode's table 3-7: shortest form, no surrogates, at most U+10FFFF.
Step decode(std::string_view text);

/// Number of leading ASCII bytes.
std::size_t ascii_prefix(std::string_view text);

}  // namespace dalil::utf8
