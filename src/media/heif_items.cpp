#include "heif_items.hpp"

#include <algorithm>

namespace dalil::media {
namespace {

constexpr std::size_t kMaxItems = 4096, kMaxPlaces = 16'384, kMaxLinks = 65'536;

/// How an item's bytes are told (`construction_method` of `iloc`).
enum class Within : std::uint8_t { file = 0, idat = 1, item = 2 };

/// Part of what an item's bytes lie in. Of size 0: all the rest of it.
struct Place {
  std::uint32_t item;
  Within within;
  std::uint64_t index, offset, size;
};

class ItemWalk {
 public:
  explicit ItemWalk(Source& source) : source_(source) {}

  std::optional<HeifItems> run() {
    const auto meta = find_box(source_, 0, source_.size(), fourcc("meta"));
    if (!meta || meta->size() < 4) return std::nullopt;
    std::vector<Box> boxes;
    BoxWalk walk(source_, meta->body + 4, meta->end);
    while (const auto box = walk.next()) boxes.push_back(*box);
    // The boxes may come in any order, yet places and properties are looked up by the items' names.
    first_of(boxes, fourcc("pitm"), [&](const Box& box) { primary(box); });
    first_of(boxes, fourcc("iinf"), [&](const Box& box) { names(box); });
    first_of(boxes, fourcc("iref"), [&](const Box& box) { references(box); });
    first_of(boxes, fourcc("idat"), [&](const Box& box) { idat_ = {box.body, box.size()}; });
    first_of(boxes, fourcc("iloc"), [&](const Box& box) { places(box); });
    first_of(boxes, fourcc("iprp"), [&](const Box& box) { properties(box); });
    resolve();
    return std::move(out_);
  }

 private:
  /// The first box of the type only: a crafted file has thousands.
  template <typename Function>
  static void first_of(const std::vector<Box>& boxes, std::uint32_t type, Function function) {
    const auto found =
        std::find_if(boxes.begin(), boxes.end(), [&](const Box& box) { return box.type == type; });
    if (found != boxes.end()) function(*found);
  }

  HeifItem* find(std::uint64_t id) {
    const auto found = out_.items.find(static_cast<std::uint32_t>(id));
    return found == out_.items.end() ? nullptr : &found->second;
  }

  void primary(const Box& box) {
    BoxReader in(source_, box);
    const auto version = in.u32() >> 24;
    out_.primary = static_cast<std::uint32_t>(in.number(version == 0 ? 2 : 4));
  }

  void names(const Box& box) {
    BoxReader in(source_, box);
    const auto version = in.u32() >> 24;
    in.number(version == 0 ? 2 : 4);
    BoxWalk entries(source_, in.at(), box.end);
    while (const auto entry = entries.next()) {
      if (entry->type != fourcc("infe") || out_.items.size() >= kMaxItems) continue;
      BoxReader info(source_, *entry);
      const auto info_version = info.u32() >> 24;
      if (info_version < 2) continue;
      const auto id = static_cast<std::uint32_t>(info.number(info_version == 2 ? 2 : 4));
      info.number(2);
      HeifItem& item = out_.items[id];
      item.type = info.u32();
      if (item.type != fourcc("mime")) continue;
      const auto rest = static_cast<std::size_t>(std::min<std::uint64_t>(entry->end - info.at(), 256));
      const ByteView text = source_.view(info.at(), rest);
      item.is_xmp = as_chars(text).find("application/rdf+xml") != std::string_view::npos;
    }
  }

  void references(const Box& box) {
    BoxReader in(source_, box);
    const std::size_t width = in.u32() >> 24 == 0 ? 2 : 4;
    BoxWalk entries(source_, in.at(), box.end);
    while (const auto entry = entries.next()) {
      BoxReader list(source_, *entry);
      const auto from = static_cast<std::uint32_t>(list.number(width));
      HeifItem* item = find(from);
      const auto count = list.number(2);
      for (std::uint64_t i = 0; i < count && item != nullptr && links_ < kMaxLinks; ++i) {
        const auto to = static_cast<std::uint32_t>(list.number(width));
        if (list.failed()) break;
        ++links_;
        if (entry->type == fourcc("dimg")) item->derived_from.push_back(to);
        if (entry->type == fourcc("thmb")) item->thumbnail_of = to;
        if (entry->type == fourcc("iloc")) lies_in_[from].push_back(to);
      }
    }
  }

  void places(const Box& box) {
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
      const auto data_reference = in.number(2);
      const auto base = in.number(base_size);
      const auto extents = in.number(2);
      for (std::uint64_t k = 0; k < extents && !in.failed(); ++k) {
        const auto index = in.number(index_size);
        const auto offset = in.number(offset_size), length = in.number(length_size);
        // A data reference means another file.
        if (in.failed() || method > 2 || data_reference != 0 || places_.size() >= kMaxPlaces) continue;
        places_.push_back({id, static_cast<Within>(method), index, base + offset, length});
      }
    }
  }

  void properties(const Box& box) {
    const auto list = find_box(source_, box.body, box.end, fourcc("ipco"));
    if (!list) return;
    BoxWalk walk(source_, list->body, list->end);
    while (const auto property = walk.next()) out_.properties.push_back(*property);
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
      HeifItem* item = find(in.number(version == 0 ? 2 : 4));
      const auto links = in.number(1);
      for (std::uint64_t k = 0; k < links && !in.failed(); ++k) {
        const auto index = wide ? in.number(2) & 0x7fff : in.number(1) & 0x7f;
        if (in.failed() || item == nullptr || index == 0 || index > out_.properties.size() ||
            ++links_ > kMaxLinks)
          continue;
        item->properties.push_back(static_cast<std::size_t>(index - 1));
      }
    }
  }

  /// First what lies in the file itself, then what lies within other items: no item within one that does.
  void resolve() {
    for (const Place& place : places_) {
      HeifItem* item = find(place.item);
      if (item == nullptr || place.within == Within::item) continue;
      const Extent whole = place.within == Within::idat ? idat_ : Extent{0, source_.size()};
      add(*item, {whole}, place);
    }
    std::map<std::uint32_t, std::vector<Extent>> found;
    for (const Place& place : places_) {
      const auto links = lies_in_.find(place.item);
      if (place.within != Within::item || links == lies_in_.end()) continue;
      const std::uint64_t link = place.index == 0 ? 0 : place.index - 1;
      const HeifItem* outer = link < links->second.size() ? find(links->second[link]) : nullptr;
      HeifItem inner;
      if (outer != nullptr) add(inner, outer->bytes, place);
      auto& list = found[place.item];
      list.insert(list.end(), inner.bytes.begin(), inner.bytes.end());
    }
    for (auto& [id, list] : found)
      if (HeifItem* item = find(id)) item->bytes = std::move(list);
  }

  /// The place within the extents, which are thought joined; nothing if any of it lies outside.
  void add(HeifItem& item, const std::vector<Extent>& within, const Place& place) {
    std::uint64_t skip = place.offset, left = place.size == 0 ? UINT64_MAX : place.size;
    std::vector<Extent> found;
    for (const Extent& extent : within) {
      if (++steps_ > kMaxLinks) return;
      if (skip >= extent.size) {
        skip -= extent.size;
        continue;
      }
      const std::uint64_t size = std::min(extent.size - skip, left);
      found.push_back({extent.offset + skip, size});
      skip = 0;
      if ((left -= size) == 0) break;
    }
    if (left != 0 && place.size != 0) return;
    item.bytes.insert(item.bytes.end(), found.begin(), found.end());
  }

  Source& source_;
  HeifItems out_;
  Extent idat_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> lies_in_;
  std::vector<Place> places_;
  std::size_t links_ = 0, steps_ = 0;
};

}  // namespace

std::uint64_t BoxReader::number(std::size_t width) {
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

std::uint64_t HeifItem::size() const {
  std::uint64_t sum = 0;
  for (const Extent& extent : bytes) sum += extent.size;
  return sum;
}

const HeifItem* HeifItems::find(std::uint32_t id) const {
  const auto found = items.find(id);
  return found == items.end() ? nullptr : &found->second;
}

const Box* HeifItems::property(const HeifItem& item, std::uint32_t type) const {
  for (const std::size_t index : item.properties)
    if (properties[index].type == type) return &properties[index];
  return nullptr;
}

std::optional<HeifItems> read_heif_items(Source& source) {
  return ItemWalk(source).run();
}

}  // namespace dalil::media
