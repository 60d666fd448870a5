#include "raw_preview.hpp"

#include <catch2/catch.hpp>

#include "dalil/media/parser_client.hpp"
#include "heif_builder.hpp"
#include "looks_helpers.hpp"
#include "plain_jpeg.hpp"
#include "testing.hpp"
#include "tiff_builder.hpp"

using namespace dalil;
using namespace dalil::media;
using dalil::testing::plain_jpeg;

namespace {

/// Bytes at a place of their own.
struct Placed {
  std::size_t at;
  Bytes bytes;
};

Bytes file_of(const std::vector<Placed>& parts) {
  Bytes out;
  for (const Placed& part : parts) {
    if (out.size() < part.at + part.bytes.size()) out.resize(part.at + part.bytes.size());
    std::copy(part.bytes.begin(), part.bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(part.at));
  }
  return out;
}

const Bytes kTiffHead = {'M', 'M', 0, 42, 0, 0, 0, 8};

std::vector<TiffEntryToWrite> leading_to(std::uint32_t offset, std::size_t size) {
  return {pointer(0x201, offset), pointer(0x202, static_cast<std::uint32_t>(size))};
}

std::optional<RawPreview> preview_in(const Bytes& file, std::string_view format) {
  MemorySource source(file);
  return find_raw_preview(source, format);
}

/// What was found is this JPEG, there.
bool is(const std::optional<RawPreview>& found, std::uint64_t at, const PictureSize& size) {
  return found && found->jpeg.offset == at && found->size == size;
}

}  // namespace

TEST_CASE("the largest preview of a TIFF's directories is found, also below and behind the first") {
  const Bytes small = plain_jpeg(160, 120), middle = plain_jpeg(1600, 1200), large = plain_jpeg(4000, 3000);
  auto first = leading_to(1000, small.size());
  first.push_back(pointer(0x14a, 300));
  const Bytes file = file_of({{0, kTiffHead},
                              {8, directory(8, first, 400)},
                              {300, directory(300, leading_to(3000, large.size()))},
                              {400, directory(400, leading_to(2000, middle.size()))},
                              {1000, small},
                              {2000, middle},
                              {3000, large}});
  for (const char* format : {"nef", "arw", "dng", "cr2", "pef", "orf", "rw2", "tiff"})
    CHECK(is(preview_in(file, format), 3000, {4000, 3000}));
  CHECK(preview_in(file, "nef")->jpeg.size == large.size());
  CHECK(!preview_in(file, "jpeg"));
}

TEST_CASE("raw data that are a lossless JPEG, or of more than 8 bits, are no preview") {
  Bytes lossless = plain_jpeg(6000, 4000), deep = plain_jpeg(6000, 4000);
  lossless[72] = 0xC3;
  REQUIRE(plain_jpeg()[72] == 0xC0);
  deep[75] = 12;
  REQUIRE(plain_jpeg()[75] == 8);
  const Bytes preview = plain_jpeg(800, 600);
  const auto strip = [](std::uint32_t at, const Bytes& jpeg) {
    return std::vector<TiffEntryToWrite>{pointer(0x111, at),
                                         pointer(0x117, static_cast<std::uint32_t>(jpeg.size()))};
  };
  const Bytes file = file_of({{0, kTiffHead},
                              {8, directory(8, strip(1000, preview), 100)},
                              {100, directory(100, strip(2000, lossless), 200)},
                              {200, directory(200, strip(3000, deep))},
                              {1000, preview},
                              {2000, lossless},
                              {3000, deep}});
  CHECK(is(preview_in(file, "cr2"), 1000, {800, 600}));
}

TEST_CASE("previews in the maker notes of Nikon and Olympus are found") {
  const Bytes jpeg = plain_jpeg(640, 480);
  const auto with_note = [&](const Bytes& note) {
    TiffEntryToWrite entry{0x927c, 7, static_cast<std::uint32_t>(note.size()), note};
    const Bytes photo = directory(100, {entry});
    REQUIRE(photo.size() == 2 + 12 + 4 + note.size());  // so it lies at 118
    return file_of({{0, kTiffHead}, {8, directory(8, {pointer(0x8769, 100)})}, {100, photo}, {1000, jpeg}});
  };
  // Offsets count from the inner header, ten bytes behind the mark.
  const Bytes nikon = file_of({{0, Bytes{'N', 'i', 'k', 'o', 'n', 0, 2, 0x10, 0, 0}},
                               {10, kTiffHead},
                               {18, directory(8, {pointer(0x11, 60)})},
                               {70, directory(60, leading_to(1000 - 128, jpeg.size()))}});
  CHECK(is(preview_in(with_note(nikon), "nef"), 1000, {640, 480}));
  const auto settings = [&](std::uint32_t at) {
    return directory(at,
                     {pointer(0x101, 1000 - 118), pointer(0x102, static_cast<std::uint32_t>(jpeg.size()))});
  };
  const Bytes olympus = file_of({{0, Bytes{'O', 'L', 'Y', 'M', 'P', 'U', 'S', 0, 'M', 'M', 0, 3}},
                                 {12, directory(12, {pointer(0x2020, 60)})},
                                 {60, settings(60)}});
  CHECK(is(preview_in(with_note(olympus), "orf"), 1000, {640, 480}));
  Bytes om = file_of({{16, directory(16, {pointer(0x2020, 60)})}, {60, settings(60)}});
  const std::string mark("OM SYSTEM\0\0\0MM\0\4", 16);
  std::copy(mark.begin(), mark.end(), om.begin());
  CHECK(is(preview_in(with_note(om), "orf"), 1000, {640, 480}));
}

TEST_CASE("Panasonic's preview is a tag's value, Fujifilm's is named by the header") {
  const Bytes jpeg = plain_jpeg(1920, 1440);
  Bytes head = kTiffHead;
  head[3] = 0x55;
  const Bytes rw2 =
      file_of({{0, head}, {8, directory(8, {{0x2e, 7, static_cast<std::uint32_t>(jpeg.size()), jpeg}})}});
  CHECK(is(preview_in(rw2, "rw2"), 26, {1920, 1440}));
  Bytes places;
  append_u32(places, 200);
  append_u32(places, static_cast<std::uint32_t>(jpeg.size()));
  const Bytes raf = file_of({{84, places}, {200, jpeg}});
  CHECK(is(preview_in(raf, "raf"), 200, {1920, 1440}));
}

TEST_CASE("Canon's CR3 has a preview in a box, and a larger one as a track") {
  using dalil::testing::heif_box;
  const Bytes box_jpeg = plain_jpeg(1620, 1080), track_jpeg = plain_jpeg(6000, 4000);
  Bytes preview(12, 0);
  append_u32(preview, static_cast<std::uint32_t>(box_jpeg.size()));
  append(preview, box_jpeg);
  Bytes uuid(24, 0);
  append(uuid, heif_box("PRVW", preview));
  const auto track = [&](std::uint64_t at) {
    Bytes sizes(4, 0), places(4, 0);
    append_u32(sizes, static_cast<std::uint32_t>(track_jpeg.size()));
    append_u32(sizes, 1);
    append_u32(sizes, 0);
    append_u32(places, 1);
    append_u64(places, at);
    Bytes table = heif_box("stsz", sizes);
    append(table, heif_box("co64", places));
    return heif_box("moov", heif_box("trak", heif_box("mdia", heif_box("minf", heif_box("stbl", table)))));
  };
  const Bytes start = heif_box("uuid", uuid);
  const std::size_t at = start.size() + track(0).size() + 8;
  Bytes file = start;
  append(file, track(at));
  append(file, heif_box("mdat", track_jpeg));
  CHECK(is(preview_in(file, "cr3"), at, {6000, 4000}));
  file.resize(at);
  CHECK(is(preview_in(file, "cr3"), 8 + 24 + 8 + 16, {1620, 1080}));
}

TEST_CASE("directories in a circle, and every byte changed, are read without harm") {
  const Bytes jpeg = plain_jpeg(640, 480);
  auto first = leading_to(200, jpeg.size());
  first.push_back(pointer(0x14a, 8));
  first.push_back(pointer(0x8769, 8));
  const Bytes file = file_of({{0, kTiffHead}, {8, directory(8, first, 8)}, {200, jpeg}});
  CHECK(is(preview_in(file, "nef"), 200, {640, 480}));
  for (std::size_t i = 0; i < file.size(); ++i)
    for (const std::uint8_t value : Bytes{0, 1, 127, 255}) {
      Bytes changed = file;
      changed[i] = value;
      for (const char* format : {"nef", "raf", "cr3"})
        if (const auto found = preview_in(changed, format))
          CHECK(found->jpeg.offset + found->jpeg.size <= file.size());
    }
}

#ifdef DALIL_TEST_PARSER
TEST_CASE("a raw file is looked at by its preview, and that is said") {
  Bytes jpeg = plain_jpeg(320, 240);
  jpeg.erase(jpeg.end() - 3);                   // the data of one block
  jpeg.insert(jpeg.end() - 2, 40 * 30 / 4, 0);  // two bits each
  auto entries = leading_to(1000, jpeg.size());
  entries.push_back(pointer(0x14a, 300));
  entries.push_back(short_number(0x112, 6));
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
  const auto raw = directory(300, {pointer(0x100, 6000), pointer(0x101, 4000)});
  const files::Fd file =
      testing::in_memory(file_of({{0, kTiffHead}, {8, directory(8, entries)}, {300, raw}, {1000, jpeg}}));
  ParserClient client({DALIL_TEST_PARSER, kDecodingLimit, 2'000, ParserWork::looks});
  client.submit(file.get(), {MediaKind::photo, "nef"});
  const Looks looks = client.collect_looks();
  REQUIRE(looks.thumbnails.pictures.size() == 1);
  CHECK(size_of_plain_jpeg(looks.thumbnails.pictures[0].jpeg) == PictureSize{192, 256});
  CHECK(looks.thumbnails.problem == "seen by the camera's preview of 320x240, not by its raw data");
  // Its preview is of one shade.
  CHECK(looks.fingerprints.problem == looks.thumbnails.problem + "; " + kTooUniform);
  CHECK(looks.fingerprints.width == 4000);
  CHECK(looks.fingerprints.height == 6000);
}

TEST_CASE("a raw file without a preview has a reason") {
  const files::Fd file =
      testing::in_memory(file_of({{0, kTiffHead}, {8, directory(8, {short_number(0x112, 1)})}}));
  ParserClient client({DALIL_TEST_PARSER, kDecodingLimit, 2'000, ParserWork::looks});
  client.submit(file.get(), {MediaKind::photo, "arw"});
  const Looks looks = client.collect_looks();
  CHECK(looks.thumbnails.pictures.empty());
  CHECK(looks.fingerprints.problem.find("no preview") != std::string::npos);
}
#endif
