#pragma once

#include <vector>

#include "av_frame.hpp"

namespace dalil::parser {

/// A picture that comes in tiles, put together at a fraction of its size: each new pixel is the mean of
/// those that it covers. All tiles are of one form.
class TileCanvas {
 public:
  /// Of the whole picture the part that is wanted; both sides are halved so many times.
  TileCanvas(media::Region window, unsigned halvings) : window_(window), halvings_(halvings) {}

  /// A tile whose upper left pixel is there in the whole picture. False: it cannot be taken, of its form or
  /// since it is of another one than those before.
  bool add(const AVFrame& tile, std::uint32_t left, std::uint32_t top);
  /// What there is by now, 8 bits deep; gray where nothing was added. Null if there is nothing.
  Frame frame() const;
  /// Whether all of the window is covered.
  bool complete() const;

 private:
  /// Sums of values, and how many have been added to each. Of chroma smaller than of luma.
  struct Plane {
    std::uint32_t width = 0, height = 0;
    std::vector<std::uint32_t> sums, counts;
  };
  bool begin(const AVFrame& tile);
  /// Values of a plane that begin at (x, y) of the window, in values of the plane.
  template <typename Value>
  void add_line(Plane& plane, const Value* line, std::uint32_t count, std::int64_t x, std::int64_t y) const;

  media::Region window_;
  unsigned halvings_;
  std::vector<Plane> planes_;
  AVPixelFormat form_ = AV_PIX_FMT_NONE, reduced_form_ = AV_PIX_FMT_NONE;
  AVColorSpace matrix_ = AVCOL_SPC_UNSPECIFIED;
  AVColorRange range_ = AVCOL_RANGE_UNSPECIFIED;
};

}  // namespace dalil::parser
