#include "signs.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "boxes.hpp"
#include "pictures.hpp"
#include "quantisation.hpp"
#include "tiff_builder.hpp"
#include "trailer.hpp"

using namespace dalil;
using namespace dalil::media;
using std::string_literals::operator""s;

namespace {

Bytes segment(std::uint8_t marker, const Bytes& body) {
  Bytes out = {0xff, marker};
  append_u16(out, static_cast<std::uint16_t>(body.size() + 2));
  append(out, body);
  return out;
}

Bytes text(const std::string& value) {
  return {value.begin(), value.end()};
}

Bytes join(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const auto& part : parts) append(out, part);
  return out;
}

const Bytes kSoi = {0xff, 0xd8};
/// A restart marker and a stuffed 0xff are no end.
const Bytes kScan = {0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xd9};

Bytes frame(std::uint16_t width, std::uint16_t height) {
  Bytes body = {8};
  append_u16(body, height);
  append_u16(body, width);
  body.push_back(1);
  return segment(0xc0, body);
}

Bytes exif(const std::vector<TiffEntryToWrite>& image) {
  return segment(0xe1, join({text("Exif\0\0"s), tiff(image, {ascii(0x9003, "2017:09:11 11:30:00")}, {})}));
}

const std::vector<TiffEntryToWrite> kCamera = {ascii(0x10f, "Canon"), ascii(0x110, "EOS")};

MediaFacts read(const Bytes& jpeg) {
  MediaFacts facts;
  facts.format = "jpeg";
  Packets packets;
  MemorySource source(jpeg);
  read_jpeg(source, facts, packets);
  add_signs(facts);
  return facts;
}

bool has_sign(const MediaFacts& facts, const std::string& part) {
  return std::any_of(facts.signs.begin(), facts.signs.end(),
                     [&](const std::string& sign) { return sign.find(part) != std::string::npos; });
}

std::string field(const MediaFacts& facts, const std::string& name) {
  for (const Field& one : facts.fields) {
    if (one.name == name) return one.value;
  }
  return {};
}

/// The standard's luminance table, as libjpeg scales it to quality 75.
const Bytes kLuminance75 = {8,  6,  6,  7,  6,  5,  8,  7,  7,  7,  9,  9,  8,  10, 12, 20,
                            13, 12, 11, 11, 12, 25, 18, 19, 15, 20, 29, 26, 31, 30, 29, 26,
                            28, 28, 32, 36, 46, 39, 32, 34, 44, 35, 28, 28, 40, 55, 41, 44,
                            48, 49, 52, 52, 52, 31, 39, 57, 61, 56, 50, 60, 46, 51, 52, 50};

/// An EXIF block whose second directory is a thumbnail of this size, turned so.
Bytes exif_with_thumbnail(std::uint16_t width, std::uint16_t height, std::uint16_t turned) {
  const Bytes picture = join({kSoi, frame(width, height), kScan});
  std::vector<TiffEntryToWrite> image = kCamera;
  image.push_back(short_number(0x112, 1));
  const auto second_at = static_cast<std::uint32_t>(8 + directory(8, image).size());
  std::vector<TiffEntryToWrite> thumbnail = {short_number(0x112, turned), pointer(0x201, 0),
                                             pointer(0x202, static_cast<std::uint32_t>(picture.size()))};
  const auto picture_at = static_cast<std::uint32_t>(second_at + directory(second_at, thumbnail).size());
  thumbnail[1] = pointer(0x201, picture_at);
  return segment(0xe1, join({text("Exif\0\0"s),
                             {'M', 'M', 0, 42, 0, 0, 0, 8},
                             directory(8, image, second_at),
                             directory(second_at, thumbnail),
                             picture}));
}

}  // namespace

TEST_CASE("a camera's JPEG bears no sign") {
  const MediaFacts facts = read(join({kSoi, exif(kCamera), frame(64, 32), kScan}));
  CHECK(facts.signs.empty());
  CHECK(field(facts, "jpeg.segments") == "APP1(Exif) SOF0 SOS");
  CHECK(field(facts, "trailer").empty());
}

TEST_CASE("a JPEG in which no camera is named") {
  CHECK(has_sign(read(join({kSoi, frame(64, 32), kScan})), "no EXIF, and no camera is named"));
  CHECK(has_sign(read(join({kSoi, exif({ascii(0x131, "1.0")}), frame(64, 32), kScan})),
                 "EXIF names no make and no model"));
}

TEST_CASE("several EXIF segments") {
  const MediaFacts facts =
      read(join({kSoi, exif(kCamera), exif({ascii(0x10f, "Nikon")}), frame(64, 32), kScan}));
  CHECK(has_sign(facts, "holds 2 EXIF segments; the first was read"));
  CHECK(facts.make == "Canon");
}

TEST_CASE("what lies behind a JPEG's end is counted and named") {
  const Bytes jpeg = join({kSoi, exif(kCamera), frame(64, 32), kScan});
  const auto behind = [&](const std::string& more) { return read(join({jpeg, text(more)})); };
  CHECK(has_sign(behind("PK\x03\x04zip"), "behind its end lie 7 bytes: a ZIP archive"));
  CHECK(has_sign(behind("secret"), "6 bytes: beginning with 73 65 63 72 65 74"));
  CHECK(has_sign(behind("\xff\xd8\xff\xe0 a whole other picture \xff\xd9"), "a JPEG"));
  CHECK(has_sign(behind("\0\0\0\x18"
                        "ftypmp42"s),
                 "an MP4"));
  const MediaFacts padded = behind(std::string(100, '\0'));
  CHECK(padded.signs.empty());
  CHECK(field(padded, "trailer") == "100 bytes: zeros");
  const MediaFacts samsung = behind("whatever SEFT");
  CHECK(samsung.signs.empty());
  CHECK(field(samsung, "trailer") == "13 bytes: Samsung's trailer");
}

TEST_CASE("pictures that a Multi-Picture index names are no surprise") {
  const auto with_index = [](std::uint32_t first, std::uint32_t second_at, std::uint32_t second) {
    Bytes entries;
    for (const std::uint32_t value : {0x30000u, first, 0u, 0u, 0u, second, second_at, 0u})
      append_u32(entries, value);
    const TiffEntryToWrite list{0xb002, 7, 32, entries};
    const Bytes index = join({text("MPF\0"s), {'M', 'M', 0, 42, 0, 0, 0, 8}, directory(8, {list})});
    return join({kSoi, exif(kCamera), segment(0xe2, index), frame(64, 32), kScan});
  };
  const auto size = static_cast<std::uint32_t>(with_index(0, 1, 0).size());
  const Bytes second = join({kSoi, frame(64, 32), kScan});
  const auto length = static_cast<std::uint32_t>(second.size());
  const auto index_at =
      static_cast<std::uint32_t>(2 + exif(kCamera).size() + 4 + 4);  // offsets count from there
  const Bytes first = with_index(size, size - index_at, length);
  const MediaFacts facts = read(join({first, second}));
  CHECK(facts.signs.empty());
  CHECK(field(facts, "trailer") == std::to_string(length) + " bytes: 1 more picture, by its index (MPF)");
  CHECK(has_sign(read(join({first, second, text("more")})), "4 bytes"));
  CHECK(has_sign(read(first), "names pictures that are not there"));
}

TEST_CASE("a JPEG without its end") {
  Bytes jpeg = join({kSoi, exif(kCamera), frame(64, 32), kScan});
  jpeg.resize(jpeg.size() - 2);
  CHECK(has_sign(read(jpeg), "no end marker"));
}

TEST_CASE("the end is found across pieces, in a progressive picture and behind fill bytes") {
  Bytes scan = {0xff, 0xda, 0, 2};
  scan.resize(65'535 + 4, 7);  // the first byte of the end marker is the last of the first piece
  append(scan, Bytes{0xff, 0xd9});
  CHECK(end_of_jpeg(*std::make_unique<MemorySource>(scan), 4, 1 << 20) == scan.size());
  CHECK(!end_of_jpeg(*std::make_unique<MemorySource>(scan), 4, 1000));
  const Bytes scans =
      join({{1, 2, 0xff, 0xc4, 0, 6, 0xff, 0xd9, 0xff, 0xd9, 0xff, 0xff, 0xda, 0, 2, 9}, {0xff, 0xd9}});
  CHECK(end_of_jpeg(*std::make_unique<MemorySource>(scans), 0, 1 << 20) == scans.size());
  const Bytes next_picture = {1, 2, 0xff, 0xd8, 0xff, 0xd9};
  CHECK(!end_of_jpeg(*std::make_unique<MemorySource>(next_picture), 0, 1 << 20));
}

TEST_CASE("quantisation tables are told apart, and libjpeg's are known") {
  const auto facts = [](const Bytes& table) {
    return read(join({kSoi, exif(kCamera), segment(0xdb, join({{0}, table})), frame(64, 32), kScan}));
  };
  const std::string standard = field(facts(kLuminance75), "jpeg.quantisation");
  CHECK(standard.ends_with(", libjpeg's of quality 75"));
  CHECK(standard.starts_with("1 table "));
  Bytes other = kLuminance75;
  other[5] = 9;
  const std::string changed = field(facts(other), "jpeg.quantisation");
  CHECK(changed.find("libjpeg") == std::string::npos);
  CHECK(changed.substr(0, 24) != standard.substr(0, 24));
  QuantisationTables tables;
  tables.add(Bytes(10, 0));  // cut short
  CHECK(tables.empty());
  tables.add(join({{0x10}, Bytes(128, 1)}));  // 16 bits each
  CHECK(!tables.libjpeg_quality(0));
  tables.add(join({{0}, Bytes(64, 1)}));
  CHECK(tables.libjpeg_quality(0) == 100);
  CHECK(!tables.libjpeg_quality(1));
}

TEST_CASE("a thumbnail of another shape, or turned otherwise") {
  const auto facts = [](std::uint16_t width, std::uint16_t height, std::uint16_t turned) {
    return read(join({kSoi, exif_with_thumbnail(width, height, turned), frame(4000, 3000), kScan}));
  };
  CHECK(facts(320, 240, 1).signs.empty());
  CHECK(field(facts(320, 240, 1), "Exif.Thumbnail.Size") == "320x240");
  CHECK(has_sign(facts(320, 180, 1), "the thumbnail has 320x180, the picture 4000x3000: of another shape"));
  CHECK(has_sign(facts(240, 320, 1), "one lies, the other stands"));
  CHECK(has_sign(facts(320, 240, 6), "the thumbnail has orientation 6, the picture 1"));
}

TEST_CASE("EXIF's own size of thumbnails is padded and says nothing of the shape") {
  const MediaFacts facts = read(join({kSoi, exif_with_thumbnail(160, 120, 1), frame(6000, 4000), kScan}));
  CHECK(facts.signs.empty());
}

TEST_CASE("a C2PA manifest is a fact, once") {
  const Bytes part = segment(0xeb, text("JP\0\1jumb....jumdc2pa manifest"s));
  const MediaFacts facts = read(join({kSoi, exif(kCamera), part, part, frame(64, 32), kScan}));
  CHECK(std::count_if(facts.signs.begin(), facts.signs.end(),
                      [](const std::string& sign) { return sign.find("C2PA") != std::string::npos; }) == 1);
}

TEST_CASE("a movie's boxes in order, its encoder's signature, and what lies behind the last box") {
  const auto box = [](const std::string& type, const Bytes& body) {
    Bytes out;
    append_u32(out, static_cast<std::uint32_t>(body.size() + 8));
    append(out, text(type));
    append(out, body);
    return out;
  };
  const Bytes movie =
      join({box("ftyp", text("isom\0\0\2\0"s)), box("mdat", text("....x264 - core 148 r2 - H.264")),
            box("moov", join({box("mvhd", Bytes(100)), box("udta", {})}))});
  const auto read_layout = [](const Bytes& bytes) {
    MediaFacts facts;
    MemorySource source(bytes);
    note_layout(source, facts);
    add_signs(facts);
    return facts;
  };
  MediaFacts facts = read_layout(movie);
  CHECK(field(facts, "mp4.boxes") == "ftyp mdat moov[mvhd udta]");
  CHECK(field(facts, "mdat.encoder") == "x264 - core 148 r2");
  CHECK(has_sign(facts, "'mdat.encoder' says 'x264 - core 148 r2'"));
  CHECK(!has_sign(facts, "behind its end"));
  CHECK(has_sign(read_layout(join({movie, text("PK\x03\x04 and more")})), "13 bytes: a ZIP archive"));
  CHECK(has_sign(read_layout(join({movie, text("tail")})), "4 bytes: beginning with"));
  CHECK(field(read_layout(join({movie, Bytes(50)})), "trailer") == "50 bytes: zeros");
}

TEST_CASE("a movie whose header tells of another length than its tracks is told") {
  MediaFacts facts;
  facts.fields.push_back({"moov/mvhd numbers", ""});
  facts.streams.resize(2);
  facts.streams[1].duration_ms = 2000;
  for (const auto& [length, told] : {std::pair{86'400'000, true}, {5, true}, {2500, false}, {0, false}}) {
    MediaFacts one = facts;
    one.duration_ms = length;
    add_signs(one);
    CHECK(has_sign(one, "its longest track of 2.0 s") == told);
  }
}
