#pragma once

#include <optional>
#include <string_view>

#include "dalil/media/thumbnail.hpp"
#include "source.hpp"

namespace dalil::media {

/// A JPEG that a camera put into its raw file.
struct RawPreview {
  Extent jpeg;
  PictureSize size;
};

/// Whether files of this format are looked at by their preview.
bool has_raw_preview(std::string_view format);

/// The preview with the most pixels that an ordinary JPEG decoder takes: in the directories of TIFF and those
/// below them, in the maker notes of Nikon and Olympus, in Panasonic's own tags, in Fujifilm's header, in
/// Canon's PRVW box and JPEG track. Absent if there is none. Bounded as reading metadata is; never throws but
/// for lack of memory.
std::optional<RawPreview> find_raw_preview(Source& source, std::string_view format);

}  // namespace dalil::media
