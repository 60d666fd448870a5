// Picture formats that take a few lines each.

#include "pictures.hpp"

#include <algorithm>
#include <cstdlib>

#include "boxes.hpp"
#include "exif.hpp"

namespace dalil::media {
namespace {

constexpr std::uint64_t kMaxPacket = 1 << 20;

Extent extent(std::uint64_t offset, std::uint64_t size) {
  return {offset, static_cast<std::size_t>(std::min(size, kMaxPacket))};
}

void read_exif_packet(Source& source, std::uint64_t offset, std::uint64_t size, MediaFacts& facts,
                      Packets& packets) {
  read_tiff(source, offset, size, facts, packets);
  if (packets.exif) packets.exif = extent(offset, size);
}

/// JPEG XL packs its numbers from the lowest bit up.
class LowBits {
 public:
  explicit LowBits(ByteView bytes) : bytes_(bytes) {}
  std::uint32_t take(unsigned count) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i, ++at_) {
      if (at_ / 8 < bytes_.size()) value |= (bytes_[at_ / 8] >> at_ % 8 & 1u) << i;
    }
    return value;
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

/// SizeHeader of ISO/IEC 18181-1 behind the two bytes of the signature.
void jxl_size(ByteView codestream, MediaFacts& facts) {
  if (codestream.size() < 12 || codestream[0] != 0xff || codestream[1] != 0x0a) return;
  LowBits bits(codestream.subspan(2));
  const bool small = bits.take(1) != 0;
  const auto length = [&] {
    constexpr unsigned kWidths[] = {9, 13, 18, 30};
    return small ? (bits.take(5) + 1) * 8 : bits.take(kWidths[bits.take(2)]) + 1;
  };
  constexpr std::uint32_t kRatios[8][2] = {{0, 1}, {1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}};
  facts.height = length();
  const std::uint32_t ratio = bits.take(3);
  facts.width =
      ratio == 0
          ? length()
          : static_cast<std::uint32_t>(std::uint64_t{facts.height} * kRatios[ratio][0] / kRatios[ratio][1]);
}

void codestream_size(Source& source, std::uint64_t offset, MediaFacts& facts) {
  const ByteView size_marker = source.view(offset, 24);  // SOC, SIZ
  if (size_marker.empty() || load_u32(size_marker, 0) != 0xff4fff51) return;
  facts.width = load_u32(size_marker, 8) - load_u32(size_marker, 16);
  facts.height = load_u32(size_marker, 12) - load_u32(size_marker, 20);
}

/// Exiv2 and others keep EXIF, IPTC and XMP in boxes with these identifiers.
void jp2_uuid(Source& source, const Box& box, MediaFacts& facts, Packets& packets) {
  const ByteView id = source.view(box.body, 16);
  if (id.empty()) return;
  const std::string_view name = as_chars(id);
  if (name == "JpgTiffExif->JP2")
    return read_exif_packet(source, box.body + 16, box.end - box.body - 16, facts, packets);
  if (load_u32(id, 0) == 0xbe7acfcb) packets.xmp = extent(box.body + 16, box.end - box.body - 16);
  if (load_u32(id, 0) == 0x33c7a4d2) packets.iptc = extent(box.body + 16, box.end - box.body - 16);
}

}  // namespace

void read_gif(Source& source, MediaFacts& facts, Packets&) {
  const ByteView head = source.view(6, 4);
  if (head.empty()) return;
  facts.width = load_u16(head, 0, ByteOrder::little);
  facts.height = load_u16(head, 2, ByteOrder::little);
}

void read_bmp(Source& source, MediaFacts& facts, Packets&) {
  const ByteView head = source.view(14, 12);
  if (head.empty()) return;
  if (load_u32(head, 0, ByteOrder::little) == 12) {  // OS/2
    facts.width = load_u16(head, 4, ByteOrder::little);
    facts.height = load_u16(head, 6, ByteOrder::little);
    return;
  }
  facts.width = load_u32(head, 4, ByteOrder::little);
  const auto height =
      static_cast<std::int64_t>(static_cast<std::int32_t>(load_u32(head, 8, ByteOrder::little)));
  facts.height = static_cast<std::uint32_t>(std::abs(height));  // negative: rows from the top
}

void read_psd(Source& source, MediaFacts& facts, Packets& packets) {
  constexpr std::uint16_t kIptc = 0x0404, kExif = 0x0422, kXmp = 0x0424;
  const ByteView head = source.view(14, 8);
  if (head.empty()) return;
  facts.height = load_u32(head, 0);
  facts.width = load_u32(head, 4);
  const ByteView colours = source.view(26, 4);
  if (colours.empty()) return;
  std::uint64_t at = 30 + std::uint64_t{load_u32(colours, 0)};
  const ByteView resources = source.view(at, 4);
  if (resources.empty()) return;
  const std::uint64_t end = at + 4 + load_u32(resources, 0);
  at += 4;
  for (int i = 0; i < 1000 && at + 12 <= end; ++i) {
    const ByteView row = source.view(at, 7);
    if (row.empty() || as_chars(row.first(4)) != "8BIM") return;
    const std::uint16_t id = load_u16(row, 4);
    const std::uint64_t size_at = at + 6 + ((row[6] + std::uint64_t{2}) & ~std::uint64_t{1});
    const ByteView size_bytes = source.view(size_at, 4);
    if (size_bytes.empty()) return;
    const std::uint64_t size = load_u32(size_bytes, 0);
    if (id == kIptc) packets.iptc = extent(size_at + 4, size);
    if (id == kXmp) packets.xmp = extent(size_at + 4, size);
    if (id == kExif) read_exif_packet(source, size_at + 4, size, facts, packets);
    at = size_at + 4 + size + (size & 1);
  }
}

void read_tiff_file(Source& source, MediaFacts& facts, Packets& packets) {
  if (!read_tiff(source, 0, source.size(), facts, packets, {FirstDirectory::image, true})) {
    facts.problem = "the TIFF structure cannot be read";
  }
}

void read_jp2(Source& source, MediaFacts& facts, Packets& packets) {
  if (const ByteView bare = source.view(0, 12); !bare.empty()) jxl_size(bare, facts);
  if (facts.width != 0) return;
  BoxWalk top(source, 0, source.size());
  while (const auto box = top.next()) {
    if (box->type == fourcc("jp2h")) {
      BoxWalk inner(source, box->body, box->end);
      while (const auto child = inner.next()) {
        const ByteView size = child->type == fourcc("ihdr") ? source.view(child->body, 8) : ByteView{};
        if (size.empty()) continue;
        facts.height = load_u32(size, 0);
        facts.width = load_u32(size, 4);
      }
    } else if (box->type == fourcc("jp2c") && facts.width == 0) {
      codestream_size(source, box->body, facts);
    } else if (box->type == fourcc("jxlc") || box->type == fourcc("jxlp")) {
      const std::uint64_t begin = box->body + (box->type == fourcc("jxlp") ? 4 : 0);  // a part's number
      if (facts.width == 0 && box->size() >= 16) jxl_size(source.view(begin, 12), facts);
    } else if (box->type == fourcc("uuid")) {
      jp2_uuid(source, *box, facts, packets);
    } else if (box->type == fourcc("xml ")) {
      packets.xmp = extent(box->body, box->end - box->body);
    } else if (box->type == fourcc("Exif") && box->end - box->body > 4) {
      read_exif_packet(source, box->body + 4, box->end - box->body - 4, facts, packets);
    }
  }
}

}  // namespace dalil::media
