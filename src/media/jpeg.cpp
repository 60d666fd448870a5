#include <algorithm>

#include "bounds.hpp"
#include "exif.hpp"
#include "pictures.hpp"
#include "quantisation.hpp"
#include "tiff.hpp"
#include "trailer.hpp"

namespace dalil::media {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kMaxSegments = 2000;
constexpr std::size_t kMaxSegment = 65'535;

constexpr std::string_view kExifMark = "Exif\0"sv;  // a second NUL, or by mistake anything, follows
constexpr std::string_view kXmpMark = "http://ns.adobe.com/xap/1.0/\0"sv;
constexpr std::string_view kPhotoshopMark = "Photoshop 3.0\0"sv;
constexpr std::string_view kMultiPictureMark = "MPF\0"sv;

/// A picture whose last bytes are those of a JPEG ends where the file does, as far as one can tell without
/// reading it all; that is done up to this size.
constexpr std::uint64_t kReadToFindEnd = 64 << 10;
/// And for one that does not, as far as this.
constexpr std::uint64_t kMostReadForEnd = 48 << 20;
constexpr std::size_t kIdentifier = 40;  // bytes that a segment's name may take
/// Markers of the segments that are looked into: DQT, APP1, APP11, APP13, APP14, comments.
constexpr std::string_view kOpened = "\xdb\xe1\xeb\xed\xee\xfe"sv;
constexpr std::size_t kMostNamed = 40;  // segments in the field that lists them

bool starts_with(ByteView bytes, std::string_view mark) {
  return as_chars(bytes).starts_with(mark);
}

/// SOF0 to SOF15, without DHT, JPG and DAC, which lie between them.
bool is_frame(std::uint8_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

class JpegWalk {
 public:
  JpegWalk(Source& source, MediaFacts& facts, Packets& packets, bool whole_file)
      : source_(source), facts_(facts), packets_(packets), whole_file_(whole_file) {}

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
      if (marker == 0xda) return pixels(at + 2 + load_u16(head, 2));
      if (marker == 0xd9) return;
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
  /// Everything that a reader needs lies before the pixels; what remains is told of the whole.
  void pixels(std::uint64_t offset) {
    name_segment("SOS");
    facts_.fields.push_back({"jpeg.segments", segments_});
    if (!tables_.empty()) facts_.fields.push_back({"jpeg.quantisation", tables_.text()});
    if (exif_segments_ > 1)
      facts_.signs.push_back("holds " + std::to_string(exif_segments_) +
                             " EXIF segments; the first was read");
    if (adobe_transform_) facts_.fields.push_back({"jpeg.adobe", "APP14 present"});
    look_behind(offset);
  }

  void look_behind(std::uint64_t offset) {
    if (!whole_file_) return;
    if (!more_pictures_.empty() && more_pictures_.front().size > 0) return check_index();
    const std::uint64_t size = source_.size();
    const ByteView last = size < 2 ? ByteView{} : source_.view(size - 2, 2);
    const bool ends_well = last.size() == 2 && last[0] == 0xff && last[1] == 0xd9;
    if (ends_well && size > kReadToFindEnd) return;
    if (const auto end = end_of_jpeg(source_, offset, kMostReadForEnd))
      return note_trailer(source_, *end, facts_);
    if (!ends_well && size <= kMostReadForEnd)
      facts_.signs.emplace_back("the picture's data have no end marker");
  }

  /// The Multi-Picture index (CIPA DC-007) says where each of the pictures lies.
  void check_index() {
    std::uint64_t end = 0;
    for (const Extent& picture : more_pictures_) end = std::max(end, picture.offset + picture.size);
    const std::uint64_t first_end = more_pictures_.front().size;
    if (end > source_.size() || first_end > source_.size()) {
      facts_.signs.emplace_back("its index (MPF) names pictures that are not there");
      return;
    }
    const std::size_t more = more_pictures_.size() - 1;
    if (end > first_end)
      note_known_trailer(
          end - first_end,
          std::to_string(more) + (more == 1 ? " more picture" : " more pictures") + ", by its index (MPF)",
          facts_);
    note_trailer(source_, end, facts_);
  }

  void multi_picture(ByteView structure, std::uint64_t offset) {
    constexpr std::uint16_t kEntries = 0xb002;
    constexpr std::size_t kEntrySize = 16;
    MemorySource source(structure);
    auto reader = TiffReader::open(source, 0, structure.size());
    const auto directory = reader ? reader->directory(reader->first_directory()) : std::nullopt;
    const auto* list = directory ? directory->find(kEntries) : nullptr;
    if (list == nullptr) return;
    const ByteView raw = reader->bytes(*list, 64 * kEntrySize);
    for (std::size_t at = 0; at + kEntrySize <= raw.size(); at += kEntrySize) {
      const std::uint32_t size = load_u32(raw, at + 4, reader->order()),
                          place = load_u32(raw, at + 8, reader->order());
      more_pictures_.push_back({place == 0 ? 0 : offset + place, size});
    }
  }

  void name_segment(std::string_view name) {
    if (++named_ > kMostNamed) return;
    segments_ += segments_.empty() ? "" : " ";
    segments_ += named_ == kMostNamed ? std::string_view("...") : name;
  }

  /// "APP1(Exif)": the identifier is the text in front.
  static std::string segment_name(std::uint8_t marker, ByteView body) {
    if (marker == 0xdb) return "DQT";
    if (marker == 0xc4) return "DHT";
    if (marker == 0xdd) return "DRI";
    if (marker == 0xfe) return "COM";
    if (is_frame(marker)) return "SOF" + std::to_string(marker - 0xc0);
    if (marker < 0xe0 || marker > 0xef) return "marker " + std::to_string(marker);
    std::string name = "APP" + std::to_string(marker - 0xe0);
    const std::string_view text = as_chars(body);
    std::size_t length = 0;
    while (length < text.size() && text[length] > 0x20 && text[length] < 0x7f) ++length;
    return length < 3 ? name : name + "(" + std::string(text.substr(0, length)) + ")";
  }

  void broken() {
    if (facts_.problem.empty()) facts_.problem = "the JPEG's segments break off";
  }

  void segment(std::uint8_t marker, std::uint64_t offset, std::size_t length) {
    const ByteView begin = source_.view(offset, std::min(length, kIdentifier));
    name_segment(segment_name(marker, begin));
    if (is_frame(marker)) return frame(marker, offset);
    const bool multi_pictures = marker == 0xe2 && starts_with(begin, kMultiPictureMark);
    if (kOpened.find(static_cast<char>(marker)) == std::string_view::npos && !multi_pictures) return;
    const ByteView body = source_.view(offset, std::min(length, kMaxSegment));
    if (body.empty()) return;
    if (marker == 0xdb) return tables_.add(body);
    if (marker == 0xe1) return application_1(body, offset);
    if (multi_pictures && more_pictures_.empty())
      return multi_picture(body.subspan(kMultiPictureMark.size()), offset + kMultiPictureMark.size());
    if (marker == 0xed && starts_with(body, kPhotoshopMark)) {
      facts_.signs.emplace_back("holds Photoshop's image resources");
      packets_.iptc = find_iptc(body.subspan(kPhotoshopMark.size()), offset + kPhotoshopMark.size());
    }
    if (marker == 0xeb && body.size() > 12 &&
        as_chars(body).substr(0, 200).find("c2pa") != std::string_view::npos && !c2pa_) {
      c2pa_ = true;  // its manifest may take several segments
      facts_.fields.push_back({"c2pa", "manifest present, not verified"});
    }
    adobe_transform_ |= marker == 0xee && starts_with(body, "Adobe"sv);
    if (marker == 0xfe) facts_.fields.push_back({"jpeg.comment", clean_text(as_chars(body))});
  }

  void application_1(ByteView body, std::uint64_t offset) {
    if (starts_with(body, kExifMark) && body.size() > 6) {
      if (++exif_segments_ > 1) return;  // a second one is a left-over of an editor
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
  bool whole_file_;
  unsigned exif_segments_ = 0;
  bool c2pa_ = false, adobe_transform_ = false;
  QuantisationTables tables_;
  std::vector<Extent> more_pictures_;  ///< by the Multi-Picture index, this one first
  std::string segments_;
  std::size_t named_ = 0;
};

}  // namespace

void read_jpeg(Source& source, MediaFacts& facts, Packets& packets) {
  JpegWalk(source, facts, packets, true).run();
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
  JpegWalk(jpeg, facts, packets, false).run();
  for (Extent* packet : {&packets.xmp, &packets.iptc, &packets.exif}) packet->offset += offset;
}

}  // namespace dalil::media
