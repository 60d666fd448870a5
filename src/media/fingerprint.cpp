#include "dalil/media/fingerprint.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::media {
namespace {

struct PartRow {
  Part part;
  const char* name;
  int percent;
};
constexpr PartRow kParts[] = {
    {Part::whole, "whole", 100},           {Part::centre_90, "centre 90%", 90},
    {Part::centre_80, "centre 80%", 80},   {Part::centre_70, "centre 70%", 70},
    {Part::bordered, "with borders", 100}, {Part::frame, "frame", 100},
    {Part::centre_95, "centre 95%", 95},   {Part::centre_85, "centre 85%", 85},
    {Part::centre_75, "centre 75%", 75},   {Part::shifted, "shifted middle", 87},
    {Part::corner, "corner", 92},          {Part::sound, "sound", 100},
};
constexpr Part kStored[] = {Part::centre_90, Part::centre_80, Part::centre_70};
constexpr Part kAsked[] = {Part::centre_95, Part::centre_85, Part::centre_75};

constexpr const char* kPoseNames[kPoses] = {"upright",    "mirrored",     "upside down",   "turned by 180",
                                            "transposed", "turned by 90", "turned by 270", "transversed"};

/// What compression leaves of a uniform border still counts as uniform; of bars that software drew it leaves
/// little.
constexpr int kBorderTolerance = 14, kDrawnTolerance = 3;
/// One pixel in so many may differ: dust, a frayed edge.
constexpr std::uint32_t kStrayShare = 64;
/// Narrower ones are edges of pictures, not borders; and of each side at least this must be left.
constexpr double kLeastBorder = 0.01, kLeastLeft = 0.3;

/// Brightness along one line of the picture.
struct Line {
  const std::uint8_t* first;
  std::size_t step, count;
};

std::uint8_t median_of(const Line& line) {
  std::vector<std::uint8_t> values(line.count);
  for (std::size_t i = 0; i < line.count; ++i) values[i] = line.first[i * line.step];
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(line.count / 2),
                   values.end());
  return values[line.count / 2];
}

bool is_uniform(const Line& line, std::uint8_t shade, int tolerance) {
  std::size_t left = line.count / kStrayShare;
  for (std::size_t i = 0; i < line.count; ++i)
    if (std::abs(int{line.first[i * line.step]} - int{shade}) > tolerance && left-- == 0) return false;
  return true;
}

/// How many lines from `first` on, in steps of `step`, are of the first one's shade.
template <typename LineAt>
std::uint32_t border_depth(const LineAt& line_at, std::uint32_t lines, int tolerance) {
  const std::uint8_t shade = median_of(line_at(0));
  std::uint32_t depth = 0;
  while (depth < lines && is_uniform(line_at(depth), shade, tolerance)) ++depth;
  return depth;
}

/// Where the picture begins and ends between two borders of one direction.
struct Span {
  std::uint32_t first, length;
};
Span between_borders(std::uint32_t before, std::uint32_t after, std::uint32_t side) {
  const auto least = static_cast<std::uint32_t>(std::max(1.0, kLeastBorder * side));
  // Where border and picture meet, reduction and compression have mixed them: one line more.
  before = before < least ? 0 : before + 1;
  after = after < least ? 0 : after + 1;
  if (before + after > side || side - before - after < kLeastLeft * side) return {0, side};
  return {before, side - before - after};
}

Span rows_of(const Luma& luma, const Region& in, int tolerance) {
  const auto line = [&](std::uint32_t y) {
    return Line{luma.values.data() + std::size_t{in.top + y} * luma.width + in.left, 1, in.width};
  };
  const auto from_below = [&](std::uint32_t y) { return line(in.height - 1 - y); };
  return between_borders(border_depth(line, in.height, tolerance),
                         border_depth(from_below, in.height, tolerance), in.height);
}

Span columns_of(const Luma& luma, const Region& in, int tolerance) {
  const auto line = [&](std::uint32_t x) {
    return Line{luma.values.data() + std::size_t{in.top} * luma.width + in.left + x, luma.width, in.height};
  };
  const auto from_right = [&](std::uint32_t x) { return line(in.width - 1 - x); };
  return between_borders(border_depth(line, in.width, tolerance),
                         border_depth(from_right, in.width, tolerance), in.width);
}

Region centre_of(const Region& whole, double share) {
  Region centre;
  centre.width = std::max(1U, static_cast<std::uint32_t>(std::lround(whole.width * share)));
  centre.height = std::max(1U, static_cast<std::uint32_t>(std::lround(whole.height * share)));
  centre.left = whole.left + (whole.width - centre.width) / 2;
  centre.top = whole.top + (whole.height - centre.height) / 2;
  return centre;
}

/// A stretch of one side, in shares of it.
struct Share {
  double first, length;
};
/// For a side that lost nothing, and for one that lost a bit at its begin, or at its end.
constexpr double kLost = 0.08;
constexpr double kInner = 0.8 / (1 - kLost), kBefore = (0.1 - kLost) / (1 - kLost);
constexpr Share kShifted[] = {{0.1, 0.8}, {kBefore, kInner}, {1 - kBefore - kInner, kInner}};
constexpr Share kCorners[] = {{0, 1}, {kLost, 1 - kLost}, {0, 1 - kLost}};

Region part_of(const Region& whole, const Share& across, const Share& down) {
  const auto scaled = [](double share, std::uint32_t side) {
    return static_cast<std::uint32_t>(std::lround(share * side));
  };
  Region part;
  part.width = std::max(1U, scaled(across.length, whole.width));
  part.height = std::max(1U, scaled(down.length, whole.height));
  part.left = whole.left + std::min(scaled(across.first, whole.width), whole.width - part.width);
  part.top = whole.top + std::min(scaled(down.first, whole.height), whole.height - part.height);
  return part;
}

void add_line(std::uint32_t* __restrict sums, const std::uint8_t* __restrict line, std::size_t count) {
  constexpr std::size_t kBlock = 16;  // of a fixed size, so that the compiler uses vectors
  for (; count >= kBlock; count -= kBlock, sums += kBlock, line += kBlock)
    for (std::size_t x = 0; x < kBlock; ++x) sums[x] += line[x];
  for (std::size_t x = 0; x < count; ++x) sums[x] += line[x];
}

/// Mean brightness of the cells of a grid.
Bytes sketch_of(const Luma& luma, const Region& region) {
  Bytes sketch;
  sketch.reserve(std::size_t{kSketchSide} * kSketchSide);
  const auto bounds = [](std::uint32_t i, std::uint32_t first, std::uint32_t length) {
    const std::uint32_t from = first + i * length / kSketchSide;
    const std::uint32_t to = first + (i + 1) * length / kSketchSide;
    return Span{from, std::max(1U, to - from)};
  };
  std::vector<std::uint32_t> line(region.width);  // the sum of a row of cells, column by column
  for (std::uint32_t i = 0; i < kSketchSide; ++i) {
    const Span rows = bounds(i, region.top, region.height);
    std::fill(line.begin(), line.end(), 0);
    for (std::uint32_t y = rows.first; y < rows.first + rows.length; ++y)
      add_line(line.data(), luma.values.data() + std::size_t{y} * luma.width + region.left, line.size());
    for (std::uint32_t j = 0; j < kSketchSide; ++j) {
      const Span columns = bounds(j, 0, region.width);
      const auto from = line.begin() + columns.first;
      const std::uint32_t sum = std::accumulate(from, from + columns.length, 0U);
      const std::uint32_t cells = rows.length * columns.length;
      sketch.push_back(static_cast<std::uint8_t>((sum + cells / 2) / cells));
    }
  }
  return sketch;
}

}  // namespace

std::array<std::uint8_t, Pdq::kBytes> Pdq::bytes() const {
  std::array<std::uint8_t, kBytes> out{};
  for (std::size_t i = 0; i < kBytes; ++i)
    out[i] = static_cast<std::uint8_t>(words[3 - i / 8] >> (56 - 8 * (i % 8)));
  return out;
}

Pdq Pdq::from_bytes(ByteView bytes) {
  if (bytes.size() != kBytes)
    throw Error(ErrorCode::corrupt, "a picture's hash has another size than 32 bytes");
  Pdq hash;
  for (std::size_t i = 0; i < 4; ++i) hash.words[3 - i] = load_u64(bytes.data() + 8 * i);
  return hash;
}

std::string Pdq::hex() const {
  return to_hex(bytes());
}

std::optional<Pdq> Pdq::from_hex(std::string_view text) {
  const auto bytes = dalil::from_hex(text);
  if (!bytes || bytes->size() != kBytes) return std::nullopt;
  return from_bytes(*bytes);
}

Pdq hash_of(const SoundWindow& window) {
  Pdq hash;
  for (std::size_t i = 0; i < 4; ++i)
    hash.words[3 - i] = std::uint64_t{window[2 * i]} << 32 | window[2 * i + 1];
  return hash;
}

SoundWindow window_of(const Pdq& hash) {
  SoundWindow window{};
  for (std::size_t i = 0; i < window.size(); ++i)
    window[i] = static_cast<SoundWord>(hash.words[3 - i / 2] >> (i % 2 == 0 ? 32 : 0));
  return window;
}

const char* name_of(Pose pose) {
  return kPoseNames[static_cast<std::size_t>(pose) % kPoses];
}

const char* name_of(Part part) {
  for (const PartRow& row : kParts)
    if (row.part == part) return row.name;
  return "other";
}

double share_of(Part part) {
  for (const PartRow& row : kParts)
    if (row.part == part) return row.percent / 100.0;
  return 1;
}

bool is_stored(Part part) {
  return part >= Part::whole && part <= Part::frame;
}

unsigned halvings(std::uint32_t width, std::uint32_t height) {
  unsigned times = 0;
  while (std::min(width, height) >> (times + 1) >= kWorkingSide) ++times;
  return times;
}

Luma reduced(Luma luma, unsigned halvings) {
  if (halvings == 0) return luma;
  const std::uint32_t cell = 1U << halvings;
  Luma out{luma.width / cell, luma.height / cell, {}};
  out.values.resize(std::size_t{out.width} * out.height);
  std::vector<std::uint32_t> sums(out.width);
  for (std::uint32_t y = 0; y < out.height; ++y) {
    std::fill(sums.begin(), sums.end(), 0);
    for (std::uint32_t line = y * cell; line < (y + 1) * cell; ++line) {
      const std::uint8_t* from = luma.values.data() + std::size_t{line} * luma.width;
      for (std::uint32_t x = 0; x < out.width; ++x)
        for (std::uint32_t k = 0; k < cell; ++k) sums[x] += from[x * cell + k];
    }
    const std::uint32_t cells = cell * cell;
    for (std::uint32_t x = 0; x < out.width; ++x)
      out.values[std::size_t{y} * out.width + x] = static_cast<std::uint8_t>((sums[x] + cells / 2) / cells);
  }
  return out;
}

Luma upright(Luma stored, std::uint8_t orientation) {
  if (orientation < 2 || orientation > 8) return stored;
  const bool turned = orientation >= 5;
  const std::uint32_t width = turned ? stored.height : stored.width;
  const std::uint32_t height = turned ? stored.width : stored.height;
  Luma seen{width, height, std::vector<std::uint8_t>(stored.values.size())};
  // Where the seen picture's pixel lies in the stored one; EXIF 2.32, 4.6.4.A, figure of Orientation.
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  for (std::uint32_t y = 0; y < height; ++y)
    for (std::uint32_t x = 0; x < width; ++x) {
      std::uint32_t from_x = turned ? y : x, from_y = turned ? x : y;
      if (flip_x) from_x = stored.width - 1 - from_x;
      if (flip_y) from_y = stored.height - 1 - from_y;
      seen.values[std::size_t{y} * width + x] = stored.values[std::size_t{from_y} * stored.width + from_x];
    }
  return seen;
}

namespace {

enum class Borders { any, drawn };

Region trimmed(const Luma& luma, Borders which) {
  const int tolerance = which == Borders::drawn ? kDrawnTolerance : kBorderTolerance;
  Region region{0, 0, luma.width, luma.height};
  // Bars above and below keep those at the sides from being uniform, and the other way round. What lies
  // behind drawn bars is picture, however uniform.
  for (int round = 0; round < 2; ++round) {
    if (which == Borders::any || region.height == luma.height) {
      const Span rows = rows_of(luma, region, tolerance);
      region.top += rows.first;
      region.height = rows.length;
    }
    if (which == Borders::any || region.width == luma.width) {
      const Span columns = columns_of(luma, region, tolerance);
      region.left += columns.first;
      region.width = columns.length;
    }
  }
  if (region.height < kLeastLeft * luma.height || region.width < kLeastLeft * luma.width)
    return {0, 0, luma.width, luma.height};
  return region;
}

Luma cut_out(const Luma& luma, const Region& region) {
  Luma out{region.width, region.height, {}};
  out.values.reserve(std::size_t{region.width} * region.height);
  for (std::uint32_t y = 0; y < region.height; ++y) {
    const auto line = luma.values.begin() +
                      static_cast<std::ptrdiff_t>(std::size_t{region.top + y} * luma.width + region.left);
    out.values.insert(out.values.end(), line, line + region.width);
  }
  return out;
}

}  // namespace

Region without_borders(const Luma& luma) {
  return trimmed(luma, Borders::any);
}

Luma without_drawn_bars(const Luma& luma) {
  const Region region = trimmed(luma, Borders::drawn);
  const bool none = region == Region{0, 0, luma.width, luma.height};
  return none || region == without_borders(luma) ? Luma{} : cut_out(luma, region);
}

Fingerprints fingerprints_of(const Luma& upright, bool for_question) {
  Fingerprints out;
  if (upright.empty()) return out;
  const Region all{0, 0, upright.width, upright.height};
  const Region whole = without_borders(upright);
  out.borders = whole != all;
  const auto add = [&](Part part, const Region& region) {
    const HashAndQuality found = pdq(upright, region);
    if (is_telling(found)) out.prints.push_back({part, found.quality, 0, found.hash});
  };
  add(Part::whole, whole);
  for (const Part part : kStored) add(part, centre_of(whole, share_of(part)));
  if (out.borders) add(Part::bordered, all);
  if (for_question) {
    for (const Part part : kAsked) add(part, centre_of(whole, share_of(part)));
    for (std::size_t i = 1; i < 9; ++i) {
      add(Part::shifted, part_of(whole, kShifted[i % 3], kShifted[i / 3]));
      add(Part::corner, part_of(whole, kCorners[i % 3], kCorners[i / 3]));
    }
  }
  if (out.prints.empty())
    out.problem = kTooUniform;
  else
    out.sketch = sketch_of(upright, whole);
  return out;
}

}  // namespace dalil::media
