#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dalil/media/facts.hpp"
#include "source.hpp"

namespace dalil::media {

/// A claim from EXIF's date, its fraction of a second and its zone (each may be empty). Absent unless the
/// date is one.
std::optional<TimeClaim> exif_time(std::string_view field, std::string_view date, std::string_view fraction,
                                   std::string_view offset, std::optional<int> fallback_minutes);

/// UserComment: eight bytes name the character code, the rest is the text.
std::string exif_comment(ByteView raw, ByteOrder order);

}  // namespace dalil::media
