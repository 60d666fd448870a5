#include "utf8.hpp"

#include <cstring>

#include "dalil/base/text.hpp"

namespace dalil {
namespace utf8 {
namespace {

constexpr Step kInvalid{0, 1, false};

bool is_continuation(std::uint8_t byte) {
  return (byte & 0xc0) == 0x80;
}

Step decode_tail(const std::uint8_t* at, std::size_t available, std::uint8_t size, char32_t lead_bits) {
  if (available < size) return kInvalid;
  char32_t code_point = lead_bits;
  for (std::uint8_t i = 1; i < size; ++i) {
    if (!is_continuation(at[i])) return kInvalid;
    code_point = code_point << 6 | (at[i] & 0x3fu);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < kSmallest[size] || code_point > 0x10ffff || surrogate) return kInvalid;
  return {code_point, size, true};
}

}  // namespace

Step decode(std::string_view text) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(text.data());
  const std::uint8_t lead = at[0];
  if (lead < 0x80) return {lead, 1, true};
  if (lead >= 0xc2 && lead <= 0xdf) return decode_tail(at, text.size(), 2, lead & 0x1fu);
  if (lead >= 0xe0 && lead <= 0xef) return decode_tail(at, text.size(), 3, lead & 0x0fu);
  if (lead >= 0xf0 && lead <= 0xf4) return decode_tail(at, text.size(), 4, lead & 0x07u);
  return kInvalid;
}

std::size_t ascii_prefix(std::string_view text) {
  std::size_t size = 0;
  for (; size + 8 <= text.size(); size += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + size, sizeof eight);
    if ((eight & 0x8080808080808080u) != 0) break;
  }
  while (size < text.size() && static_cast<std::uint8_t>(text[size]) < 0x80) ++size;
  return size;
}

}  // namespace utf8

bool is_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(utf8::ascii_prefix(text));
    // Runs of one script alternate little with ASCII: stay in this loop while they last.
    while (!text.empty() && static_cast<std::uint8_t>(text.front()) >= 0x80) {
      const utf8::Step step = utf8::decode(text);
      if (!step.valid) return false;
      text.remove_prefix(step.size);
    }
    if (text.empty()) return true;
  }
}

}  // namespace dalil
