#include "exif.hpp"
#include "pictures.hpp"

namespace dalil::media {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kMaxSegments = 2000;
constexpr std::size_t kMaxSegment = 65'535;

constexpr std::string_view kExifMark = "Exif\0"sv;  // a second NUL, or by mistake anything, follows
constexpr std::string_view kXmpMark = "http://ns.adobe.com/xap/1.0/\0"sv;
constexpr std::string_view kPhotoshopMark = "Photoshop 3.0\0"sv;

bool starts_with(ByteView bytes, std::string_view mark) {
  return as_chars(bytes).starts_with(mark);
}

/// SOF0 to SOF15, without DHT, JPG and DAC, which lie between them.
bool is_frame(std::uint8_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

class JpegWalk {
 public:
  JpegWalk(Source& source, MediaFacts& facts, Packets& packets)
      : source_(source), facts_(facts), packets_(packets) {}

  void run() {
    std::uint64_t at = 2;
    for (std::size_t i = 0; i < kMaxSegments; ++i) {
      const ByteView head = source_.view(at, 4);
      if (head.empty()) return broken();
      if (head[0] != 0xff) return broken();
      const std::uint8_t marker = head[1];
      if (marker == 0xff) {  // fill bytes may precede a marker
        ++at;
        continue;
      }
      if (marker == 0xda || marker == 0xd9) return;  // pixels begin, or the end
      if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
        at += 2;
        continue;
      }
      const std::size_t length = load_u16(head, 2);
      if (length < 2) return broken();
      segment(marker, at + 4, length - 2);
      at += 2 + length;
    }
  }

 private:
  void broken() {
    if (facts_.problem.empty()) facts_.problem = "the JPEG's segments break off";
  }

  void segment(std::uint8_t marker, std::uint64_t offset, std::size_t length) {
    if (is_frame(marker)) return frame(marker, offset);
    if (marker != 0xe1 && marker != 0xed && marker != 0xeb && marker != 0xee && marker != 0xfe) return;
    const ByteView body = source_.view(offset, std::min(length, kMaxSegment));
    if (body.empty()) return;
    if (marker == 0xe1) return application_1(body, offset);
    if (marker == 0xed && starts_with(body, kPhotoshopMark)) {
      facts_.signs.emplace_back("holds Photoshop's image resources");
      packets_.iptc = find_iptc(body.subspan(kPhotoshopMark.size()), offset + kPhotoshopMark.size());
    }
    if (marker == 0xeb && body.size() > 12 &&
        as_chars(body).substr(0, 200).find("c2pa") != std::string_view::npos) {
      facts_.fields.push_back({"c2pa", "manifest present, not verified"});
    }
    if (marker == 0xee && starts_with(body, "Adobe"sv))
      facts_.fields.push_back({"jpeg.adobe", "APP14 present"});
    if (marker == 0xfe) facts_.fields.push_back({"jpeg.comment", std::string(as_chars(body))});
  }

  void application_1(ByteView body, std::uint64_t offset) {
    if (starts_with(body, kExifMark) && body.size() > 6) {
      if (seen_exif_) return;  // a second one is a left-over of an editor
      seen_exif_ = true;
      const ByteView structure = body.subspan(6);
      MemorySource exif(structure);  // nothing else is read meanwhile, so the view stays
      Packets inner;
      if (!read_tiff(exif, 0, structure.size(), facts_, inner)) {
        facts_.problem = "the EXIF block cannot be read";
      }
      if (inner.exif) packets_.exif = {offset + 6, body.size() - 6};
    } else if (starts_with(body, kXmpMark)) {
      packets_.xmp = {offset + kXmpMark.size(), body.size() - kXmpMark.size()};
    }
  }

  void frame(std::uint8_t marker, std::uint64_t offset) {
    const ByteView body = source_.view(offset, 6);
    if (body.empty() || facts_.width != 0) return;
    facts_.height = load_u16(body, 1);
    facts_.width = load_u16(body, 3);
    if (marker == 0xc2) facts_.fields.push_back({"jpeg.process", "progressive"});
  }

  Source& source_;
  MediaFacts& facts_;
  Packets& packets_;
  bool seen_exif_ = false;
};

}  // namespace

void read_jpeg(Source& source, MediaFacts& facts, Packets& packets) {
  JpegWalk(source, facts, packets).run();
}

Extent find_iptc(ByteView resources, std::uint64_t offset_in_source) {
  constexpr std::uint16_t kIptcResource = 0x0404;
  std::size_t at = 0;
  while (resources.size() >= at + 12 && as_chars(resources.subspan(at, 4)) == "8BIM") {
    const std::uint16_t id = load_u16(resources, at + 4);
    const std::size_t name =
        (resources[at + 6] + std::size_t{2}) & ~std::size_t{1};  // length byte, name, even
    const std::size_t size_at = at + 6 + name;
    if (resources.size() < size_at + 4) break;
    const std::size_t size = load_u32(resources, size_at);
    if (resources.size() - size_at - 4 < size) break;
    if (id == kIptcResource) return {offset_in_source + size_at + 4, size};
    at = size_at + 4 + size + (size & 1);
  }
  return {};
}

void read_raf(Source& source, MediaFacts& facts, Packets& packets) {
  const ByteView head = source.view(84, 8);
  if (head.empty()) return;
  const std::uint64_t offset = load_u32(head, 0), length = load_u32(head, 4);
  const ByteView preview =
      source.view(offset, static_cast<std::size_t>(std::min<std::uint64_t>(length, 256 << 10)));
  if (preview.size() < 4) return;
  const Bytes copy(preview.begin(), preview.end());
  MemorySource jpeg(copy);
  read_jpeg(jpeg, facts, packets);
  for (Extent* packet : {&packets.xmp, &packets.iptc, &packets.exif}) packet->offset += offset;
}

}  // namespace dalil::media
