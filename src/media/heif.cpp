#include <algorithm>
#include <map>

#include "boxes.hpp"
#include "exif.hpp"
#include "movie_text.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMaxItems = 4096;
constexpr std::uint64_t kMaxPacket = 1 << 20;

struct Item {
  std::uint32_t type = 0;
  bool is_xmp = false;
  std::uint64_t offset = 0, size = 0;  ///< of the first extent, absolute; size 0 if unknown
  bool in_idat = false;
};

/// Reads big-endian numbers of any width off a box, and zero once it is exhausted.
class BoxReader {
 public:
  BoxReader(Source& source, const Box& box) : source_(source), at_(box.body), end_(box.end) {}
  std::uint64_t number(std::size_t width) {
    if (width == 0) return 0;
    const ByteView raw = end_ - at_ < width ? ByteView{} : source_.view(at_, width);
    if (raw.empty()) {
      failed_ = true;
      return 0;
    }
    at_ += width;
    std::uint64_t value = 0;
    for (const auto byte : raw) value = value << 8 | byte;
    return value;
  }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t at() const { return at_; }
  std::uint64_t end() const { return end_; }
  bool failed() const { return failed_; }

 private:
  Source& source_;
  std::uint64_t at_;
  std::uint64_t end_;
  bool failed_ = false;
};

class HeifWalk {
 public:
  HeifWalk(Source& source, MediaFacts& facts, Packets& packets)
      : source_(source), facts_(facts), packets_(packets) {}

  void run() {
    const auto meta = find_box(source_, 0, source_.size(), fourcc("meta"));
    if (!meta || meta->size() < 4) {
      facts_.problem = "no item directory in the file";
      return;
    }
    std::vector<Box> boxes;
    BoxWalk walk(source_, meta->body + 4, meta->end);
    while (const auto box = walk.next()) boxes.push_back(*box);
    // The boxes may come in any order, yet places and properties are looked up by the items' names.
    first_of(boxes, fourcc("pitm"), [&](const Box& box) { primary(box); });
    first_of(boxes, fourcc("iinf"), [&](const Box& box) { item_names(box); });
    first_of(boxes, fourcc("idat"), [&](const Box& box) { idat_ = box.body; });
    first_of(boxes, fourcc("iloc"), [&](const Box& box) { item_places(box); });
    first_of(boxes, fourcc("iprp"), [&](const Box& box) { properties(box); });
    note_size();
    for (const auto& [id, item] : items_) open_item(item);
  }

 private:
  /// The first box of the type only: the standard allows one of each, and a crafted file has thousands.
  template <typename Function>
  static void first_of(const std::vector<Box>& boxes, std::uint32_t type, Function function) {
    const auto found =
        std::find_if(boxes.begin(), boxes.end(), [&](const Box& box) { return box.type == type; });
    if (found != boxes.end()) function(*found);
  }

  void primary(const Box& box) {
    BoxReader in(source_, box);
    const auto version = in.u32() >> 24;
    primary_ = static_cast<std::uint32_t>(in.number(version == 0 ? 2 : 4));
  }

  void item_names(const Box& box) {
    BoxReader in(source_, box);
    const auto version = in.u32() >> 24;
    in.number(version == 0 ? 2 : 4);
    BoxWalk entries(source_, in.at(), box.end);
    while (const auto entry = entries.next()) {
      if (entry->type != fourcc("infe") || items_.size() >= kMaxItems) continue;
      BoxReader info(source_, *entry);
      const auto info_version = info.u32() >> 24;
      if (info_version < 2) continue;
      const auto id = static_cast<std::uint32_t>(info.number(info_version == 2 ? 2 : 4));
      info.number(2);
      Item& item = items_[id];
      item.type = info.u32();
      if (item.type != fourcc("mime")) continue;
      const auto rest = static_cast<std::size_t>(std::min<std::uint64_t>(entry->end - info.at(), 256));
      const ByteView text = source_.view(info.at(), rest);
      item.is_xmp = as_chars(text).find("application/rdf+xml") != std::string_view::npos;
    }
  }

  void item_places(const Box& box) {
    BoxReader in(source_, box);
    const auto version = in.u32() >> 24;
    const auto sizes = in.number(2);
    const std::size_t offset_size = sizes >> 12, length_size = sizes >> 8 & 15, base_size = sizes >> 4 & 15;
    const std::size_t index_size = version == 0 ? 0 : sizes & 15;
    if (offset_size > 8 || length_size > 8 || base_size > 8 || index_size > 8) return;
    const auto count = in.number(version < 2 ? 2 : 4);
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
      const auto id = static_cast<std::uint32_t>(in.number(version < 2 ? 2 : 4));
      const auto method = version == 0 ? 0 : in.number(2) & 15;
      in.number(2);
      const auto base = in.number(base_size);
      const auto extents = in.number(2);
      for (std::uint64_t k = 0; k < extents && !in.failed(); ++k) {
        in.number(index_size);
        const auto offset = in.number(offset_size), length = in.number(length_size);
        const auto found = items_.find(id);
        if (k != 0 || in.failed() || found == items_.end() || method > 1) continue;
        found->second.in_idat = method == 1;
        found->second.offset = base + offset;
        found->second.size = length;
      }
    }
  }

  void properties(const Box& box) {
    const auto list = find_box(source_, box.body, box.end, fourcc("ipco"));
    if (!list) return;
    BoxWalk walk(source_, list->body, list->end);
    while (const auto property = walk.next()) properties_.push_back(*property);
    BoxWalk siblings(source_, box.body, box.end);
    while (const auto sibling = siblings.next()) {
      if (sibling->type == fourcc("ipma")) associations(*sibling);
    }
  }

  void associations(const Box& box) {
    BoxReader in(source_, box);
    const auto head = in.u32();
    const auto version = head >> 24;
    const bool wide = (head & 1) != 0;
    const auto count = in.u32();
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
      const auto id = static_cast<std::uint32_t>(in.number(version == 0 ? 2 : 4));
      const auto links = in.number(1);
      for (std::uint64_t k = 0; k < links && !in.failed(); ++k) {
        const auto index = wide ? in.number(2) & 0x7fff : in.number(1) & 0x7f;
        if (!in.failed() && id == primary_ && index > 0)
          primary_properties_.push_back(static_cast<std::size_t>(index - 1));
      }
    }
  }

  void note_size() {
    for (const auto index : primary_properties_) {
      if (index >= properties_.size()) continue;
      BoxReader in(source_, properties_[index]);
      if (properties_[index].type == fourcc("ispe")) {
        in.u32();
        const auto width = in.u32(), height = in.u32();
        if (in.failed()) continue;
        facts_.width = width;
        facts_.height = height;
      } else if (properties_[index].type == fourcc("irot")) {
        facts_.fields.push_back(
            {"heif.irot", std::to_string(in.number(1) % 4 * 90) + " degrees anticlockwise"});
      } else if (properties_[index].type == fourcc("imir")) {
        facts_.fields.push_back({"heif.imir", std::to_string(in.number(1) & 1)});
      }
    }
  }

  void open_item(const Item& item) {
    if (item.in_idat && !idat_) return;
    const std::uint64_t begin = item.offset + (item.in_idat ? *idat_ : 0);
    const std::uint64_t size = std::min(item.size, kMaxPacket);
    if (begin > source_.size() || size > source_.size() - begin) return;
    if (item.is_xmp) packets_.xmp = {begin, static_cast<std::size_t>(size)};
    if (item.type != fourcc("Exif") || size < 12) return;
    const ByteView head = source_.view(begin, 4);
    if (head.empty()) return;
    const std::uint64_t skip = 4 + std::uint64_t{load_u32(head, 0)};  // exif_tiff_header_offset
    if (skip >= size) return;
    read_tiff(source_, begin + skip, size - skip, facts_, packets_);
    if (packets_.exif) packets_.exif = {begin + skip, static_cast<std::size_t>(size - skip)};
  }

  Source& source_;
  MediaFacts& facts_;
  Packets& packets_;
  std::uint32_t primary_ = 0;
  std::map<std::uint32_t, Item> items_;
  std::vector<Box> properties_;
  std::vector<std::size_t> primary_properties_;
  std::optional<std::uint64_t> idat_;
};

/// The manifest lies in a box of its own at the top; in what holds a movie too, the movie's reader finds it.
void note_c2pa(Source& source, MediaFacts& facts) {
  if (find_box(source, 0, source.size(), fourcc("moov"))) return;
  BoxWalk walk(source, 0, source.size());
  while (const auto box = walk.next()) {
    const ByteView id = box->type == fourcc("uuid") ? source.view(box->body, 4) : ByteView{};
    if (!id.empty() && load_u32(id, 0) == 0xd8fec3d6)
      return facts.fields.push_back({"c2pa", "manifest present, not verified"});
  }
}

}  // namespace

void read_heif(Source& source, MediaFacts& facts, Packets& packets) {
  HeifWalk(source, facts, packets).run();
  note_c2pa(source, facts);
  // A sequence of pictures, or a live photo, has a movie beside its items.
  if (!find_box(source, 0, source.size(), fourcc("moov"))) return note_layout(source, facts);
  facts.problem.clear();
  read_movie(source, facts, packets);
}

void read_cr3(Source& source, MediaFacts& facts, Packets& packets) {
  struct Row {
    std::uint32_t type;
    FirstDirectory first;
  };
  constexpr Row kStructures[] = {{fourcc("CMT1"), FirstDirectory::image},
                                 {fourcc("CMT2"), FirstDirectory::photo},
                                 {fourcc("CMT4"), FirstDirectory::gps}};
  const auto movie = find_box(source, 0, source.size(), fourcc("moov"));
  const auto canon = movie ? find_box(source, movie->body, movie->end, fourcc("uuid")) : std::nullopt;
  const auto header = movie ? find_box(source, movie->body, movie->end, fourcc("mvhd")) : std::nullopt;
  const ByteView head = header && header->size() >= 8 ? source.view(header->body, 8) : ByteView{};
  if (!head.empty() && head[0] == 0) {
    if (auto claim = quicktime_time("moov/mvhd", load_u32(head, 4))) facts.times.push_back(std::move(*claim));
  }
  if (!canon || canon->size() < 16) return;
  BoxWalk walk(source, canon->body + 16, canon->end);
  while (const auto box = walk.next()) {
    for (const auto& row : kStructures) {
      if (box->type != row.type) continue;
      // CMT1 names the picture's size in its first directory.
      read_tiff(source, box->body, box->size(), facts, packets,
                {row.first, row.first == FirstDirectory::image});
    }
  }
  packets.exif = {};  // no one structure that a library could take
}

}  // namespace dalil::media
