#pragma once

#include "dalil/media/facts.hpp"
#include "source.hpp"

namespace dalil::media {

/// With which directory a TIFF structure begins; Canon's CR3 keeps each in a structure of its own.
enum class FirstDirectory : std::uint8_t { image, photo, gps };

struct TiffOptions {
  FirstDirectory first = FirstDirectory::image;
  /// The structure is the picture itself (TIFF, DNG), not a part of one: its directories give width and
  /// height.
  bool is_picture = false;
};

/// Reads the TIFF structure at [base, base + length) of `source`: EXIF, GPS, and where XMP, IPTC and maker
/// notes lie.
///
/// Bounded: 64 directories of 1,024 entries, each directory once, texts of 4 KiB. False if there is no such
/// structure. Adds to `facts`; never throws but for lack of memory. Sources: TIFF 6.0, EXIF 2.32 (CIPA
/// DC-008).
bool read_tiff(Source& source, std::uint64_t base, std::uint64_t length, MediaFacts& facts, Packets& packets,
               TiffOptions options = {});

}  // namespace dalil::media
