#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dalil/base/bytes.hpp"

namespace dalil {

/// A SHA-256 value: of a file's content (an item's name), a tree node or a commitment.
struct Digest {
  static constexpr std::size_t kSize = 32;
  std::array<std::uint8_t, kSize> bytes{};

  auto operator<=>(const Digest&) const = default;
  ByteView view() const { return bytes; }
  /// 64 lower-case hexadecimal digits.
  std::string hex() const;
  /// Accepts either case; absent if it is not exactly 64 hexadecimal digits.
  static std::optional<Digest> from_hex(std::string_view text);
  /// Error(corrupt) unless there are exactly 32 bytes.
  static Digest from_bytes(ByteView bytes);
};

struct DigestHash {
  std::size_t operator()(const Digest& digest) const {
    std::size_t value;
    static_assert(sizeof value <= Digest::kSize);
    std::memcpy(&value, digest.bytes.data(), sizeof value);
    return value;
  }
};

}  // namespace dalil
