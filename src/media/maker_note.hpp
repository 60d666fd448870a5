#pragma once

#include <string>
#include <string_view>

#include "tiff.hpp"

namespace dalil::media {

/// The camera's serial number as its maker prints it, from the notes of Canon and Nikon, which need no
/// library. Empty for other makers, or if it is not there.
std::string serial_in_note(TiffReader& reader, Source& source, const TiffEntry& note, std::string_view make,
                           std::string_view model);

/// Canon keeps a number and prints it with leading zeros, how many depends on the model; the D30 half in
/// hexadecimal.
std::string canon_serial(std::uint32_t number, std::string_view model);

}  // namespace dalil::media
