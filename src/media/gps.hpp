#pragma once

#include "dalil/media/facts.hpp"
#include "tiff.hpp"

namespace dalil::media {

/// EXIF's GPS directory: a place, a time in UTC, and what qualifies them.
///
/// A denominator of zero means that the receiver did not know: no claim. Zero degrees are kept as they are
/// given.
void read_gps(TiffReader& reader, const TiffDirectory& directory, MediaFacts& facts);

/// "+36.2021+037.1343+379.5/", also in degrees and minutes or with seconds. Source: ISO 6709:2008 annex H.
std::optional<PlaceClaim> parse_iso6709(std::string_view field, std::string_view text);

}  // namespace dalil::media
