#include "av_frame.hpp"

#include <algorithm>
#include <array>
#include <cstring>

extern "C" {
#include <libavutil/avstring.h>
}

namespace dalil::parser {
namespace {

constexpr std::int64_t kMostPixels = 200'000'000;
/// Of one frame of sound: PCM may come in large pieces.
constexpr std::int64_t kMostSamples = 4 << 20;

/// Adds up cells of pixels, line by line.
class Reducer {
 public:
  Reducer(std::uint32_t width, std::uint32_t height, unsigned halvings)
      : shift_(halvings), sums_(width >> halvings) {
    luma_.width = width >> halvings;
    luma_.height = height >> halvings;
    luma_.values.reserve(std::size_t{luma_.width} * luma_.height);
  }
  std::uint32_t lines() const { return luma_.height << shift_; }
  template <typename Value>
  void add(const Value* line) {
    const std::uint32_t cell = 1U << shift_;
    for (std::uint32_t x = 0; x < luma_.width; ++x)
      for (std::uint32_t k = 0; k < cell; ++k) sums_[x] += line[(x << shift_) + k];
    if (++gathered_ < cell) return;
    const std::uint32_t cells = cell * cell;
    for (std::uint32_t& sum : sums_) {
      luma_.values.push_back(static_cast<std::uint8_t>(std::min((sum + cells / 2) / cells, 255U)));
      sum = 0;
    }
    gathered_ = 0;
  }
  media::Luma take() { return std::move(luma_); }

 private:
  unsigned shift_;
  std::uint32_t gathered_ = 0;
  std::vector<std::uint32_t> sums_;
  media::Luma luma_;
};

/// The first component is brightness already, one byte after the other.
bool has_plain_luma(const AVPixFmtDescriptor& format) {
  const auto odd =
      AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_FLOAT;
  const AVComponentDescriptor& first = format.comp[0];
  return (format.flags & odd) == 0 && first.depth == 8 && first.step == 1 && first.shift == 0 &&
         first.offset == 0;
}

std::uint16_t brightness(std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
  return static_cast<std::uint16_t>((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

void read_colors(const AVFrame& frame, const AVPixFmtDescriptor& format, Reducer& reducer) {
  std::vector<std::uint16_t> parts[3];
  for (auto& part : parts) part.resize(static_cast<std::size_t>(frame.width));
  for (int y = 0; y < static_cast<int>(reducer.lines()); ++y) {
    for (int component = 0; component < 3; ++component)
      read_component(frame, format, y, component, parts[component]);
    for (std::size_t x = 0; x < parts[0].size(); ++x)
      parts[0][x] = brightness(parts[0][x], parts[1][x], parts[2][x]);
    reducer.add(parts[0].data());
  }
}

/// One byte a pixel says which of 256 colours, each 32 bits in native order: alpha, red, green, blue.
void read_palette(const AVFrame& frame, Reducer& reducer) {
  std::array<std::uint16_t, 256> shades{};
  for (std::size_t i = 0; i < shades.size(); ++i) {
    std::uint32_t color;
    std::memcpy(&color, frame.data[1] + 4 * i, sizeof color);
    shades[i] = brightness(color >> 16 & 0xFF, color >> 8 & 0xFF, color & 0xFF);
  }
  std::vector<std::uint16_t> line(static_cast<std::size_t>(frame.width));
  for (std::uint32_t y = 0; y < reducer.lines(); ++y) {
    const std::uint8_t* from = frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0];
    for (std::size_t x = 0; x < line.size(); ++x) line[x] = shades[from[x]];
    reducer.add(line.data());
  }
}

void read_first(const AVFrame& frame, const AVPixFmtDescriptor& format, Reducer& reducer) {
  std::vector<std::uint16_t> line(static_cast<std::size_t>(frame.width));
  for (int y = 0; y < static_cast<int>(reducer.lines()); ++y) {
    read_component(frame, format, y, 0, line);
    if (frame.format == AV_PIX_FMT_MONOWHITE)
      for (std::uint16_t& value : line) value = static_cast<std::uint16_t>(255 - value);
    reducer.add(line.data());
  }
}

}  // namespace

Codec open_decoder(AVCodecID id, const AVCodecParameters* parameters, const char* allowed) {
  const AVCodec* decoder = avcodec_find_decoder(id);
  if (decoder == nullptr) return nullptr;
  if (allowed != nullptr && av_match_list(decoder->name, allowed, ',') <= 0) return nullptr;
  Codec codec(avcodec_alloc_context3(decoder));
  if (!codec) return nullptr;
  if (parameters != nullptr && avcodec_parameters_to_context(codec.get(), parameters) < 0) return nullptr;
  codec->thread_count = 1;
  codec->max_pixels = kMostPixels;
  codec->max_samples = kMostSamples;
  if (avcodec_open2(codec.get(), decoder, nullptr) < 0) return nullptr;
  return codec;
}

int decode_one(AVCodecContext& codec, const AVPacket& packet, AVFrame& frame) {
  int result = avcodec_send_packet(&codec, &packet);
  if (result < 0) return result;
  avcodec_send_packet(&codec, nullptr);
  return avcodec_receive_frame(&codec, &frame);
}

void read_component(const AVFrame& frame, const AVPixFmtDescriptor& format, int y, int component,
                    std::vector<std::uint16_t>& into) {
  av_read_image_line2(into.data(), const_cast<const std::uint8_t**>(frame.data), frame.linesize, &format, 0,
                      y, component, static_cast<int>(into.size()), 0, sizeof(std::uint16_t));
  const int depth = format.comp[component].depth;
  if (depth == 8) return;
  const std::uint32_t most = (1U << depth) - 1;
  for (std::uint16_t& value : into) value = static_cast<std::uint16_t>(value * 255U / most);
}

media::Luma luma_of(const AVFrame& frame) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  if (format == nullptr || frame.width <= 0 || frame.height <= 0 ||
      (format->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER)) != 0)
    return {};
  const auto width = static_cast<std::uint32_t>(frame.width),
             height = static_cast<std::uint32_t>(frame.height);
  Reducer reducer(width, height, media::halvings(width, height));
  if (has_plain_luma(*format)) {
    for (std::uint32_t y = 0; y < reducer.lines(); ++y)
      reducer.add(frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0]);
  } else if ((format->flags & AV_PIX_FMT_FLAG_PAL) != 0) {
    read_palette(frame, reducer);
  } else if ((format->flags & AV_PIX_FMT_FLAG_RGB) != 0) {
    read_colors(frame, *format, reducer);
  } else {
    read_first(frame, *format, reducer);
  }
  return reducer.take();
}

}  // namespace dalil::parser
