// PDQ: brightness, a box filter twice in each direction, 64 x 64 samples, the lowest 16 x 16 frequencies of a
// cosine transform without the constant one, and for each whether it is above their median.

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "dalil/base/error.hpp"
#include "dalil/media/fingerprint.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kSamples = 64, kFrequencies = 16;
using Samples = std::array<std::array<float, kSamples>, kSamples>;
using Spectrum = std::array<float, kFrequencies * kFrequencies>;

/// Width of the box for a side of so many pixels: about half of a sample's share of it.
std::size_t box_width(std::size_t side) {
  return (side + 2 * kSamples - 1) / (2 * kSamples);
}

/// The box of output i covers inputs [i - before, i + after], as far as they exist; of an even width one more
/// after.
struct Box {
  explicit Box(std::size_t width)
      : side(width), after((box_width(width) + 2) / 2 - 1), before(box_width(width) - 1 - after) {}
  std::size_t side, after, before;
  std::size_t first(std::size_t i) const { return i - std::min(i, before); }
  std::size_t end(std::size_t i) const { return std::min(i + after + 1, side); }
};

/// What filtering a side with the box twice and taking 64 samples of it amounts to: each is a sum of the few
/// inputs that it can see. The rest need never be worked out.
class Taps {
 public:
  explicit Taps(std::size_t side) {
    const Box box(side);
    weights_.reserve(kSamples * (2 * box_width(side) + 1));
    for (std::size_t i = 0; i < kSamples; ++i) add(box, i, (2 * i + 1) * side / (2 * kSamples));
    begins_[kSamples] = weights_.size();
  }
  /// The first input of sample i.
  std::size_t first(std::size_t i) const { return firsts_[i]; }
  /// Of the inputs from there on.
  std::span<const float> weights(std::size_t i) const {
    return {weights_.data() + begins_[i], begins_[i + 1] - begins_[i]};
  }

 private:
  void add(const Box& box, std::size_t i, std::size_t at) {
    const std::size_t from = box.first(at), to = box.end(at);
    firsts_[i] = box.first(from);
    begins_[i] = weights_.size();
    weights_.resize(begins_[i] + box.end(to - 1) - firsts_[i]);
    float* weights = weights_.data() + begins_[i];
    for (std::size_t once = from; once < to; ++once) {
      const std::size_t begin = box.first(once), end = box.end(once);
      const float share = 1.0F / static_cast<float>((to - from) * (end - begin));
      for (std::size_t k = begin; k < end; ++k) weights[k - firsts_[i]] += share;
    }
  }

  std::array<std::size_t, kSamples> firsts_{};
  std::array<std::size_t, kSamples + 1> begins_{};
  std::vector<float> weights_;
};

/// In blocks of a fixed size that overlap with nothing, for which the compiler uses vectors.
void add_weighted(float* __restrict into, const std::uint8_t* __restrict line, float weight,
                  std::size_t count) {
  constexpr std::size_t kBlock = 16;
  for (; count >= kBlock; count -= kBlock, into += kBlock, line += kBlock)
    for (std::size_t x = 0; x < kBlock; ++x) into[x] += weight * static_cast<float>(line[x]);
  for (std::size_t x = 0; x < count; ++x) into[x] += weight * static_cast<float>(line[x]);
}

/// The description filters rows, columns, rows, columns; the order makes no difference, and this one leaves
/// most of the work to lines that lie one after the other in memory.
Samples samples_of(const Luma& luma, const Region& region) {
  Samples samples{};
  const Taps across(region.width), down(region.height);
  std::vector<float> line(region.width);
  for (std::size_t i = 0; i < kSamples; ++i) {
    std::fill(line.begin(), line.end(), 0.0F);
    const std::uint8_t* from = luma.values.data() + (region.top + down.first(i)) * luma.width + region.left;
    for (const float weight : down.weights(i)) {
      add_weighted(line.data(), from, weight, line.size());
      from += luma.width;
    }
    for (std::size_t j = 0; j < kSamples; ++j) {
      const float* values = line.data() + across.first(j);
      float sum = 0;
      for (const float weight : across.weights(j)) sum += weight * *values++;
      samples[i][j] = sum;
    }
  }
  return samples;
}

int gradient(float a, float b) {
  return std::abs(static_cast<int>((a - b) * 100 / 255));
}

std::uint8_t quality_of(const Samples& samples) {
  int sum = 0;
  for (std::size_t i = 0; i < kSamples; ++i)
    for (std::size_t j = 0; j + 1 < kSamples; ++j) sum += gradient(samples[i][j], samples[i][j + 1]);
  for (std::size_t i = 0; i + 1 < kSamples; ++i)
    for (std::size_t j = 0; j < kSamples; ++j) sum += gradient(samples[i][j], samples[i + 1][j]);
  return static_cast<std::uint8_t>(std::min(sum / 90, 100));
}

/// The cosines of one frequency are the same from both ends if it is even, and of opposite sign if it is odd:
/// half of the samples, each with its mirror added or taken away, are enough.
constexpr std::size_t kHalf = kSamples / 2, kEach = kFrequencies / 2;
using EachFrequency = std::array<float, kEach>;

/// By sample, then by frequency: 1, 3, 5 ... and 2, 4, 6 ...
struct Cosines {
  std::array<EachFrequency, kHalf> odd, even;
};
Cosines make_cosines() {
  Cosines cosines{};
  const double scale = std::sqrt(2.0 / kSamples);
  for (std::size_t k = 0; k < kHalf; ++k)
    for (std::size_t i = 0; i < kEach; ++i) {
      const double angle = std::numbers::pi / (2 * kSamples) * static_cast<double>(2 * k + 1);
      cosines.odd[k][i] = static_cast<float>(scale * std::cos(angle * static_cast<double>(2 * i + 1)));
      cosines.even[k][i] = static_cast<float>(scale * std::cos(angle * static_cast<double>(2 * i + 2)));
    }
  return cosines;
}

/// Frequencies of one line of samples, by their parity.
struct Line {
  EachFrequency odd{}, even{};
};
Line line_of(const std::array<float, kSamples>& samples, const Cosines& cosines) {
  Line line;
  for (std::size_t k = 0; k < kHalf; ++k) {
    const float difference = samples[k] - samples[kSamples - 1 - k],
                sum = samples[k] + samples[kSamples - 1 - k];
    for (std::size_t j = 0; j < kEach; ++j) line.odd[j] += difference * cosines.odd[k][j];
    for (std::size_t j = 0; j < kEach; ++j) line.even[j] += sum * cosines.even[k][j];
  }
  return line;
}

/// One row of the spectrum of lines that were folded as their samples were.
Line row_of(const std::array<Line, kHalf>& folded, const std::array<EachFrequency, kHalf>& cosines,
            std::size_t i) {
  Line row;
  for (std::size_t k = 0; k < kHalf; ++k) {
    const float cosine = cosines[k][i];
    for (std::size_t j = 0; j < kEach; ++j) row.odd[j] += cosine * folded[k].odd[j];
    for (std::size_t j = 0; j < kEach; ++j) row.even[j] += cosine * folded[k].even[j];
  }
  return row;
}

Spectrum spectrum_of(const Samples& samples) {
  static const Cosines cosines = make_cosines();
  std::array<Line, kHalf> differences, sums;
  for (std::size_t k = 0; k < kHalf; ++k) {
    const Line one = line_of(samples[k], cosines), mirror = line_of(samples[kSamples - 1 - k], cosines);
    for (std::size_t j = 0; j < kEach; ++j) {
      differences[k].odd[j] = one.odd[j] - mirror.odd[j];
      differences[k].even[j] = one.even[j] - mirror.even[j];
      sums[k].odd[j] = one.odd[j] + mirror.odd[j];
      sums[k].even[j] = one.even[j] + mirror.even[j];
    }
  }
  Spectrum spectrum;
  for (std::size_t i = 0; i < kFrequencies; ++i) {
    const Line row = i % 2 == 0 ? row_of(differences, cosines.odd, i / 2) : row_of(sums, cosines.even, i / 2);
    for (std::size_t j = 0; j < kEach; ++j) {
      spectrum[i * kFrequencies + 2 * j] = row.odd[j];
      spectrum[i * kFrequencies + 2 * j + 1] = row.even[j];
    }
  }
  return spectrum;
}

/// What rounding can do to a frequency. Decoders round each value to whole shades, and so does what reduces
/// the picture: a sample is off by about half a shade. The transform keeps the sum of squares, so each
/// frequency is off by as much; this is twice that.
constexpr float kRounding = 1.0F;

float median_of(Spectrum spectrum) {
  const auto median = spectrum.begin() + spectrum.size() / 2 - 1;
  std::nth_element(spectrum.begin(), median, spectrum.end());
  return *median;
}

HashAndQuality hash_of(const Spectrum& spectrum) {
  const float median = median_of(spectrum);
  HashAndQuality out;
  for (std::size_t n = 0; n < spectrum.size(); ++n) {
    if (spectrum[n] > median) out.hash.words[n / 64] |= std::uint64_t{1} << (n % 64);
    if (std::abs(spectrum[n] - median) > kRounding) ++out.decided;
  }
  return out;
}

/// How a pose changes the spectrum: rows and columns change places, then signs at odd frequencies turn.
struct PoseRule {
  bool transpose, flip_columns, flip_rows;
};
constexpr PoseRule kPoseRules[kPoses] = {
    {false, false, false},  // upright
    {false, true, false},   // mirrored
    {false, false, true},   // upside down
    {false, true, true},    // turned by 180
    {true, false, false},   // transposed
    {true, true, false},    // turned by 90: transposed, then mirrored
    {true, false, true},    // turned by 270
    {true, true, true},     // transversed
};

}  // namespace

HashAndQuality pdq(const Luma& luma, const Region& region) {
  if (region.width == 0 || region.height == 0 || region.left > luma.width - region.width ||
      region.top > luma.height - region.height || luma.values.size() < std::size_t{luma.width} * luma.height)
    throw Error(ErrorCode::invalid, "a fingerprint of nothing");
  const Samples samples = samples_of(luma, region);
  HashAndQuality out = hash_of(spectrum_of(samples));
  out.quality = quality_of(samples);
  return out;
}

Pdq posed(const Pdq& upright, Pose pose) {
  const PoseRule rule = kPoseRules[static_cast<std::size_t>(pose) % kPoses];
  Pdq hash;
  for (std::size_t i = 0; i < kFrequencies; ++i)
    for (std::size_t j = 0; j < kFrequencies; ++j) {
      const std::size_t from = rule.transpose ? j * kFrequencies + i : i * kFrequencies + j;
      // Index 0 is frequency 1: a mirror turns the sign of the odd ones.
      const bool turned = (rule.flip_columns && j % 2 == 0) != (rule.flip_rows && i % 2 == 0);
      const std::size_t n = i * kFrequencies + j;
      if (upright.bit(from) != turned) hash.words[n / 64] |= std::uint64_t{1} << (n % 64);
    }
  return hash;
}

}  // namespace dalil::media
