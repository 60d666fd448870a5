#include "quantisation.hpp"

#include <algorithm>
#include <cstdio>

#include "source.hpp"

namespace dalil::media {
namespace {

// ISO/IEC 10918-1 annex K, tables K.1 and K.2, in zigzag order.
constexpr std::uint8_t kStandard[2][64] = {
    {16, 11,  12, 14, 12, 10, 16,  14,  13,  14, 18, 17,  16,  19,  24,  40,  26, 24,  22,  22, 24, 49,
     35, 37,  29, 40, 58, 51, 61,  60,  57,  51, 56, 55,  64,  72,  92,  78,  64, 68,  87,  69, 55, 56,
     80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99},
    {17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99}};

/// What libjpeg's jpeg_set_quality makes of an example; baseline JPEG holds 8 bits.
bool is_scaled(const std::array<std::uint16_t, 64>& table, const std::uint8_t (&standard)[64], int quality) {
  const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  for (std::size_t i = 0; i < 64; ++i) {
    if (table[i] != std::clamp((standard[i] * scale + 50) / 100, 1, 255)) return false;
  }
  return true;
}

}  // namespace

void QuantisationTables::add(ByteView body) {
  while (!body.empty()) {
    const bool wide = body[0] >> 4 != 0;
    const std::size_t number = body[0] & 15, size = 1 + (wide ? 128 : 64);
    if (body.size() < size || number >= tables_.size()) return;
    Table& table = tables_[number].emplace();
    for (std::size_t i = 0; i < 64; ++i) table[i] = wide ? load_u16(body, 1 + 2 * i) : body[1 + i];
    body = body.subspan(size);
  }
}

std::size_t QuantisationTables::count() const {
  return static_cast<std::size_t>(
      std::count_if(tables_.begin(), tables_.end(), [](const auto& table) { return table.has_value(); }));
}

std::string QuantisationTables::fingerprint() const {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto take = [&](std::uint8_t byte) { hash = (hash ^ byte) * 0x100000001b3; };
  for (std::size_t number = 0; number < tables_.size(); ++number) {
    if (!tables_[number]) continue;
    take(static_cast<std::uint8_t>(number));
    for (const std::uint16_t value : *tables_[number]) {
      take(static_cast<std::uint8_t>(value >> 8));
      take(static_cast<std::uint8_t>(value));
    }
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::optional<int> QuantisationTables::libjpeg_quality(std::size_t table) const {
  if (table > 1 || !tables_[table]) return std::nullopt;
  for (int quality = 100; quality >= 1; --quality) {
    if (is_scaled(*tables_[table], kStandard[table], quality)) return quality;
  }
  return std::nullopt;
}

std::string QuantisationTables::text() const {
  std::string text = std::to_string(count()) + (count() == 1 ? " table " : " tables ") + fingerprint();
  const auto luminance = libjpeg_quality(0), chrominance = libjpeg_quality(1);
  if (!luminance || (tables_[1] && !chrominance)) return text;
  text += ", libjpeg's of quality " + std::to_string(*luminance);
  if (chrominance && chrominance != luminance) text += " and " + std::to_string(*chrominance);
  return text;
}

}  // namespace dalil::media
