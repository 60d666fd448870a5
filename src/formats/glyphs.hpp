#pragma once

#include <array>
#include <cstdint>

namespace dalil::formats {

inline constexpr std::uint32_t kGlyphColumns = 5, kGlyphRows = 7;
/// From the top; the left column is the highest of kGlyphColumns bits.
using Glyph = std::array<std::uint8_t, kGlyphRows>;

/// How a digit, a small letter or a sign looks; a box for anything else.
const Glyph& glyph_of(char character);

}  // namespace dalil::formats
