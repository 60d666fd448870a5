// PDQ: brightness, a box filter twice in each direction, 64 x 64 samples, the lowest 16 x 16 frequencies of a
// cosine transform without the constant one, and for each whether it is above their median.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dalil/base/error.hpp"
#include "dalil/media/fingerprint.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kSamples = 64, kFrequencies = 16;
using Samples = std::array<std::array<float, kSamples>, kSamples>;
using Spectrum = std::array<float, kFrequencies * kFrequencies>;

/// Numbers in rows.
struct Field {
  std::size_t width, height;
  std::vector<float> values;
  const float* row(std::size_t y) const { return values.data() + y * width; }
  float* row(std::size_t y) { return values.data() + y * width; }
};
Field make_field(std::size_t width, std::size_t height) {
  return {width, height, std::vector<float>(width * height)};
}

Field field_of(const Luma& luma, const Region& region) {
  Field field = make_field(region.width, region.height);
  for (std::size_t y = 0; y < field.height; ++y) {
    const std::uint8_t* from = luma.values.data() + (region.top + y) * luma.width + region.left;
    std::copy_n(from, field.width, field.row(y));
  }
  return field;
}

/// Width of the box for a side of so many pixels: about half of a sample's share of it.
std::size_t box_width(std::size_t side) {
  return (side + 2 * kSamples - 1) / (2 * kSamples);
}

/// The box of output i covers inputs [i - before, i + after], as far as they exist; of an even width one more
/// after.
struct Box {
  explicit Box(std::size_t side)
      : after((box_width(side) + 2) / 2 - 1), before(box_width(side) - 1 - after) {}
  std::size_t after, before;
};

void add_row(std::vector<float>& sums, const float* row) {
  for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += row[x];
}
void take_row(std::vector<float>& sums, const float* row) {
  for (std::size_t x = 0; x < sums.size(); ++x) sums[x] -= row[x];
}

/// Each value becomes the mean of the box above and below it.
void filter_columns(const Field& from, Field& to) {
  const Box box(from.height);
  std::vector<float> sums(from.width, 0.0F);
  std::size_t count = 0;
  for (; count < std::min(box.after, from.height); ++count) add_row(sums, from.row(count));
  for (std::size_t y = 0; y < from.height; ++y) {
    if (y + box.after < from.height) add_row(sums, from.row(y + box.after)), ++count;
    if (y > box.before) take_row(sums, from.row(y - box.before - 1)), --count;
    const float share = 1.0F / static_cast<float>(count);
    float* out = to.row(y);
    for (std::size_t x = 0; x < from.width; ++x) out[x] = sums[x] * share;
  }
}

/// Filters twice from top to bottom, and makes the 64 rows that count the columns of the result.
Field filtered_and_turned(Field field) {
  if (Box(field.height).after > 0) {
    Field other = make_field(field.width, field.height);
    filter_columns(field, other);
    filter_columns(other, field);
  }
  Field turned = make_field(kSamples, field.width);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const float* from = field.row((2 * i + 1) * field.height / (2 * kSamples));
    for (std::size_t x = 0; x < field.width; ++x) turned.row(x)[i] = from[x];
  }
  return turned;
}

/// The description filters rows, columns, rows, columns; the order makes no difference, and this one leaves
/// most of the work to few rows.
Samples samples_of(const Luma& luma, const Region& region) {
  const Field field = filtered_and_turned(filtered_and_turned(field_of(luma, region)));
  Samples samples{};
  for (std::size_t i = 0; i < kSamples; ++i) std::copy_n(field.row(i), kSamples, samples[i].begin());
  return samples;
}

int gradient(float a, float b) {
  return std::abs(static_cast<int>((a - b) * 100 / 255));
}

std::uint8_t quality_of(const Samples& samples) {
  int sum = 0;
  for (std::size_t i = 0; i < kSamples; ++i)
    for (std::size_t j = 0; j < kSamples; ++j) {
      if (i + 1 < kSamples) sum += gradient(samples[i][j], samples[i + 1][j]);
      if (j + 1 < kSamples) sum += gradient(samples[i][j], samples[i][j + 1]);
    }
  return static_cast<std::uint8_t>(std::min(sum / 90, 100));
}

using Cosines = std::array<std::array<float, kSamples>, kFrequencies>;
Cosines make_cosines() {
  Cosines cosines{};
  const double scale = std::sqrt(2.0 / kSamples);
  for (std::size_t i = 0; i < kFrequencies; ++i)
    for (std::size_t j = 0; j < kSamples; ++j)
      cosines[i][j] = static_cast<float>(
          scale * std::cos(std::numbers::pi / (2 * kSamples) * static_cast<double>((i + 1) * (2 * j + 1))));
  return cosines;
}

Spectrum spectrum_of(const Samples& samples) {
  static const Cosines cosines = make_cosines();
  std::array<std::array<float, kSamples>, kFrequencies> half{};
  for (std::size_t i = 0; i < kFrequencies; ++i)
    for (std::size_t k = 0; k < kSamples; ++k)
      for (std::size_t j = 0; j < kSamples; ++j) half[i][j] += cosines[i][k] * samples[k][j];
  Spectrum spectrum{};
  for (std::size_t i = 0; i < kFrequencies; ++i)
    for (std::size_t j = 0; j < kFrequencies; ++j)
      for (std::size_t k = 0; k < kSamples; ++k) spectrum[i * kFrequencies + j] += half[i][k] * cosines[j][k];
  return spectrum;
}

Pdq bits_of(const Spectrum& spectrum) {
  Spectrum sorted = spectrum;
  const auto median = sorted.begin() + sorted.size() / 2 - 1;
  std::nth_element(sorted.begin(), median, sorted.end());
  Pdq hash;
  for (std::size_t n = 0; n < spectrum.size(); ++n)
    if (spectrum[n] > *median) hash.words[n / 64] |= std::uint64_t{1} << (n % 64);
  return hash;
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
  return {bits_of(spectrum_of(samples)), quality_of(samples)};
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
