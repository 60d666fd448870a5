#include "terminal_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dalil/base/text.hpp"

namespace dalil::cli {

std::optional<PictureProtocol> protocol_from(std::string_view answers) {
  constexpr std::string_view kBegin = "\x1b[?", kSixel = "4";
  const std::size_t begin = answers.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  std::string_view attributes = answers.substr(begin + kBegin.size());
  const std::size_t end = attributes.find_first_not_of("0123456789;");
  if (end == std::string_view::npos) return std::nullopt;
  if (attributes[end] != 'c') return PictureProtocol::none;
  if (answers.find("\x1b_Gi=31;OK\x1b\\") != std::string_view::npos) return PictureProtocol::kitty;
  attributes = attributes.substr(0, end);
  while (!attributes.empty()) {
    const std::size_t next = std::min(attributes.find(';'), attributes.size());
    if (attributes.substr(0, next) == kSixel) return PictureProtocol::sixel;
    attributes.remove_prefix(std::min(next + 1, attributes.size()));
  }
  return PictureProtocol::none;
}

formats::Raster fitting_grid(const std::vector<media::Pixels>& frames, std::uint32_t width) {
  constexpr std::uint32_t kGap = 4;
  constexpr formats::Color kBackground{32, 32, 32};
  std::uint32_t widest = 1;
  for (const media::Pixels& frame : frames) widest = std::max(widest, frame.width);
  std::vector<media::Pixels> shown = frames;
  for (media::Pixels& frame : shown)
    if (frame.empty()) frame = formats::placeholder(widest, widest, {"no", "picture"});
  return formats::grid_of(shown, std::max(1U, width / (widest + kGap)), kBackground);
}

std::string kitty_text(const formats::Raster& picture) {
  constexpr std::size_t kPiece = 4096;
  const std::string content = to_base64(picture.rgb());
  std::string out;
  for (std::size_t at = 0; at < content.size(); at += kPiece) {
    const bool more = at + kPiece < content.size();
    const std::string what =
        at == 0 ? fmt::format("a=T,f=24,t=d,s={},v={},q=2,", picture.width(), picture.height()) : "";
    out += fmt::format("\x1b_G{}m={};{}\x1b\\", what, more ? 1 : 0,
                       std::string_view(content).substr(at, kPiece));
  }
  return out + "\n";
}

namespace {

/// Levels of red, green and blue; the eye tells greens best.
constexpr std::array<int, 3> kLevels = {6, 7, 6};
constexpr int kColors = 6 * 7 * 6;
constexpr std::uint32_t kBand = 6;

int level_of(int value, int levels) {
  return std::clamp((value * (levels - 1) + 127) / 255, 0, levels - 1);
}
int value_of(int level, int levels) {
  return level * 255 / (levels - 1);
}

/// Each pixel's color out of kColors; what it is off by goes to its neighbors (Floyd and Steinberg, 1976).
std::vector<std::uint8_t> dithered(const formats::Raster& picture) {
  const std::size_t width = picture.width(), height = picture.height();
  std::vector<std::uint8_t> out(width * height);
  std::vector<int> here((width + 2) * 3), below((width + 2) * 3);  // sixteenths, shifted by one pixel
  for (std::size_t y = 0; y < height; ++y) {
    std::swap(here, below);
    std::ranges::fill(below, 0);
    for (std::size_t x = 0; x < width; ++x) {
      int color = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t i = (x + 1) * 3 + c;
        const int value = picture.rgb()[(y * width + x) * 3 + c] + here[i] / 16;
        const int level = level_of(value, kLevels[c]);
        color = color * kLevels[c] + level;
        const int off = std::clamp(value, 0, 255) - value_of(level, kLevels[c]);
        here[i + 3] += 7 * off;
        below[i - 3] += 3 * off;
        below[i] += 5 * off;
        below[i + 3] += off;
      }
      out[y * width + x] = static_cast<std::uint8_t>(color);
    }
  }
  return out;
}

std::string palette_text(const std::array<bool, kColors>& used) {
  constexpr int kPercent = 100;
  std::string out;
  for (int color = 0; color < kColors; ++color) {
    if (!used[static_cast<std::size_t>(color)]) continue;
    const int blue = color % kLevels[2], green = color / kLevels[2] % kLevels[1],
              red = color / (kLevels[2] * kLevels[1]);
    const auto percent = [](int level, int levels) { return level * kPercent / (levels - 1); };
    out += fmt::format("#{};2;{};{};{}", color, percent(red, kLevels[0]), percent(green, kLevels[1]),
                       percent(blue, kLevels[2]));
  }
  return out;
}

void append_run(std::string& out, char sixel, std::size_t count) {
  constexpr std::size_t kWorthIt = 4;
  if (count >= kWorthIt)
    out += fmt::format("!{}{}", count, sixel);
  else
    out.append(count, sixel);
}

/// One color of a band: for each column which of its six pixels have it.
void append_color(std::string& out, const std::vector<std::uint8_t>& colors, std::size_t width,
                  std::size_t first, std::size_t last, std::uint8_t color) {
  constexpr char kNone = '?';
  char previous = 0;
  std::size_t run = 0;
  for (std::size_t x = 0; x < width; ++x) {
    int bits = 0;
    for (std::size_t y = first; y < last; ++y)
      if (colors[y * width + x] == color) bits |= 1 << (y - first);
    const char sixel = static_cast<char>(kNone + bits);
    if (sixel != previous) {
      append_run(out, previous, run);
      previous = sixel;
      run = 0;
    }
    ++run;
  }
  if (previous != kNone) append_run(out, previous, run);
}

}  // namespace

std::string sixel_text(const formats::Raster& picture) {
  const std::vector<std::uint8_t> colors = dithered(picture);
  const std::size_t width = picture.width(), height = picture.height();
  std::array<bool, kColors> used{};
  for (const std::uint8_t color : colors) used[color] = true;
  std::string out = fmt::format("\x1bPq\"1;1;{};{}{}", width, height, palette_text(used));
  for (std::size_t first = 0; first < height; first += kBand) {
    const std::size_t last = std::min<std::size_t>(first + kBand, height);
    std::array<bool, kColors> here{};
    for (std::size_t i = first * width; i < last * width; ++i) here[colors[i]] = true;
    for (std::size_t color = 0; color < here.size(); ++color) {
      if (!here[color]) continue;
      out += fmt::format("#{}", color);
      append_color(out, colors, width, first, last, static_cast<std::uint8_t>(color));
      out += '$';
    }
    out += '-';
  }
  return out + "\x1b\\\n";
}

}  // namespace dalil::cli
