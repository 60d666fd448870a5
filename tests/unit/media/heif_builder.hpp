#pragma once

#include <string_view>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/base/text.hpp"

namespace dalil::testing {

inline Bytes heif_box(const char* type, ByteView body) {
  Bytes out;
  append_u32(out, static_cast<std::uint32_t>(body.size() + 8));
  append(out, as_bytes(type));
  append(out, body);
  return out;
}
/// With version and flags in front.
inline Bytes heif_full_box(const char* type, std::uint8_t version, ByteView body) {
  Bytes inner = {version, 0, 0, 0};
  append(inner, body);
  return heif_box(type, inner);
}

/// Where an item's bytes lie.
enum class Lies : std::uint8_t { in_file = 0, in_idat = 1, in_item = 2 };

struct HeifItemToWrite {
  std::uint16_t id = 0;
  const char* type = "";
  Bytes data;
  std::vector<std::uint8_t> properties = {};  ///< numbers in HeifToWrite::properties, from 1 on
  std::vector<std::uint16_t> derived_from = {};
  std::uint16_t thumbnail_of = 0;
  Lies lies = Lies::in_file;
  std::uint16_t outer_item = 0;  ///< for `in_item`, with the place in it
  std::uint32_t outer_offset = 0;
  std::size_t pieces = 1;  ///< of the data, told as so many extents
};

/// Builds small HEIF files for tests.
struct HeifToWrite {
  std::uint16_t primary = 1;
  std::vector<Bytes> properties = {};  ///< whole boxes
  std::vector<HeifItemToWrite> items = {};

  Bytes write() const {
    const Bytes ftyp = heif_box("ftyp", as_bytes(std::string_view("heic\0\0\0\0mif1heic", 16)));
    Bytes mdat;
    for (const auto& item : items)
      if (item.lies == Lies::in_file) append(mdat, item.data);
    const std::size_t mdat_at = ftyp.size() + meta(0).size() + 8;
    Bytes out = ftyp;
    append(out, meta(static_cast<std::uint32_t>(mdat_at)));
    append(out, heif_box("mdat", mdat));
    return out;
  }

 private:
  Bytes meta(std::uint32_t mdat_at) const {
    Bytes body, number, idat;
    append_u16(number, primary);
    append(body, heif_full_box("pitm", 0, number));
    append(body, names());
    append(body, references());
    for (const auto& item : items)
      if (item.lies == Lies::in_idat) append(idat, item.data);
    append(body, places(mdat_at));
    append(body, heif_box("idat", idat));
    append(body, item_properties());
    return heif_full_box("meta", 0, body);
  }

  Bytes names() const {
    Bytes list;
    append_u16(list, static_cast<std::uint16_t>(items.size()));
    for (const auto& item : items) {
      Bytes entry;
      append_u16(entry, item.id);
      append_u16(entry, 0);
      append(entry, as_bytes(item.type));
      entry.push_back(0);
      append(list, heif_full_box("infe", 2, entry));
    }
    return heif_full_box("iinf", 0, list);
  }

  Bytes references() const {
    Bytes list;
    const auto add = [&](const char* type, std::uint16_t from, const std::vector<std::uint16_t>& to) {
      Bytes entry;
      append_u16(entry, from);
      append_u16(entry, static_cast<std::uint16_t>(to.size()));
      for (const std::uint16_t id : to) append_u16(entry, id);
      append(list, heif_box(type, entry));
    };
    for (const auto& item : items) {
      if (!item.derived_from.empty()) add("dimg", item.id, item.derived_from);
      if (item.thumbnail_of != 0) add("thmb", item.id, {item.thumbnail_of});
      if (item.lies == Lies::in_item) add("iloc", item.id, {item.outer_item});
    }
    return heif_full_box("iref", 0, list);
  }

  Bytes places(std::uint32_t mdat_at) const {
    Bytes list;
    append_u16(list, 0x4400);  // offsets and lengths of 32 bits
    append_u16(list, static_cast<std::uint16_t>(items.size()));
    std::uint32_t in_idat = 0;
    for (const auto& item : items) {
      append_u16(list, item.id);
      append_u16(list, static_cast<std::uint16_t>(item.lies));
      append_u16(list, 0);
      append_u16(list, static_cast<std::uint16_t>(item.pieces));
      std::uint32_t& at = item.lies == Lies::in_file ? mdat_at : in_idat;
      std::uint32_t outer = item.outer_offset;
      for (std::size_t i = 0; i < item.pieces; ++i) {
        const std::size_t begin = item.data.size() * i / item.pieces,
                          end = item.data.size() * (i + 1) / item.pieces;
        std::uint32_t& offset = item.lies == Lies::in_item ? outer : at;
        append_u32(list, offset);
        append_u32(list, static_cast<std::uint32_t>(end - begin));
        offset += static_cast<std::uint32_t>(end - begin);
      }
    }
    return heif_full_box("iloc", 1, list);
  }

  Bytes item_properties() const {
    Bytes all, links;
    for (const Bytes& property : properties) append(all, property);
    append_u32(links, static_cast<std::uint32_t>(items.size()));
    for (const auto& item : items) {
      append_u16(links, item.id);
      append_u8(links, static_cast<std::uint8_t>(item.properties.size()));
      append(links, item.properties);
    }
    Bytes body = heif_box("ipco", all);
    append(body, heif_full_box("ipma", 0, links));
    return heif_box("iprp", body);
  }
};

inline Bytes heif_size(std::uint32_t width, std::uint32_t height) {
  Bytes body;
  append_u32(body, width);
  append_u32(body, height);
  return heif_full_box("ispe", 0, body);
}
/// Quarters of a turn, anticlockwise.
inline Bytes heif_turn(std::uint8_t quarters) {
  return heif_box("irot", Bytes{quarters});
}
/// 0: top and bottom change places; 1: left and right.
inline Bytes heif_mirror(std::uint8_t mode) {
  return heif_box("imir", Bytes{mode});
}
/// Whole pixels; the middle's distance from the middle in halves of a pixel.
inline Bytes heif_aperture(std::uint32_t width, std::uint32_t height, std::int32_t right_halves,
                           std::int32_t down_halves) {
  Bytes body;
  for (const std::uint32_t value : {width, 1U, height, 1U, static_cast<std::uint32_t>(right_halves), 2U,
                                    static_cast<std::uint32_t>(down_halves), 2U})
    append_u32(body, value);
  return heif_box("clap", body);
}
inline Bytes heif_grid(std::uint8_t rows, std::uint8_t columns, std::uint16_t width, std::uint16_t height) {
  Bytes out = {0, 0, static_cast<std::uint8_t>(rows - 1), static_cast<std::uint8_t>(columns - 1)};
  append_u16(out, width);
  append_u16(out, height);
  return out;
}

/// HEVC pictures of 64 by 64 pixels of one color each, by x265, and what their decoder is to be told.
inline Bytes hevc_configuration() {
  return heif_box(
      "hvcC",
      *from_hex("0104080000009fa8000000001ef000fcfdf8f800000f03a00001001740010c01ffff0408000003009fa80000"
                "0300001eba0240a1000100284201010408000003009fa800000300001ea020810596ea491b4bc05a02000003"
                "0002000003003210a2000100064401c1718112"));
}
inline Bytes hevc_red() {
  return *from_hex("000000142801ac5e7710ffe1a25ff746987cdfe8f78b7780");
}
inline Bytes hevc_lime() {
  return *from_hex("000000142801ac5e771050ad807fee9aaffbef08f78b7780");
}
inline Bytes hevc_blue() {
  return *from_hex("000000142801ac5e7710ffefb152ff552afe9e68f78b7780");
}
inline Bytes hevc_white() {
  return *from_hex("0000000d2801ac5e7a3bbffb7327d78437");
}
/// The same of AV1, red, by libaom.
inline Bytes av1_configuration() {
  return heif_box("av1C", *from_hex("81000c000a0618157ffdb008"));
}
inline Bytes av1_red() {
  return *from_hex("0a0618157ffdb0083213178000004800000003ce223d26a6537543a940");
}

/// 2 by 2 tiles: red and green above, blue and white below; 128 by 128 pixels. Properties 1 to 3 are taken.
inline HeifToWrite heif_of_four() {
  HeifToWrite file;
  file.properties = {hevc_configuration(), heif_size(64, 64), heif_size(128, 128)};
  file.items = {{1, "grid", heif_grid(2, 2, 128, 128), {3}, {2, 3, 4, 5}},
                {2, "hvc1", hevc_red(), {1, 2}},
                {3, "hvc1", hevc_lime(), {1, 2}},
                {4, "hvc1", hevc_blue(), {1, 2}},
                {5, "hvc1", hevc_white(), {1, 2}}};
  file.items[0].lies = Lies::in_idat;
  return file;
}

}  // namespace dalil::testing
