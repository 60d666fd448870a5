#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/media/thumbnail.hpp"

/// Pictures made of pixels: thumbnails side by side, and short labels of digits and plain letters.
namespace dalil::formats {

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Color&) const = default;
};

/// Red, green and blue, row by row.
class Raster {
 public:
  Raster(std::uint32_t width, std::uint32_t height, Color background);
  std::uint32_t width() const { return width_; }
  std::uint32_t height() const { return height_; }
  ByteView rgb() const { return rgb_; }
  Color at(std::uint32_t x, std::uint32_t y) const;

  // What lies outside is cut off.
  void fill(std::uint32_t left, std::uint32_t top, std::uint32_t width, std::uint32_t height, Color color);
  void paste(std::uint32_t left, std::uint32_t top, const media::Pixels& pixels);
  /// kGlyphHeight pixels high, kGlyphWidth a character. Small letters, digits and some signs; anything else
  /// is a box.
  void write(std::uint32_t left, std::uint32_t top, std::string_view text, Color color);

  static constexpr std::uint32_t kGlyphScale = 2, kGlyphWidth = 6 * kGlyphScale,
                                 kGlyphHeight = 8 * kGlyphScale;

 private:
  std::uint32_t width_, height_;
  Bytes rgb_;
};

/// Words where a picture should be, line by line in the middle of it. Lines that are too long are cut.
media::Pixels placeholder(std::uint32_t width, std::uint32_t height, const std::vector<std::string>& lines);

/// As ISO/IEC 15948 has it, without any remark or time.
Bytes png_of(const Raster& raster);

/// Half or a third of the sides and so on: each pixel the mean of so many by so many. What is left over at
/// the right and below is dropped; at least one pixel stays.
media::Pixels reduced(const media::Pixels& pixels, std::uint32_t times);

/// Pictures side by side in rows of so many, each in the middle of a cell of one size.
Raster grid_of(const std::vector<media::Pixels>& pictures, std::uint32_t columns, Color background);

}  // namespace dalil::formats
