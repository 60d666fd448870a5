#include "dalil/base/bytes.hpp"

#include "dalil/base/error.hpp"

namespace dalil {
namespace {

constexpr int kLastVarintShift = 63;

[[noreturn]] void throw_corrupt(const char* problem) {
  throw Error(ErrorCode::corrupt, problem);
}

}  // namespace

void append_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

void append_block(Bytes& out, ByteView bytes) {
  append_varint(out, bytes.size());
  append(out, bytes);
}

ByteView ByteReader::take(std::size_t size) {
  if (size > rest_.size()) throw_corrupt("record is cut short");
  const ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::uint8_t ByteReader::u8() {
  return take(1)[0];
}

std::uint16_t ByteReader::u16() {
  const ByteView from = take(2);
  return static_cast<std::uint16_t>(from[0] << 8 | from[1]);
}

std::uint32_t ByteReader::u32() {
  const ByteView from = take(4);
  std::uint32_t value = 0;
  for (const std::uint8_t byte : from) value = value << 8 | byte;
  return value;
}

std::uint64_t ByteReader::u64() {
  return load_u64(take(8).data());
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift <= kLastVarintShift; shift += 7) {
    const std::uint8_t byte = u8();
    // The tenth byte carries the one bit that is left of 64.
    if (shift == kLastVarintShift && byte > 1) throw_corrupt("number exceeds 64 bits");
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && shift != 0) throw_corrupt("number is not in its shortest form");
    return value;
  }
  throw_corrupt("number exceeds 64 bits");
}

ByteView ByteReader::block(std::size_t limit) {
  const std::uint64_t size = varint();
  if (size > limit) throw_corrupt("block is larger than its limit");
  return take(static_cast<std::size_t>(size));
}

void ByteReader::expect_end() const {
  if (!rest_.empty()) throw_corrupt("record is followed by bytes that do not belong to it");
}

}  // namespace dalil
