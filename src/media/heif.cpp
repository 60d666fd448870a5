#include <algorithm>

#include "boxes.hpp"
#include "exif.hpp"
#include "heif_items.hpp"
#include "movie_text.hpp"

namespace dalil::media {
namespace {

constexpr std::uint64_t kMaxPacket = 1 << 20;

class HeifWalk {
 public:
  HeifWalk(Source& source, MediaFacts& facts, Packets& packets)
      : source_(source), facts_(facts), packets_(packets) {}

  void run() {
    const auto items = read_heif_items(source_);
    if (!items) {
      facts_.problem = "no item directory in the file";
      return;
    }
    if (const HeifItem* primary = items->find(items->primary)) note_properties(*items, *primary);
    for (const auto& [id, item] : items->items) open_item(item);
  }

 private:
  void note_properties(const HeifItems& items, const HeifItem& primary) {
    for (const auto index : primary.properties) {
      const Box& property = items.properties[index];
      BoxReader in(source_, property);
      if (property.type == fourcc("ispe")) {
        in.u32();
        const auto width = in.u32(), height = in.u32();
        if (in.failed()) continue;
        facts_.width = width;
        facts_.height = height;
      } else if (property.type == fourcc("irot")) {
        facts_.fields.push_back(
            {"heif.irot", std::to_string(in.number(1) % 4 * 90) + " degrees anticlockwise"});
      } else if (property.type == fourcc("imir")) {
        facts_.fields.push_back({"heif.imir", std::to_string(in.number(1) & 1)});
      }
    }
  }

  void open_item(const HeifItem& item) {
    if (item.bytes.empty()) return;
    const std::uint64_t begin = item.bytes.front().offset;
    const std::uint64_t size = std::min(item.bytes.front().size, kMaxPacket);
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
