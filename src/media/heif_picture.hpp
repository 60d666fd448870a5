#pragma once

#include <optional>
#include <string>

#include "dalil/media/fingerprint.hpp"
#include "dalil/media/thumbnail.hpp"
#include "heif_items.hpp"

namespace dalil::media {

/// A picture that a video decoder takes as one packet.
struct CodedPicture {
  std::uint32_t type = 0;  ///< of the item: hvc1, av01 ...
  Bytes configuration;     ///< the decoder's, as `hvcC` or `av1C` holds it
  std::vector<Extent> bytes;
};

/// What has to be decoded to see one picture of a HEIF file, and what is to be done with it then.
struct HeifPicture {
  /// Of the whole that the tiles make, before anything is cut off or turned.
  std::uint32_t width = 0, height = 0;
  std::uint32_t columns = 1, rows = 1;
  std::vector<CodedPicture> tiles;  ///< row by row; what is missing has no bytes
  /// What of it is to be seen (`clap`), before it is turned.
  Region window;
  /// How it is to be turned then (`irot`, `imir`), as EXIF counts orientations: 1 to 8. EXIF's own is not to
  /// be applied to these files: ISO/IEC 23008-12, and MIAF in 23000-22, put it all into properties.
  std::uint8_t orientation = 1;
  /// As `colr` of kind nclx says: ITU-T H.273's matrix coefficients, and whether 0 is black.
  struct Color {
    std::uint16_t matrix = 0;
    bool full_range = false;
  };
  std::optional<Color> color;
};

/// Pictures up to this size.
inline constexpr std::uint64_t kMostHeifPixels = 200'000'000;

enum class HeifChoice : std::uint8_t {
  primary,
  /// The primary's thumbnail, the largest if there are several. It is what whoever wrote the file put there:
  /// programs that edit a picture have been seen to leave the thumbnail as it was.
  thumbnail,
};

/// Knows items that are coded by themselves, and grids of such. Absent, and `problem` says why, for others
/// and for sizes of more than kMostHeifPixels.
std::optional<HeifPicture> find_heif_picture(Source& source, const HeifItems& items, HeifChoice choice,
                                             std::string& problem);

/// The bytes of those extents, joined; empty if they are more than the source hands out.
Bytes read_extents(Source& source, const std::vector<Extent>& extents);

}  // namespace dalil::media
