// Thumbnails, looks and pixels decode or are refused; what decodes is exactly what encode writes, and every
// picture of it is a JPEG that can hold no metadata.

#include <cstdlib>

#include "dalil/base/error.hpp"
#include "parser_protocol.hpp"

namespace {

using namespace dalil;

/// What `decode` makes of the bytes; absent if it refuses them. Anything but Error(corrupt) is a fault.
template <typename Decode>
auto decoded(Decode decode, ByteView bytes) -> std::optional<decltype(decode(bytes))> {
  try {
    return decode(bytes);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) std::abort();
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const Bytes given(bytes.begin(), bytes.end());
  if (const auto thumbnails = decoded(media::decode_thumbnails, bytes)) {
    if (media::encode(*thumbnails) != given) std::abort();
    for (const media::Thumbnail& one : thumbnails->pictures) {
      const auto picture = media::size_of_plain_jpeg(one.jpeg);
      if (!picture || picture->width > media::kThumbnailSide || picture->height > media::kThumbnailSide)
        std::abort();
    }
  }
  if (const auto pixels = decoded(media::decode_pixels, bytes))
    if (media::encode(*pixels) != given) std::abort();
  if (const auto looks = decoded(media::protocol::decode_looks, bytes))
    if (media::protocol::encode_looks(*looks) != given) std::abort();
  return 0;
}
