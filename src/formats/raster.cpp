#include "dalil/formats/raster.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "dalil/base/error.hpp"
#include "glyphs.hpp"

namespace dalil::formats {

Raster::Raster(std::uint32_t width, std::uint32_t height, Color background)
    : width_(width), height_(height), rgb_(std::size_t{width} * height * 3) {
  fill(0, 0, width, height, background);
}

Color Raster::at(std::uint32_t x, std::uint32_t y) const {
  const std::size_t i = (std::size_t{y} * width_ + x) * 3;
  return {rgb_[i], rgb_[i + 1], rgb_[i + 2]};
}

void Raster::fill(std::uint32_t left, std::uint32_t top, std::uint32_t width, std::uint32_t height,
                  Color color) {
  const std::uint64_t right = std::min<std::uint64_t>(std::uint64_t{left} + width, width_);
  const std::uint64_t below = std::min<std::uint64_t>(std::uint64_t{top} + height, height_);
  for (std::uint64_t y = top; y < below; ++y)
    for (std::uint64_t x = left; x < right; ++x) {
      const std::size_t i = (y * width_ + x) * 3;
      rgb_[i] = color.red;
      rgb_[i + 1] = color.green;
      rgb_[i + 2] = color.blue;
    }
}

void Raster::paste(std::uint32_t left, std::uint32_t top, const media::Pixels& pixels) {
  if (left >= width_) return;
  const std::size_t columns = std::min(pixels.width, width_ - left);
  for (std::uint32_t y = 0; y < pixels.height && y < height_ && top < height_ - y; ++y)
    std::copy_n(pixels.rgb.begin() + static_cast<std::ptrdiff_t>(std::size_t{y} * pixels.width * 3),
                columns * 3,
                rgb_.begin() + static_cast<std::ptrdiff_t>(((std::size_t{top} + y) * width_ + left) * 3));
}

void Raster::write(std::uint32_t left, std::uint32_t top, std::string_view text, Color color) {
  for (const char c : text) {
    const Glyph& glyph = glyph_of(c);
    for (std::uint32_t row = 0; row < kGlyphRows; ++row)
      for (std::uint32_t column = 0; column < kGlyphColumns; ++column)
        if ((glyph[row] >> (kGlyphColumns - 1 - column) & 1) != 0)
          fill(left + column * kGlyphScale, top + row * kGlyphScale, kGlyphScale, kGlyphScale, color);
    left += kGlyphWidth;
  }
}

media::Pixels reduced(const media::Pixels& pixels, std::uint32_t times) {
  if (times < 2 || pixels.width < times || pixels.height < times) return pixels;
  media::Pixels out{pixels.width / times, pixels.height / times, {}};
  for (std::size_t y = 0; y < out.height; ++y)
    for (std::size_t x = 0; x < out.width; ++x)
      for (std::size_t c = 0; c < 3; ++c) {
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < std::size_t{times} * times; ++i)
          sum += pixels.rgb[((y * times + i / times) * pixels.width + x * times + i % times) * 3 + c];
        out.rgb.push_back(static_cast<std::uint8_t>(sum / (times * times)));
      }
  return out;
}

media::Pixels placeholder(std::uint32_t width, std::uint32_t height, const std::vector<std::string>& lines) {
  constexpr Color kPaper{222, 222, 222}, kInk{28, 28, 28};
  constexpr std::uint32_t kLine = Raster::kGlyphHeight + 4;
  Raster raster(width, height, kPaper);
  const auto count = static_cast<std::uint32_t>(lines.size());
  std::uint32_t top = height > count * kLine ? (height - count * kLine) / 2 : 0;
  for (const std::string& line : lines) {
    const auto taken = static_cast<std::uint32_t>(line.size()) * Raster::kGlyphWidth;
    raster.write(width > taken ? (width - taken) / 2 : 0, top, line, kInk);
    top += kLine;
  }
  return {width, height, Bytes(raster.rgb().begin(), raster.rgb().end())};
}

Raster grid_of(const std::vector<media::Pixels>& pictures, std::uint32_t columns, Color background) {
  constexpr std::uint32_t kGap = 4;
  std::uint32_t width = 0, height = 0;
  for (const media::Pixels& one : pictures) {
    width = std::max(width, one.width);
    height = std::max(height, one.height);
  }
  const auto count = static_cast<std::uint32_t>(pictures.size());
  columns = std::max(1U, std::min(columns, count));
  const std::uint32_t rows = (count + columns - 1) / columns;
  Raster grid(columns * (width + kGap), rows * (height + kGap), background);
  for (std::uint32_t i = 0; i < count; ++i)
    grid.paste(i % columns * (width + kGap) + (width - pictures[i].width) / 2,
               i / columns * (height + kGap) + (height - pictures[i].height) / 2, pictures[i]);
  return grid;
}

namespace {

void append_chunk(Bytes& out, std::string_view type, ByteView content) {
  append_u32(out, static_cast<std::uint32_t>(content.size()));
  const std::size_t begin = out.size();
  append(out, as_bytes(type));
  append(out, content);
  const auto* from = out.data() + begin;
  append_u32(out, static_cast<std::uint32_t>(crc32_z(0, from, out.size() - begin)));
}

/// Each row behind a filter: what differs from the pixel to the left.
Bytes filtered(const Raster& raster) {
  constexpr std::uint8_t kSub = 1;
  constexpr std::size_t kPixel = 3;
  const std::size_t row = std::size_t{raster.width()} * kPixel;
  const ByteView rgb = raster.rgb();
  Bytes out;
  out.reserve((row + 1) * raster.height());
  for (std::size_t y = 0; y < raster.height(); ++y) {
    const ByteView line = rgb.subspan(y * row, row);
    out.push_back(kSub);
    for (std::size_t x = 0; x < row; ++x)
      out.push_back(static_cast<std::uint8_t>(line[x] - (x < kPixel ? 0 : line[x - kPixel])));
  }
  return out;
}

Bytes deflated(const Bytes& raw) {
  uLongf size = compressBound(raw.size());
  Bytes out(size);
  if (compress2(out.data(), &size, raw.data(), raw.size(), Z_DEFAULT_COMPRESSION) != Z_OK)
    throw Error(ErrorCode::io, "not enough memory to compress a picture");
  out.resize(size);
  return out;
}

}  // namespace

Bytes png_of(const Raster& raster) {
  Bytes out = {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
  Bytes header;
  append_u32(header, raster.width());
  append_u32(header, raster.height());
  append(header, Bytes{8, 2, 0, 0, 0});  // 8 bits, red green blue
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", deflated(filtered(raster)));
  append_chunk(out, "IEND", {});
  return out;
}

}  // namespace dalil::formats
