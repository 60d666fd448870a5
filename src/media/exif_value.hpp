#pragma once

#include <string>

#include "exif_names.hpp"
#include "tiff.hpp"

namespace dalil::media {

/// The value of an entry as text, whatever its type: texts cleaned, numbers and fractions ("1/100") parted by
/// blanks. Of lists the first sixteen, of long binary values the size. Empty if it lies outside.
std::string written_value(TiffReader& reader, const TiffEntry& entry, ExifGroup group);

}  // namespace dalil::media
