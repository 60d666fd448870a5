#pragma once

#include <cstdint>

#include "dalil/base/bytes.hpp"

namespace dalil::media {

/// Random access to foreign bytes, for the readers that run in the parser process.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::uint64_t size() const = 0;
  /// The bytes at `offset`: all `length` of them, or none if any lies outside, cannot be read or exceeds what
  /// this source is willing to read in total. The view is valid until the next call.
  virtual ByteView view(std::uint64_t offset, std::size_t length) = 0;
};

class MemorySource : public Source {
 public:
  explicit MemorySource(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  ByteView view(std::uint64_t offset, std::size_t length) override {
    if (offset > bytes_.size() || bytes_.size() - offset < length) return {};
    return bytes_.subspan(static_cast<std::size_t>(offset), length);
  }

 private:
  ByteView bytes_;
};

enum class ByteOrder : std::uint8_t { little, big };

inline std::uint16_t load_u16(ByteView from, std::size_t at, ByteOrder order = ByteOrder::big) {
  return static_cast<std::uint16_t>(order == ByteOrder::little ? from[at] | from[at + 1] << 8
                                                               : from[at] << 8 | from[at + 1]);
}
inline std::uint32_t load_u32(ByteView from, std::size_t at, ByteOrder order = ByteOrder::big) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= std::uint32_t{from[at + i]} << (order == ByteOrder::little ? 8 * i : 24 - 8 * i);
  }
  return value;
}

/// Where in a source something lies that only a larger library can read.
struct Extent {
  std::uint64_t offset = 0;
  std::size_t size = 0;
  explicit operator bool() const { return size != 0; }
};

/// Packets that the readers here find but do not open.
struct Packets {
  Extent xmp;               ///< RDF/XML text
  Extent iptc;              ///< IIM records
  Extent exif;              ///< a TIFF structure with a maker note worth reading
  bool compressed = false;  ///< something of these is compressed, or written in hexadecimal
};

}  // namespace dalil::media
