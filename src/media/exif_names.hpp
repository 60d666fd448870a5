#pragma once

#include <cstdint>
#include <string>

namespace dalil::media {

enum class ExifGroup : std::uint8_t { image, photo, gps, interoperability };

/// "Exif.Photo.ExposureTime", as Exiv2 calls it; "Exif.Photo.0x9999" for a tag that no standard names.
std::string exif_name(ExifGroup group, std::uint16_t tag);

}  // namespace dalil::media
