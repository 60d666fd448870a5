#include "dalil/base/quantity.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>

namespace dalil {

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  std::string unit(end, text.data() + text.size());
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return std::toupper(c); });
  if (unit.empty() || unit == "B") return value;
  const auto power = std::string_view("KMGT").find(unit[0]);
  if (power == std::string_view::npos) return std::nullopt;
  const std::string rest = unit.substr(1);
  if (!rest.empty() && rest != "IB" && rest != "B") return std::nullopt;
  const std::uint64_t base = rest == "B" ? 1000 : 1024;
  for (std::size_t i = 0; i <= power; ++i) {
    if (value > UINT64_MAX / base) return std::nullopt;
    value *= base;
  }
  return value;
}

std::optional<std::int64_t> parse_timecode(std::string_view text) {
  std::array<std::int64_t, 3> parts{};
  std::size_t count = 0;
  std::string_view fraction;
  if (const auto dot = text.find('.'); dot != std::string_view::npos) {
    fraction = text.substr(dot + 1);
    text = text.substr(0, dot);
    if (fraction.empty() || fraction.size() > 3) return std::nullopt;
  }
  while (true) {
    const auto colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (count == parts.size() || part.empty() || part.size() > 6) return std::nullopt;
    if (part.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    std::from_chars(part.data(), part.data() + part.size(), parts[count++]);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  std::int64_t seconds = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0 && parts[i] > 59) return std::nullopt;
    seconds = seconds * 60 + parts[i];
  }
  std::int64_t ms = 0;
  if (fraction.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return seconds * 1000 + ms;
}

}  // namespace dalil
