#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dalil {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;

/// The bytes of a string; the view points into it.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The bytes as a string view, without any claim about their encoding.
inline std::string_view as_chars(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void append(Bytes& out, ByteView more) {
  out.insert(out.end(), more.begin(), more.end());
}

/// Fixed-width integers, big-endian unless the name says otherwise.
inline void append_u8(Bytes& out, std::uint8_t value) {
  out.push_back(value);
}
inline void append_u16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
inline void append_u32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}
inline void append_u64(Bytes& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}
/// LEB128, at most ten bytes.
void append_varint(Bytes& out, std::uint64_t value);
/// A varint length, then the bytes.
void append_block(Bytes& out, ByteView bytes);

inline std::uint64_t load_u64(const std::uint8_t* from) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | from[i];
  return value;
}

/// Reads what the functions above wrote, never past the end.
///
/// Every read throws Error(corrupt) when bytes are lacking or a varint is not in its shortest form.
/// Views that it returns point into the span that it was given.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}
  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::uint64_t varint();
  ByteView take(std::size_t size);
  /// Counterpart of append_block; Error(corrupt) if the length exceeds `limit`.
  ByteView block(std::size_t limit);
  std::size_t remaining() const { return rest_.size(); }
  /// Error(corrupt) unless everything has been read.
  void expect_end() const;

 private:
  ByteView rest_;
};

}  // namespace dalil
