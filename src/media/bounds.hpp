#pragma once

#include <cstddef>

#include "dalil/media/facts.hpp"

namespace dalil::media {

// Persistent limits of the encoding: raising one needs a new version.
inline constexpr std::size_t kMaxEncoded = 1 << 20;  ///< bytes
inline constexpr std::size_t kMaxEach = 512;         ///< claims, streams, fields, signs: of each
inline constexpr std::size_t kMaxText = 4096;        ///< bytes of one text
inline constexpr std::size_t kMaxName = 256;         ///< bytes of a field's name, a codec, a format

/// Well-formed UTF-8 of at most `limit` bytes, cut at a character, without NULs at its end. What is not UTF-8
/// but certainly Arabic in Windows-1256 is decoded and marked so; of anything else each byte that is not
/// UTF-8 is escaped as "\x9f". So are control characters; line breaks and tabs stay.
std::string clean_text(std::string_view raw, std::size_t limit = kMaxText);

/// The facts as `encode` writes them: texts cleaned and cut, surplus and impossible claims dropped.
MediaFacts bounded(MediaFacts facts);

}  // namespace dalil::media
