#pragma once

#include <cstdint>
#include <vector>

#include "dalil/media/thumbnail.hpp"

namespace dalil::parser {

/// The size that a picture has as a thumbnail: its longer side at most kThumbnailSide, never enlarged.
media::PictureSize thumbnail_size(std::uint32_t width, std::uint32_t height);

/// Scales one plane of a picture down by the mean of what each new pixel covers, line by line from the top.
class PlaneScaler {
 public:
  PlaneScaler() = default;
  /// No side is 0.
  PlaneScaler(media::PictureSize from, media::PictureSize to);

  /// The next line. Its values begin at `line` and lie `step` apart.
  template <typename Value>
  void add(const Value* line, std::size_t step = 1) {
    for (std::uint32_t x = 0; x < to_.width; ++x) {
      const Span& span = spans_[x];
      const Value* from = line + span.begin * step;
      float sum = 0;
      for (std::uint32_t i = 0; i < span.count; ++i) sum += weights_[span.weights + i] * from[i * step];
      scaled_[x] = sum;
    }
    spread();
  }
  std::uint32_t lines() const { return from_.height; }
  /// One value for each pixel of the new size, once all lines were added.
  const std::vector<float>& values() const { return values_; }

 private:
  struct Span {
    std::uint32_t begin, count;
    std::size_t weights;  ///< where they begin
  };
  void spread();

  media::PictureSize from_, to_;
  std::vector<Span> spans_;
  std::vector<float> weights_, scaled_, values_;
  std::uint32_t at_ = 0;
};

/// How brightness and colour difference become red, green and blue.
struct Mixing {
  double red = 0.299, blue = 0.114;  ///< their shares of brightness
  bool full_range = true;            ///< else 16 to 235, and 16 to 240
};

/// Three planes of this size, of brightness and colour difference or of red, green and blue already.
media::Pixels mixed(media::PictureSize size, const PlaneScaler (&planes)[3], const Mixing& mixing);
media::Pixels interleaved(media::PictureSize size, const PlaneScaler (&planes)[3]);
media::Pixels gray(media::PictureSize size, const PlaneScaler& plane, bool full_range);
/// Over white; 255 is opaque.
void lay_on_white(media::Pixels& pixels, const PlaneScaler& alpha);

/// Turns what the file holds into what a viewer sees, by EXIF's orientation (1 to 8; others: as it is).
media::Pixels upright(media::Pixels stored, std::uint8_t orientation);

/// A baseline JPEG without any metadata: `size_of_plain_jpeg` takes it. Empty if it would be too large.
Bytes jpeg_of(const media::Pixels& pixels);

}  // namespace dalil::parser
