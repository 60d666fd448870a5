#pragma once

#include <optional>
#include <string_view>

#include "dalil/media/facts.hpp"
#include "dalil/media/thumbnail.hpp"
#include "source.hpp"

namespace dalil::media {

/// Notes that something lies in [begin, size) of the source, behind the end of what its format describes: how
/// much, and what its first or last bytes show.
///
/// What devices themselves put there (padding with zeros, Samsung's and Insta360's trailers) becomes the
/// field "trailer"; anything else a sign.
void note_trailer(Source& source, std::uint64_t begin, MediaFacts& facts);
/// The same for what an index of the format names, for instance "2 pictures, by its index (MPF)".
void note_known_trailer(std::uint64_t size, std::string_view what, MediaFacts& facts);

/// What the frame header of a JPEG says.
struct JpegFrame {
  unsigned process = 0;  ///< 0: baseline, 1: extended, 2: progressive, 3: lossless ... (T.81, table B.1)
  unsigned depth = 0;    ///< bits a value
  PictureSize size;
};
/// Of the JPEG at [begin, end); absent if it has none.
std::optional<JpegFrame> jpeg_frame(Source& source, std::uint64_t begin, std::uint64_t end);
std::optional<PictureSize> jpeg_size(Source& source, std::uint64_t begin, std::uint64_t end);

/// Where the JPEG ends whose entropy-coded data begin at `at`: behind its EOI. Absent if there is none, or it
/// lies further than `limit` bytes away.
std::optional<std::uint64_t> end_of_jpeg(Source& source, std::uint64_t at, std::uint64_t limit);

}  // namespace dalil::media
