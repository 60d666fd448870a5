#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "av_frame.hpp"
#include "av_input.hpp"
#include "picture.hpp"

namespace dalil::parser {
namespace {

constexpr std::uint64_t kLargestFile = 64 << 20;

/// Formats whose decoder takes the whole file as one packet.
struct Row {
  std::string_view format;
  AVCodecID codec;
};
constexpr Row kDecoders[] = {
    {"png", AV_CODEC_ID_PNG},   {"webp", AV_CODEC_ID_WEBP},    {"bmp", AV_CODEC_ID_BMP},
    {"tiff", AV_CODEC_ID_TIFF}, {"jp2", AV_CODEC_ID_JPEG2000}, {"jxl", AV_CODEC_ID_JPEGXL},
    {"psd", AV_CODEC_ID_PSD},   {"gif", AV_CODEC_ID_GIF},
};

bool read_whole(int fd, std::uint8_t* into, std::size_t size) {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = pread(fd, into + have, size - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

bool is_decodable(std::string_view format) {
  return std::any_of(std::begin(kDecoders), std::end(kDecoders),
                     [&](const Row& row) { return row.format == format; });
}

Decoded decode_picture(int fd, std::uint64_t size, std::string_view format, Purpose purpose) {
  Decoded out;
  const auto row = std::find_if(std::begin(kDecoders), std::end(kDecoders),
                                [&](const Row& one) { return one.format == format; });
  if (row == std::end(kDecoders)) return out;
  out.problem = "the picture cannot be decoded";
  if (size > kLargestFile) {
    out.problem += ": the file is too large";
    return out;
  }
  const Codec codec = open_decoder(row->codec, nullptr);
  const Packet packet(av_packet_alloc());
  const Frame frame(av_frame_alloc());
  if (!codec || !packet || !frame || av_new_packet(packet.get(), static_cast<int>(size)) < 0) return out;
  if (!read_whole(fd, packet->data, static_cast<std::size_t>(size))) return out;
  if (const int result = decode_one(*codec, *packet, *frame); result < 0) {
    out.problem += ": " + av_text(result);
    return out;
  }
  if (purpose.luma) out.luma = luma_of(*frame);
  if (purpose.thumbnail) out.pixels = pixels_of(*frame, Origin::picture);
  out.width = static_cast<std::uint32_t>(std::max(frame->width, 0));
  out.height = static_cast<std::uint32_t>(std::max(frame->height, 0));
  if (!out.luma.empty() || !out.pixels.empty()) out.problem.clear();
  if (frame->decode_error_flags != 0) out.problem = "the picture's data are damaged in places";
  return out;
}

}  // namespace dalil::parser
