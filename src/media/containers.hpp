#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dalil/media/facts.hpp"
#include "source.hpp"

namespace dalil::media {

/// AVI and WAV: what libavformat does not tell, or not rightly, of when they were made (IDIT, ICRD, bext),
/// and where XMP lies. Bounded: the first thousand chunks. Adds to `facts`. Sources: Microsoft's RIFF MCI of
/// 1991, EXIF 2.32 section 5, EBU Tech 3285.
void read_riff(Source& source, MediaFacts& facts, Packets& packets);

/// The creation date of ASF (WMV, WMA). Source: Microsoft's ASF specification 01.20.03, section 3.2.
void read_asf(Source& source, MediaFacts& facts, Packets& packets);

/// A time as cameras write it into IDIT: "Mon Mar 10 15:04:43 2003", "2005:08:17 11:42:43",
/// "2001/ 1/27  1:42PM". RIFF names no zone, so it is of none unless one is written. Absent if it is no time.
std::optional<TimeClaim> riff_time(std::string_view field, std::string_view text);

}  // namespace dalil::media
