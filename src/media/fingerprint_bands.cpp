#include "dalil/media/fingerprint_bands.hpp"

namespace dalil::media {
namespace {

std::uint32_t band_of(const Pdq& hash, std::size_t band) {
  return static_cast<std::uint32_t>(hash.words[band / 4] >> (16 * (band % 4)) & 0xFFFF);
}

bool is_of_a_picture(const PrintOwner& owner) {
  return owner.part != Part{} && owner.part != Part::sound;
}

}  // namespace

PrintBands::PrintBands(const PrintTable& table) : table_(&table) {
  for (std::size_t b = 0; b < kBands; ++b) {
    Band& band = bands_[b];
    band.begins.assign(kValues + 1, 0);
    for (std::size_t row = 0; row < table.size(); ++row)
      if (is_of_a_picture(table.owner(row))) ++band.begins[band_of(table.hash(row), b) + 1];
    for (std::size_t value = 0; value < kValues; ++value) band.begins[value + 1] += band.begins[value];
    band.rows.resize(band.begins.back());
    std::vector<std::uint32_t> next(band.begins.begin(), band.begins.end() - 1);
    for (std::size_t row = 0; row < table.size(); ++row)
      if (is_of_a_picture(table.owner(row)))
        band.rows[next[band_of(table.hash(row), b)]++] = static_cast<std::uint32_t>(row);
  }
}

void PrintBands::near(const Pdq& hash, const std::function<void(std::uint32_t, int)>& visit) const {
  const auto look = [&](std::size_t b, std::uint32_t value) {
    const Band& band = bands_[b];
    for (std::uint32_t i = band.begins[value]; i < band.begins[value + 1]; ++i) {
      const std::uint32_t row = band.rows[i];
      const Pdq other = table_->hash(row);
      const int bits = distance(hash, other);
      if (bits > kRadius) continue;
      // Only in the first band that could have found it, so that it is told once.
      std::size_t first = 0;
      while (std::popcount(band_of(hash, first) ^ band_of(other, first)) > 1) ++first;
      if (first == b) visit(row, bits);
    }
  };
  for (std::size_t b = 0; b < kBands; ++b) {
    const std::uint32_t value = band_of(hash, b);
    look(b, value);
    for (unsigned bit = 0; bit < 16; ++bit) look(b, value ^ 1U << bit);
  }
}

}  // namespace dalil::media
