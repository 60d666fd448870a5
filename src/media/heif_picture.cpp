#include "heif_picture.hpp"

#include <algorithm>

namespace dalil::media {
namespace {

constexpr std::size_t kMostConfiguration = 64 << 10, kMostCoded = 64 << 20, kPiece = 1 << 20;
/// Of all tiles of a grid together, each of which may be the same item.
constexpr std::size_t kMostConfigurations = 16 << 20, kMostPlaces = 1 << 17;

/// Items that one decoder takes, and the property that tells it how.
struct CodingRow {
  std::uint32_t item, configuration;
};
constexpr CodingRow kCodings[] = {
    {fourcc("hvc1"), fourcc("hvcC")},
    {fourcc("hev1"), fourcc("hvcC")},
    {fourcc("av01"), fourcc("av1C")},
};

std::optional<PictureSize> size_of(Source& source, const HeifItems& items, const HeifItem& item) {
  const Box* box = items.property(item, fourcc("ispe"));
  if (box == nullptr) return std::nullopt;
  BoxReader in(source, *box);
  in.u32();
  const PictureSize size{in.u32(), in.u32()};
  if (in.failed() || size.width == 0 || size.height == 0) return std::nullopt;
  return size;
}

/// Of type 0 if it is not coded by itself.
CodedPicture coded(Source& source, const HeifItems& items, const HeifItem& item) {
  CodedPicture out;
  for (const CodingRow& row : kCodings) {
    if (row.item != item.type) continue;
    const Box* box = items.property(item, row.configuration);
    const std::uint64_t size = box == nullptr ? 0 : box->size();
    if (size > kMostConfiguration) return {};
    out.type = item.type;
    if (size > 0) out.configuration = read_extents(source, {{box->body, size}});
    out.bytes = item.bytes;
  }
  return out;
}

/// ImageGrid of 23008-12, 6.6.2.3.
bool read_grid(Source& source, const HeifItem& item, HeifPicture& out) {
  const Bytes raw = item.size() > 12 ? Bytes{} : read_extents(source, item.bytes);
  if (raw.size() < 8) return false;
  const bool wide = (raw[1] & 1) != 0;
  if (raw[0] != 0 || raw.size() < (wide ? 12U : 8U)) return false;
  out.rows = raw[2] + 1U;
  out.columns = raw[3] + 1U;
  out.width = wide ? load_u32(raw, 4) : load_u16(raw, 4);
  out.height = wide ? load_u32(raw, 8) : load_u16(raw, 6);
  return item.derived_from.size() == std::size_t{out.rows} * out.columns;
}

/// A fraction of two signed numbers of 32 bits, rounded down; absent if it is none.
std::optional<std::int64_t> fraction(BoxReader& in, bool is_signed, std::int64_t times = 1) {
  const auto raw = in.u32();
  const auto divisor = static_cast<std::int32_t>(in.u32());
  if (in.failed() || divisor <= 0) return std::nullopt;
  const std::int64_t value = is_signed ? std::int64_t{static_cast<std::int32_t>(raw)} : std::int64_t{raw};
  return value * times / divisor;
}

/// CleanApertureBox of 14496-12: width, height, and how far the middle lies from the middle.
std::optional<Region> clean_aperture(Source& source, const Box& box, const HeifPicture& picture) {
  BoxReader in(source, box);
  const auto width = fraction(in, false), height = fraction(in, false);
  const auto right = fraction(in, true, 2), down = fraction(in, true, 2);
  if (!width || !height || !right || !down || *width <= 0 || *height <= 0) return std::nullopt;
  const std::int64_t left = (picture.width - *width + *right) / 2,
                     top = (picture.height - *height + *down) / 2;
  if (left < 0 || top < 0 || left + *width > picture.width || top + *height > picture.height)
    return std::nullopt;
  return Region{static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(top),
                static_cast<std::uint32_t>(*width), static_cast<std::uint32_t>(*height)};
}

/// What a viewer sees of a picture that it sees as `first` and then turns as by `second`.
std::uint8_t combined(std::uint8_t first, std::uint8_t second) {
  // Where the corners 0 1 / 2 3 of what is stored are seen, by orientation.
  constexpr std::uint8_t kCorners[9][4] = {{},           {0, 1, 2, 3}, {1, 0, 3, 2},
                                           {3, 2, 1, 0}, {2, 3, 0, 1}, {0, 2, 1, 3},
                                           {2, 0, 3, 1}, {3, 1, 2, 0}, {1, 3, 0, 2}};
  std::uint8_t seen[4];
  for (std::size_t i = 0; i < 4; ++i) seen[i] = kCorners[first][kCorners[second][i]];
  for (std::uint8_t orientation = 1; orientation <= 8; ++orientation)
    if (std::equal(seen, seen + 4, kCorners[orientation])) return orientation;
  return first;
}

/// MIAF has them in the order clap, irot, imir. A clap behind one of the others is passed over: what would be
/// seen less of is seen whole.
void transform(Source& source, const HeifItems& items, const HeifItem& item, HeifPicture& out) {
  constexpr std::uint8_t kByQuarters[] = {1, 8, 3, 6};  // anticlockwise
  constexpr std::uint8_t kByMirror[] = {4, 2};          // top and bottom, left and right change places
  out.window = {0, 0, out.width, out.height};
  for (const std::size_t index : item.properties) {
    const Box& property = items.properties[index];
    BoxReader in(source, property);
    if (property.type == fourcc("clap") && out.orientation == 1)
      out.window = clean_aperture(source, property, out).value_or(out.window);
    if (property.type == fourcc("irot"))
      out.orientation = combined(out.orientation, kByQuarters[in.number(1) & 3]);
    if (property.type == fourcc("imir"))
      out.orientation = combined(out.orientation, kByMirror[in.number(1) & 1]);
  }
}

std::optional<HeifPicture::Color> color_of(Source& source, const HeifItems& items, const HeifItem& item) {
  for (const std::size_t index : item.properties) {
    const Box& property = items.properties[index];
    BoxReader in(source, property);
    if (property.type != fourcc("colr") || in.u32() != fourcc("nclx")) continue;
    in.u32();  // primaries, transfer characteristics
    const auto matrix = static_cast<std::uint16_t>(in.number(2));
    const bool full_range = in.number(1) >> 7 != 0;
    if (!in.failed()) return HeifPicture::Color{matrix, full_range};
  }
  return std::nullopt;
}

const HeifItem* chosen(Source& source, const HeifItems& items, HeifChoice choice) {
  if (choice == HeifChoice::primary) return items.find(items.primary);
  const HeifItem* best = nullptr;
  std::uint64_t most = 0;
  for (const auto& [id, item] : items.items) {
    const auto size = item.thumbnail_of == items.primary ? size_of(source, items, item) : std::nullopt;
    const std::uint64_t pixels = size ? std::uint64_t{size->width} * size->height : 0;
    if (pixels <= most) continue;
    most = pixels;
    best = &item;
  }
  return best;
}

bool gather_tiles(Source& source, const HeifItems& items, const HeifItem& item, HeifPicture& out) {
  if (item.type != fourcc("grid")) {
    const auto size = size_of(source, items, item);
    out.tiles.push_back(coded(source, items, item));
    if (size) out.width = size->width, out.height = size->height;
    return size && out.tiles[0].type != 0;
  }
  if (!read_grid(source, item, out)) return false;
  std::size_t configurations = 0, places = 0;
  for (const std::uint32_t id : item.derived_from) {
    const HeifItem* tile = items.find(id);
    out.tiles.push_back(tile == nullptr ? CodedPicture{} : coded(source, items, *tile));
    configurations += out.tiles.back().configuration.size();
    places += out.tiles.back().bytes.size();
    if (configurations > kMostConfigurations || places > kMostPlaces) return false;
  }
  return std::any_of(out.tiles.begin(), out.tiles.end(), [](const auto& tile) { return tile.type != 0; });
}

}  // namespace

std::optional<HeifPicture> find_heif_picture(Source& source, const HeifItems& items, HeifChoice choice,
                                             std::string& problem) {
  const HeifItem* item = chosen(source, items, choice);
  if (item == nullptr) {
    problem = choice == HeifChoice::primary ? "the file names no picture" : "the file holds no thumbnail";
    return std::nullopt;
  }
  HeifPicture out;
  if (!gather_tiles(source, items, *item, out)) {
    problem = "the picture is of a kind that is not decoded";
    return std::nullopt;
  }
  if (out.width == 0 || out.height == 0 || std::uint64_t{out.width} * out.height > kMostHeifPixels) {
    problem = "the picture has no size that can be";
    return std::nullopt;
  }
  transform(source, items, *item, out);
  out.color = color_of(source, items, *item);
  return out;
}

Bytes read_extents(Source& source, const std::vector<Extent>& extents) {
  Bytes out;
  for (const Extent& extent : extents) {
    if (extent.size > kMostCoded - out.size()) return {};
    for (std::uint64_t done = 0; done < extent.size;) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, extent.size - done));
      const ByteView piece = source.view(extent.offset + done, size);
      if (piece.empty()) return {};
      append(out, piece);
      done += size;
    }
  }
  return out;
}

}  // namespace dalil::media
