// A decoded frame of libavcodec in color. Planes are scaled first and mixed then: each is gone through once.

#include <array>
#include <cstring>

extern "C" {
#include <libavutil/pixdesc.h>
}

#include "av_frame.hpp"
#include "color.hpp"

namespace dalil::parser {
namespace {

/// Videos of so many lines and more are mixed as for high definition, unless they say otherwise.
constexpr int kHighDefinition = 720;

Mixing mixing_of(const AVFrame& frame, Origin origin) {
  Mixing mixing;
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
      mixing = {0.2126, 0.0722, true};
      break;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      mixing = {0.2627, 0.0593, true};
      break;
    case AVCOL_SPC_UNSPECIFIED:
      if (origin == Origin::video && frame.height >= kHighDefinition) mixing = {0.2126, 0.0722, true};
      break;
    default:
      break;
  }
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const bool full_by_name = format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P ||
                            format == AV_PIX_FMT_YUVJ444P || format == AV_PIX_FMT_YUVJ440P ||
                            format == AV_PIX_FMT_YUVJ411P;
  mixing.full_range = full_by_name || frame.color_range == AVCOL_RANGE_JPEG;
  return mixing;
}

/// Goes through a frame whose form libavutil describes.
class FrameColors {
 public:
  FrameColors(const AVFrame& frame, const AVPixFmtDescriptor& format, Origin origin)
      : frame_(frame),
        format_(format),
        origin_(origin),
        whole_{static_cast<std::uint32_t>(frame.width), static_cast<std::uint32_t>(frame.height)},
        size_(thumbnail_size(whole_.width, whole_.height)) {}

  media::Pixels run() {
    media::Pixels out;
    if ((format_.flags & AV_PIX_FMT_FLAG_PAL) != 0) return palette();
    const bool alpha = (format_.flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
    if (format_.nb_components >= 3) {
      for (int c = 0; c < 3; ++c) scale(c, planes_[c]);
      out = (format_.flags & AV_PIX_FMT_FLAG_RGB) != 0 ? interleaved(size_, planes_)
                                                       : mixed(size_, planes_, mixing_of(frame_, origin_));
    } else {
      scale(0, planes_[0]);
      out = gray(size_, planes_[0], frame_.color_range != AVCOL_RANGE_MPEG);
      if (frame_.format == AV_PIX_FMT_MONOWHITE)
        for (std::uint8_t& value : out.rgb) value = static_cast<std::uint8_t>(255 - value);
    }
    if (alpha) {
      scale(format_.nb_components - 1, planes_[0]);
      lay_on_white(out, planes_[0]);
    }
    return out;
  }

 private:
  /// Components 1 and 2 of what is no RGB may have fewer pixels.
  media::PictureSize size_of(int component) const {
    const bool fewer = (component == 1 || component == 2) && (format_.flags & AV_PIX_FMT_FLAG_RGB) == 0 &&
                       format_.nb_components >= 3;
    if (!fewer) return whole_;
    return {static_cast<std::uint32_t>(AV_CEIL_RSHIFT(frame_.width, format_.log2_chroma_w)),
            static_cast<std::uint32_t>(AV_CEIL_RSHIFT(frame_.height, format_.log2_chroma_h))};
  }

  void scale(int component, PlaneScaler& into) const {
    const media::PictureSize from = size_of(component);
    const AVComponentDescriptor& part = format_.comp[component];
    into = PlaneScaler(from, size_);
    const bool plain = part.depth == 8 && part.shift == 0 &&
                       (format_.flags & (AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_BE)) == 0;
    if (plain) {
      for (std::uint32_t y = 0; y < from.height; ++y)
        into.add(frame_.data[part.plane] + static_cast<std::ptrdiff_t>(y) * frame_.linesize[part.plane] +
                     part.offset,
                 static_cast<std::size_t>(part.step));
      return;
    }
    std::vector<std::uint16_t> line(from.width);
    std::vector<float> values(from.width);
    const float most = static_cast<float>((1U << part.depth) - 1);
    for (std::uint32_t y = 0; y < from.height; ++y) {
      av_read_image_line2(line.data(), const_cast<const std::uint8_t**>(frame_.data), frame_.linesize,
                          &format_, 0, static_cast<int>(y), component, static_cast<int>(from.width), 0,
                          sizeof(std::uint16_t));
      for (std::size_t x = 0; x < line.size(); ++x) values[x] = static_cast<float>(line[x]) * 255.0F / most;
      into.add(values.data());
    }
  }

  /// One byte a pixel says which of 256 colors, each 32 bits in native order: alpha, red, green, blue.
  media::Pixels palette() {
    std::array<std::array<std::uint8_t, 256>, 4> shades{};
    for (std::size_t i = 0; i < 256; ++i) {
      std::uint32_t color;
      std::memcpy(&color, frame_.data[1] + 4 * i, sizeof color);
      constexpr unsigned kShifts[] = {16, 8, 0, 24};
      for (std::size_t c = 0; c < 4; ++c) shades[c][i] = static_cast<std::uint8_t>(color >> kShifts[c]);
    }
    PlaneScaler alpha(whole_, size_);
    PlaneScaler* const planes[] = {&planes_[0], &planes_[1], &planes_[2], &alpha};
    std::vector<std::uint8_t> line(whole_.width);
    for (std::size_t c = 0; c < 4; ++c) {
      *planes[c] = PlaneScaler(whole_, size_);
      for (std::uint32_t y = 0; y < whole_.height; ++y) {
        const std::uint8_t* from = frame_.data[0] + static_cast<std::ptrdiff_t>(y) * frame_.linesize[0];
        for (std::size_t x = 0; x < line.size(); ++x) line[x] = shades[c][from[x]];
        planes[c]->add(line.data());
      }
    }
    media::Pixels out = interleaved(size_, planes_);
    lay_on_white(out, alpha);
    return out;
  }

  const AVFrame& frame_;
  const AVPixFmtDescriptor& format_;
  Origin origin_;
  media::PictureSize whole_, size_;
  PlaneScaler planes_[3];
};

}  // namespace

media::Pixels pixels_of(const AVFrame& frame, Origin origin) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  if (format == nullptr || frame.width <= 0 || frame.height <= 0 ||
      (format->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER)) != 0)
    return {};
  return FrameColors(frame, *format, origin).run();
}

}  // namespace dalil::parser
