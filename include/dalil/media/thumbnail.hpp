#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"

/// Small pictures of what a file shows, made by the sandboxed worker (docs/pictures.md). Bytes:
/// docs/formats/thumbnails.md.
namespace dalil::media {

/// The longer side, in pixels, at most.
inline constexpr std::uint32_t kThumbnailSide = 256;
/// Frames of a video, at most.
inline constexpr std::size_t kMostThumbnails = 9;
/// Of one picture.
inline constexpr std::size_t kMostJpegBytes = 64 << 10;

struct PictureSize {
  std::uint32_t width = 0, height = 0;
  bool operator==(const PictureSize&) const = default;
};

/// The size of a JPEG as the worker writes them: baseline, 8 bits, one or three components, a JFIF header of
/// nothing but constants, tables, one scan, and nothing before, between or behind these. Absent for anything
/// else, and for one that is larger than a thumbnail may be. What the scan holds is not looked at: whoever
/// shows it decodes it.
std::optional<PictureSize> size_of_plain_jpeg(ByteView bytes);

/// One picture, turned upright.
struct Thumbnail {
  std::uint32_t time_ms = 0;  ///< of a frame
  Bytes jpeg;                 ///< `size_of_plain_jpeg` has a value
  bool operator==(const Thumbnail&) const = default;
};

/// Of a picture one, of a video some frames in the order of their times.
struct Thumbnails {
  std::vector<Thumbnail> pictures;
  std::string problem;  ///< why there are none, or not as many as there might be; empty if all went well
  bool operator==(const Thumbnails&) const = default;
};

/// Persistent encoding. Bounded: kMostThumbnails of kMostJpegBytes each.
Bytes encode(const Thumbnails& thumbnails);
/// Error(corrupt) for anything `encode` would not write.
Thumbnails decode_thumbnails(ByteView bytes);

/// A decoded picture: red, green and blue, row by row. Each side is at most kThumbnailSide.
struct Pixels {
  std::uint32_t width = 0, height = 0;
  Bytes rgb;
  bool empty() const { return rgb.empty(); }
};
/// What the worker answers; not persistent. No pixels: it could not be decoded.
Bytes encode(const Pixels& pixels);
Pixels decode_pixels(ByteView bytes);

}  // namespace dalil::media
