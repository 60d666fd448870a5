#include "color.hpp"

#include <algorithm>

namespace dalil::parser {
namespace {

std::uint8_t to_byte(double value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5);
}

/// 16..235, as videos have it, to 0..255.
constexpr double kBlack = 16, kBrightnessRange = 219, kColorRange = 224, kMiddle = 128;

media::Pixels empty_pixels(media::PictureSize size) {
  return {size.width, size.height, Bytes(std::size_t{size.width} * size.height * 3)};
}

}  // namespace

media::PictureSize thumbnail_size(std::uint32_t width, std::uint32_t height) {
  const std::uint32_t longer = std::max(width, height);
  if (longer <= media::kThumbnailSide) return {width, height};
  const auto scaled = [&](std::uint32_t side) {
    const std::uint64_t rounded = (std::uint64_t{side} * media::kThumbnailSide + longer / 2) / longer;
    return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(rounded));
  };
  return {scaled(width), scaled(height)};
}

PlaneScaler::PlaneScaler(media::PictureSize from, media::PictureSize to)
    : from_(from), to_(to), scaled_(to.width), values_(std::size_t{to.width} * to.height) {
  const double step = static_cast<double>(from.width) / to.width;
  for (std::uint32_t x = 0; x < to.width; ++x) {
    const double begin = x * step, end = std::min<double>(begin + step, from.width);
    Span span{static_cast<std::uint32_t>(begin), 0, weights_.size()};
    span.begin = std::min(span.begin, from.width - 1);
    for (std::uint32_t at = span.begin; at < from.width && (at < end || span.count == 0); ++at) {
      const double share = std::min<double>(end, at + 1.0) - std::max<double>(begin, at);
      weights_.push_back(static_cast<float>(std::max(share, 0.0)));
      ++span.count;
    }
    float sum = 0;
    for (std::uint32_t i = 0; i < span.count; ++i) sum += weights_[span.weights + i];
    for (std::uint32_t i = 0; i < span.count; ++i)
      weights_[span.weights + i] =
          sum > 0 ? weights_[span.weights + i] / sum : 1.0F / static_cast<float>(span.count);
    spans_.push_back(span);
  }
}

void PlaneScaler::spread() {
  if (at_ >= from_.height) return;
  const double scale = static_cast<double>(to_.height) / from_.height;
  const double begin = at_ * scale, end = begin + scale;
  for (auto y = static_cast<std::uint32_t>(begin); y < to_.height && y < end; ++y) {
    const double share = std::min<double>(end, y + 1.0) - std::max<double>(begin, y);
    float* into = values_.data() + std::size_t{y} * to_.width;
    const auto weight = static_cast<float>(share);
    for (std::uint32_t x = 0; x < to_.width; ++x) into[x] += weight * scaled_[x];
  }
  ++at_;
}

media::Pixels mixed(media::PictureSize size, const PlaneScaler (&planes)[3], const Mixing& mixing) {
  media::Pixels out = empty_pixels(size);
  const double brightness = mixing.full_range ? 1 : 255 / kBrightnessRange;
  const double color = mixing.full_range ? 1 : 255 / kColorRange;
  const double black = mixing.full_range ? 0 : kBlack;
  const double green = 1 - mixing.red - mixing.blue;
  for (std::size_t i = 0; i < out.rgb.size() / 3; ++i) {
    const double y = (planes[0].values()[i] - black) * brightness;
    const double b = y + 2 * (1 - mixing.blue) * (planes[1].values()[i] - kMiddle) * color;
    const double r = y + 2 * (1 - mixing.red) * (planes[2].values()[i] - kMiddle) * color;
    out.rgb[3 * i] = to_byte(r);
    out.rgb[3 * i + 1] = to_byte((y - mixing.red * r - mixing.blue * b) / green);
    out.rgb[3 * i + 2] = to_byte(b);
  }
  return out;
}

media::Pixels interleaved(media::PictureSize size, const PlaneScaler (&planes)[3]) {
  media::Pixels out = empty_pixels(size);
  for (std::size_t i = 0; i < out.rgb.size() / 3; ++i)
    for (std::size_t c = 0; c < 3; ++c) out.rgb[3 * i + c] = to_byte(planes[c].values()[i]);
  return out;
}

media::Pixels gray(media::PictureSize size, const PlaneScaler& plane, bool full_range) {
  media::Pixels out = empty_pixels(size);
  for (std::size_t i = 0; i < out.rgb.size() / 3; ++i) {
    const double value = plane.values()[i];
    const std::uint8_t shown = to_byte(full_range ? value : (value - kBlack) * 255 / kBrightnessRange);
    std::fill_n(out.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, shown);
  }
  return out;
}

void lay_on_white(media::Pixels& pixels, const PlaneScaler& alpha) {
  for (std::size_t i = 0; i < pixels.rgb.size(); ++i) {
    const double share = std::clamp(alpha.values()[i / 3] / 255.0, 0.0, 1.0);
    pixels.rgb[i] = to_byte(pixels.rgb[i] * share + 255 * (1 - share));
  }
}

media::Pixels upright(media::Pixels stored, std::uint8_t orientation) {
  if (orientation < 2 || orientation > 8) return stored;
  const std::uint32_t w = stored.width, h = stored.height;
  media::Pixels out = empty_pixels(orientation >= 5 ? media::PictureSize{h, w} : media::PictureSize{w, h});
  for (std::uint32_t y = 0; y < out.height; ++y)
    for (std::uint32_t x = 0; x < out.width; ++x) {
      // Where the pixel seen at (x, y) is stored.
      std::uint32_t column = orientation >= 5 ? y : x, row = orientation >= 5 ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
        column = w - 1 - column;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) row = h - 1 - row;
      std::copy_n(stored.rgb.begin() + static_cast<std::ptrdiff_t>((std::size_t{row} * w + column) * 3), 3,
                  out.rgb.begin() + static_cast<std::ptrdiff_t>((std::size_t{y} * out.width + x) * 3));
    }
  return out;
}

}  // namespace dalil::parser
