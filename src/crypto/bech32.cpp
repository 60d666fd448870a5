#include "bech32.hpp"

namespace dalil::crypto {
namespace {

constexpr std::string_view kDigits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumSize = 6;
constexpr std::uint32_t kGoodChecksum = 1;

/// The BCH code of BIP 173, fed with five bits at a time.
class Checksum {
 public:
  explicit Checksum(std::string_view prefix) {
    for (const char c : prefix) add(static_cast<std::uint8_t>(c) >> 5);
    add(0);
    for (const char c : prefix) add(static_cast<std::uint8_t>(c) & 31u);
  }
  void add(std::uint32_t five_bits) {
    constexpr std::uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = value_ >> 25;
    value_ = (value_ & 0x1ffffff) << 5 ^ five_bits;
    for (int i = 0; i < 5; ++i) value_ ^= (top >> i & 1) != 0 ? kGenerator[i] : 0;
  }
  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 1;
};

/// Five-bit digits to bytes; false if the bits left over are a whole digit or not zero.
bool join_bits(std::string_view digits, MutableByteView out) {
  std::uint32_t bits = 0;
  int bit_count = 0;
  std::size_t size = 0;
  for (const char digit : digits) {
    bits = (bits << 5 | static_cast<std::uint32_t>(kDigits.find(digit))) & 0xfff;
    bit_count += 5;
    if (bit_count < 8) continue;
    bit_count -= 8;
    out[size++] = static_cast<std::uint8_t>(bits >> bit_count);
  }
  return bit_count < 5 && (bits & ((1u << bit_count) - 1)) == 0;
}

}  // namespace

std::string bech32_encode(std::string_view prefix, ByteView data) {
  std::string text(prefix);
  // Room beforehand: growth would leave copies of a key in freed memory.
  text.reserve(prefix.size() + 1 + (data.size() * 8 + 4) / 5 + kChecksumSize);
  text += '1';
  Checksum checksum(prefix);
  const auto put = [&](std::uint32_t five_bits) {
    checksum.add(five_bits);
    text += kDigits[five_bits];
  };
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (const std::uint8_t byte : data) {
    bits = (bits << 8 | byte) & 0xfff;
    for (bit_count += 8; bit_count >= 5;) put(bits >> (bit_count -= 5) & 31);
  }
  if (bit_count > 0) put(bits << (5 - bit_count) & 31);
  for (std::size_t i = 0; i < kChecksumSize; ++i) checksum.add(0);
  const std::uint32_t sum = checksum.value() ^ kGoodChecksum;
  for (std::size_t i = 0; i < kChecksumSize; ++i) text += kDigits[sum >> (25 - 5 * i) & 31];
  return text;
}

std::optional<Secret> bech32_decode(std::string_view prefix, std::string_view text) {
  if (text.size() < prefix.size() + 1 + kChecksumSize || !text.starts_with(prefix)) return std::nullopt;
  if (text[prefix.size()] != '1') return std::nullopt;
  text.remove_prefix(prefix.size() + 1);
  Checksum checksum(prefix);
  for (const char digit : text) {
    const std::size_t value = kDigits.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    checksum.add(static_cast<std::uint32_t>(value));
  }
  if (checksum.value() != kGoodChecksum) return std::nullopt;
  text.remove_suffix(kChecksumSize);
  Secret data(text.size() * 5 / 8);
  if (!join_bits(text, data.mutable_view())) return std::nullopt;
  return data;
}

}  // namespace dalil::crypto
