// The persistent encoding of Thumbnails; the layout with a worked example is in docs/formats/thumbnails.md.

#include <algorithm>

#include "bounds.hpp"
#include "dalil/base/error.hpp"
#include "dalil/media/thumbnail.hpp"

namespace dalil::media {
namespace {

constexpr std::uint8_t kVersion = 1;  // persistent
constexpr std::size_t kLongestProblem = 500;

[[noreturn]] void corrupt(const char* what) {
  throw Error(ErrorCode::corrupt, std::string("thumbnails cannot be decoded: ") + what);
}

Thumbnail get_thumbnail(ByteReader& in) {
  Thumbnail one;
  const std::uint64_t time = in.varint();
  if (time > UINT32_MAX) corrupt("a time is too late");
  one.time_ms = static_cast<std::uint32_t>(time);
  const ByteView jpeg = in.block(kMostJpegBytes);
  if (!size_of_plain_jpeg(jpeg)) corrupt("a picture is not as the worker writes them");
  one.jpeg.assign(jpeg.begin(), jpeg.end());
  return one;
}

}  // namespace

Bytes encode(const Thumbnails& thumbnails) {
  Bytes out;
  append_u8(out, kVersion);
  const std::size_t count = std::min(thumbnails.pictures.size(), kMostThumbnails);
  append_varint(out, count);
  for (std::size_t i = 0; i < count; ++i) {
    append_varint(out, thumbnails.pictures[i].time_ms);
    append_block(out, thumbnails.pictures[i].jpeg);
  }
  append_block(out, as_bytes(clean_text(thumbnails.problem, kLongestProblem)));
  return out;
}

Thumbnails decode_thumbnails(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kVersion) corrupt("unknown version");
  const std::uint64_t count = in.varint();
  if (count > kMostThumbnails) corrupt("too many");
  Thumbnails out;
  for (std::uint64_t i = 0; i < count; ++i) {
    out.pictures.push_back(get_thumbnail(in));
    if (i > 0 && out.pictures[i - 1].time_ms > out.pictures[i].time_ms) corrupt("frames are not in order");
  }
  const ByteView problem = in.block(kLongestProblem);
  out.problem = as_chars(problem);
  if (out.problem != clean_text(out.problem, kLongestProblem)) corrupt("a text is none");
  in.expect_end();
  return out;
}

Bytes encode(const Pixels& pixels) {
  Bytes out;
  append_u16(out, static_cast<std::uint16_t>(pixels.width));
  append_u16(out, static_cast<std::uint16_t>(pixels.height));
  append(out, pixels.rgb);
  return out;
}

Pixels decode_pixels(ByteView bytes) {
  ByteReader in(bytes);
  Pixels out;
  out.width = in.u16();
  out.height = in.u16();
  if (out.width > kThumbnailSide || out.height > kThumbnailSide) corrupt("a picture is too large");
  const ByteView rgb = in.take(std::size_t{out.width} * out.height * 3);
  out.rgb.assign(rgb.begin(), rgb.end());
  in.expect_end();
  return out;
}

}  // namespace dalil::media
