#include "dalil/media/thumbnail.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/media/parser_client.hpp"
#include "looks_helpers.hpp"
#include "plain_jpeg.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::media;
using dalil::testing::in_memory;
using dalil::testing::plain_jpeg;

namespace {

bool is_corrupt(ByteView bytes) {
  try {
    decode_thumbnails(bytes);
    return false;
  } catch (const Error& error) {
    return error.code() == ErrorCode::corrupt;
  }
}

/// With a segment put in behind the start of the picture.
Bytes with_segment(std::uint8_t marker, ByteView body) {
  Bytes out = {0xFF, 0xD8, 0xFF, marker};
  append_u16(out, static_cast<std::uint16_t>(body.size() + 2));
  append(out, body);
  const Bytes plain = plain_jpeg();
  append(out, ByteView(plain).subspan(2));
  return out;
}

}  // namespace

TEST_CASE("only a JPEG that can hold no metadata is a thumbnail") {
  const Bytes plain = plain_jpeg();
  REQUIRE(size_of_plain_jpeg(plain) == PictureSize{8, 8});
  CHECK(!size_of_plain_jpeg(with_segment(0xE1, as_bytes("Exif\0\0..."))));
  CHECK(!size_of_plain_jpeg(with_segment(0xFE, as_bytes("a remark"))));
  CHECK(!size_of_plain_jpeg(with_segment(0xE2, as_bytes("ICC_PROFILE"))));
  CHECK(!size_of_plain_jpeg(with_segment(0xE0, as_bytes("JFXX with a picture of its own"))));
  const Bytes jfif = {'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0};
  CHECK(size_of_plain_jpeg(with_segment(0xE0, jfif)));
  CHECK(!size_of_plain_jpeg(with_segment(0xDD, Bytes{0, 4})));  // restarts
  Bytes more = plain;
  more.push_back(0);
  CHECK(!size_of_plain_jpeg(more));
  append(more, plain);
  CHECK(!size_of_plain_jpeg(more));
  for (std::size_t size = 0; size < plain.size(); ++size)
    CHECK(!size_of_plain_jpeg(ByteView(plain).first(size)));
}

TEST_CASE("a JPEG larger than a thumbnail is none") {
  CHECK(size_of_plain_jpeg(plain_jpeg(256, 256)) == PictureSize{256, 256});
  CHECK(!size_of_plain_jpeg(plain_jpeg(257, 8)));
  CHECK(!size_of_plain_jpeg(plain_jpeg(8, 257)));
  CHECK(!size_of_plain_jpeg(plain_jpeg(0, 8)));
}

TEST_CASE("thumbnails come back as they were written") {
  const Thumbnails all{{{0, plain_jpeg()}, {1500, plain_jpeg(16, 9)}}, "decoding took too long"};
  const Bytes bytes = encode(all);
  CHECK(decode_thumbnails(bytes) == all);
  const Thumbnails none{{}, "the picture cannot be decoded"};
  CHECK(decode_thumbnails(encode(none)) == none);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(is_corrupt(ByteView(bytes).first(size)));
}

TEST_CASE("what encode would not write is refused") {
  Thumbnails many;
  for (std::uint32_t i = 0; i < 20; ++i) many.pictures.push_back({i, plain_jpeg()});
  CHECK(decode_thumbnails(encode(many)).pictures.size() == kMostThumbnails);
  CHECK(is_corrupt(encode(Thumbnails{{{5, plain_jpeg()}, {4, plain_jpeg()}}, ""})));
  CHECK(is_corrupt(encode(Thumbnails{{{0, Bytes{0xFF, 0xD8}}}, ""})));
  Bytes version = encode(Thumbnails{});
  version[0] = 2;
  CHECK(is_corrupt(version));
}

#ifdef DALIL_TEST_PARSER
namespace {

void append_le32(Bytes& out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// Four fields: red and green above, blue and white below.
Bytes bitmap(std::uint32_t side) {
  Bytes out = {'B', 'M'};
  append_le32(out, 54 + side * side * 3);
  append_le32(out, 0);
  append_le32(out, 54);
  append_le32(out, 40);
  append_le32(out, side);
  append_le32(out, side);
  append(out, Bytes{1, 0, 24, 0});
  for (int i = 0; i < 6; ++i) append_le32(out, 0);
  for (std::uint32_t row = 0; row < side; ++row)  // from below, blue first
    for (std::uint32_t x = 0; x < side; ++x) {
      const bool below = row < side / 2, left = x < side / 2;
      const Bytes pixel = below ? (left ? Bytes{255, 0, 0} : Bytes{255, 255, 255})
                                : (left ? Bytes{0, 0, 255} : Bytes{0, 255, 0});
      append(out, pixel);
    }
  return out;
}

ParserOptions working_for(ParserWork work) {
  return {DALIL_TEST_PARSER, std::chrono::milliseconds(20'000), 2'000, work};
}

/// The mean of a few pixels around the middle of a quarter.
std::array<int, 3> color_at(const Pixels& pixels, double x, double y) {
  const auto column = static_cast<std::size_t>(x * pixels.width),
             row = static_cast<std::size_t>(y * pixels.height);
  std::array<int, 3> color{};
  for (std::size_t c = 0; c < 3; ++c) color[c] = pixels.rgb[(row * pixels.width + column) * 3 + c];
  return color;
}

bool is_near(std::array<int, 3> a, std::array<int, 3> b, int most) {
  for (std::size_t c = 0; c < 3; ++c)
    if (std::abs(a[c] - b[c]) > most) return false;
  return true;
}

Pixels pixels_of(const Bytes& jpeg) {
  const files::Fd fd = in_memory(jpeg);
  ParserClient client(working_for(ParserWork::pixels));
  client.submit(fd.get(), {MediaKind::photo, "jpeg"});
  return client.collect_pixels();
}

}  // namespace

TEST_CASE("the worker makes a small picture in the right colors, and shows its pixels") {
  const files::Fd fd = in_memory(bitmap(600));
  ParserClient client(working_for(ParserWork::thumbnails));
  client.submit(fd.get(), {MediaKind::photo, "bmp"});
  const Thumbnails made = client.collect_looks().thumbnails;
  REQUIRE(made.pictures.size() == 1);
  CHECK(made.problem.empty());
  CHECK(size_of_plain_jpeg(made.pictures[0].jpeg) == PictureSize{256, 256});
  const Pixels pixels = pixels_of(made.pictures[0].jpeg);
  REQUIRE(pixels.rgb.size() == std::size_t{256} * 256 * 3);
  CHECK(is_near(color_at(pixels, 0.25, 0.25), {255, 0, 0}, 6));
  CHECK(is_near(color_at(pixels, 0.75, 0.25), {0, 255, 0}, 6));
  CHECK(is_near(color_at(pixels, 0.25, 0.75), {0, 0, 255}, 6));
  CHECK(is_near(color_at(pixels, 0.75, 0.75), {255, 255, 255}, 6));
}

TEST_CASE("one decoding gives the fingerprints that decoding for them alone gives") {
  const files::Fd fd = in_memory(bitmap(500));
  ParserClient prints(working_for(ParserWork::fingerprints)), both(working_for(ParserWork::looks));
  for (ParserClient* client : {&prints, &both}) client->submit(fd.get(), {MediaKind::photo, "bmp"});
  const Looks looks = both.collect_looks();
  CHECK(looks.fingerprints == prints.collect_fingerprints());
  CHECK(looks.thumbnails.pictures.size() == 1);
}

TEST_CASE("small pictures are not enlarged, and what is none has a reason") {
  const files::Fd small = in_memory(bitmap(40)), broken = in_memory(as_bytes("BM is no picture, really"));
  ParserClient client(working_for(ParserWork::thumbnails));
  client.submit(small.get(), {MediaKind::photo, "bmp"});
  client.submit(broken.get(), {MediaKind::photo, "bmp"});
  client.submit(broken.get(), {MediaKind::photo, "heic"});
  const Thumbnails made = client.collect_looks().thumbnails;
  REQUIRE(made.pictures.size() == 1);
  CHECK(size_of_plain_jpeg(made.pictures[0].jpeg) == PictureSize{40, 40});
  for (int i = 0; i < 2; ++i) {
    const Thumbnails none = client.collect_looks().thumbnails;
    CHECK(none.pictures.empty());
    CHECK(!none.problem.empty());
  }
  CHECK(pixels_of(Bytes{0xFF, 0xD8, 0xFF}).empty());
}

TEST_CASE("all eight orientations of one picture give the same thumbnail") {
  const auto examples = testing::shared_dir("corpora/exif-orientation-examples");
  if (!examples) return;
  ParserClient client(working_for(ParserWork::thumbnails));
  for (const std::string name : {"Landscape", "Portrait"}) {
    std::optional<Pixels> first;
    for (int orientation = 1; orientation <= 8; ++orientation) {
      CAPTURE(name, orientation);
      const std::string path = *examples + "/" + name + "_" + std::to_string(orientation) + ".jpg";
      const files::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!fd) continue;
      client.submit(fd.get(), {MediaKind::photo, "jpeg"});
      const Thumbnails made = client.collect_looks().thumbnails;
      REQUIRE(made.pictures.size() == 1);
      const Pixels pixels = pixels_of(made.pictures[0].jpeg);
      if (!first) first = pixels;
      REQUIRE(pixels.width == first->width);
      REQUIRE(pixels.height == first->height);
      std::uint64_t difference = 0;
      for (std::size_t i = 0; i < pixels.rgb.size(); ++i)
        difference += static_cast<std::uint64_t>(std::abs(pixels.rgb[i] - first->rgb[i]));
      CHECK(difference / pixels.rgb.size() < 12);  // each file says its orientation in the picture
    }
  }
}

TEST_CASE("decoding whatever lies in the corpora costs no worker, or says that it did") {
  const auto corpora = testing::shared_dir("corpora");
  if (!corpora || std::getenv("DALIL_LONG") == nullptr) return;
  ParserOptions options = working_for(ParserWork::looks);
  options.wall_limit = kDecodingLimit;
  ParserClient client(options);
  std::size_t made = 0, looked_at = 0;
  for (const auto& entry : boost::filesystem::recursive_directory_iterator(*corpora)) {
    if (!boost::filesystem::is_regular_file(entry.path())) continue;
    const files::Fd file(open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    Bytes head(4096);
    const ssize_t size = pread(file.get(), head.data(), head.size(), 0);
    head.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    const Sniffed sniffed = sniff(head);
    if (sniffed.kind != MediaKind::photo && sniffed.kind != MediaKind::video) continue;
    CAPTURE(entry.path().string());
    client.submit(file.get(), sniffed);
    const Thumbnails thumbnails = client.collect_looks().thumbnails;
    CHECK(thumbnails.problem.find("makes no sense") == std::string::npos);
    CHECK(thumbnails.problem.find("took longer") == std::string::npos);
    CHECK(thumbnails.problem.find("crashed") == std::string::npos);
    ++looked_at;
    made += thumbnails.pictures.empty() ? 0 : 1;
  }
  CHECK(looked_at > 100);
  CHECK(made > 100);
}
#endif
