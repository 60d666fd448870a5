#include <algorithm>

#include "exif.hpp"
#include "pictures.hpp"
#include "trailer.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMaxChunks = 10'000;
constexpr std::uint64_t kMaxPacket = 1 << 20;

class WebpWalk {
 public:
  WebpWalk(Source& source, MediaFacts& facts, Packets& packets)
      : source_(source), facts_(facts), packets_(packets), end_(source.size()) {}

  void run() {
    const ByteView riff = source_.view(4, 4);
    if (!riff.empty()) end_ = std::min(end_, 8 + std::uint64_t{load_u32(riff, 0, ByteOrder::little)});
    std::uint64_t at = 12;
    for (std::size_t i = 0; i < kMaxChunks && at + 8 <= end_; ++i) {
      const ByteView head = source_.view(at, 8);
      if (head.empty()) break;
      const std::string type(as_chars(head.first(4)));
      const std::uint64_t length = load_u32(head, 4, ByteOrder::little);
      if (length > source_.size() - at - 8) facts_.problem = "the WebP's chunks break off";
      chunk(type, at + 8, std::min(length, source_.size() - at - 8));
      at += 8 + length + (length & 1);
    }
    // RIFF's own size says where the picture ends.
    note_trailer(source_, end_ + (end_ & 1), facts_);
  }

 private:
  void set_size(std::uint32_t width, std::uint32_t height) {
    if (facts_.width != 0) return;
    facts_.width = width;
    facts_.height = height;
  }

  void chunk(std::string_view type, std::uint64_t offset, std::uint64_t length) {
    if (type == "VP8X") {
      const ByteView body = source_.view(offset, 10);
      if (body.empty()) return;
      const auto u24 = [&](std::size_t at) {
        return body[at] | std::uint32_t{body[at + 1]} << 8 | std::uint32_t{body[at + 2]} << 16;
      };
      set_size(u24(4) + 1, u24(7) + 1);
    } else if (type == "VP8 ") {
      const ByteView body = source_.view(offset, 10);
      if (body.empty() || body[3] != 0x9d) return;
      set_size(load_u16(body, 6, ByteOrder::little) & 0x3fff, load_u16(body, 8, ByteOrder::little) & 0x3fff);
    } else if (type == "VP8L") {
      const ByteView body = source_.view(offset, 5);
      if (body.empty() || body[0] != 0x2f) return;
      const std::uint32_t bits = load_u32(body, 1, ByteOrder::little);
      set_size((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
    } else if (type == "EXIF") {
      exif(offset, std::min(length, kMaxPacket));
    } else if (type == "C2PA") {
      facts_.fields.push_back({"c2pa", "manifest present, not verified"});
    } else if (type == "XMP ") {
      packets_.xmp = {offset, static_cast<std::size_t>(std::min(length, kMaxPacket))};
    }
  }

  /// Many writers leave JPEG's "Exif\0\0" before the structure.
  void exif(std::uint64_t offset, std::uint64_t length) {
    const ByteView head = source_.view(offset, 6);
    const std::uint64_t skip = !head.empty() && as_chars(head).starts_with("Exif") ? 6 : 0;
    if (length <= skip) return;
    read_tiff(source_, offset + skip, length - skip, facts_, packets_);
    if (packets_.exif) packets_.exif = {offset + skip, static_cast<std::size_t>(length - skip)};
  }

  Source& source_;
  MediaFacts& facts_;
  Packets& packets_;
  std::uint64_t end_;
};

}  // namespace

void read_webp(Source& source, MediaFacts& facts, Packets& packets) {
  WebpWalk(source, facts, packets).run();
}

}  // namespace dalil::media
