// HEIC and AVIF as the worker sees them.

#ifdef DALIL_TEST_PARSER
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "dalil/files/handle.hpp"
#include "dalil/media/parser_client.hpp"
#include "heif_builder.hpp"
#include "looks_helpers.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::media;
namespace fs = boost::filesystem;

namespace {

Looks looks_at(ParserClient& client, const files::Fd& file) {
  Bytes head(4096);
  const ssize_t size = pread(file.get(), head.data(), head.size(), 0);
  head.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  client.submit(file.get(), sniff(head));
  return client.collect_looks();
}

Looks looks_of(ParserClient& client, const std::string& path) {
  const files::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(file);
  return looks_at(client, file);
}

ParserClient worker(ParserWork work = ParserWork::looks) {
  return ParserClient({DALIL_TEST_PARSER, kDecodingLimit, 2'000, work});
}

/// The pixels of the picture's thumbnail.
struct Seen {
  Looks looks;
  Pixels pixels;
  /// Of the four quarters, row by row: r, g, b, w, or ? for anything else.
  std::string quarters() const {
    std::string out;
    for (const double y : {0.25, 0.75})
      for (const double x : {0.25, 0.75}) out += letter(x, y);
    return out;
  }

 private:
  char letter(double x, double y) const {
    if (pixels.empty()) return '?';
    const auto at = (static_cast<std::size_t>(y * pixels.height) * pixels.width +
                     static_cast<std::size_t>(x * pixels.width)) *
                    3;
    const bool red = pixels.rgb[at] > 200, green = pixels.rgb[at + 1] > 200, blue = pixels.rgb[at + 2] > 200;
    if (red && green && blue) return 'w';
    if (red + green + blue != 1) return '?';
    return red ? 'r' : green ? 'g' : 'b';
  }
};

Seen see(const testing::HeifToWrite& written) {
  ParserClient client = worker(), pixels = worker(ParserWork::pixels);
  Seen seen{looks_at(client, testing::in_memory(written.write())), {}};
  if (seen.looks.thumbnails.pictures.empty()) return seen;
  const files::Fd jpeg = testing::in_memory(seen.looks.thumbnails.pictures[0].jpeg);
  pixels.submit(jpeg.get(), {MediaKind::photo, "jpeg"});
  seen.pixels = pixels.collect_pixels();
  return seen;
}

testing::HeifToWrite four_with(const std::vector<Bytes>& properties) {
  testing::HeifToWrite file = testing::heif_of_four();
  for (const Bytes& property : properties) {
    file.properties.push_back(property);
    file.items[0].properties.push_back(static_cast<std::uint8_t>(file.properties.size()));
  }
  return file;
}

/// By libheif's own program, which uses another decoder for HEVC. False if it is not installed or refuses.
bool convert(const std::string& from, const std::string& to) {
  const std::string command = "heif-convert '" + from + "' '" + to + "' >/dev/null 2>&1";
  return std::system(command.c_str()) == 0 && fs::exists(to) && fs::file_size(to) > 0;
}

/// libheif turns the pixels and leaves EXIF's orientation as it was: without it they are turned once.
void drop_exif(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string png{std::istreambuf_iterator<char>(in), {}};
  std::ofstream out(path + ".new", std::ios::binary);
  out << png.substr(0, 8);
  for (std::size_t at = 8; at + 12 <= png.size();) {
    std::size_t size = 12;
    for (std::size_t i = 0; i < 4; ++i)
      size += std::size_t{static_cast<unsigned char>(png[at + i])} << (24 - 8 * i);
    if (png.compare(at + 4, 4, "eXIf") != 0) out << png.substr(at, size);
    at += size;
  }
  out.close();
  fs::rename(path + ".new", path);
}

const Fingerprint* whole_of(const Fingerprints& prints) {
  for (const Fingerprint& print : prints.prints)
    if (print.part == Part::whole) return &print;
  return nullptr;
}

}  // namespace

TEST_CASE("a grid of tiles is put together and turned as its properties say") {
  CHECK(see(four_with({})).quarters() == "rgbw");
  CHECK(see(four_with({testing::heif_turn(1)})).quarters() == "gwrb");
  CHECK(see(four_with({testing::heif_turn(2)})).quarters() == "wbgr");
  CHECK(see(four_with({testing::heif_mirror(0)})).quarters() == "bwrg");
  CHECK(see(four_with({testing::heif_mirror(1)})).quarters() == "grwb");
  const Seen cut = see(four_with({testing::heif_aperture(64, 128, -64, 0), testing::heif_turn(3)}));
  CHECK(cut.quarters() == "brbr");
  CHECK(cut.looks.fingerprints.width == 128);
  CHECK(cut.looks.fingerprints.height == 64);
  CHECK(cut.looks.thumbnails.problem.empty());
}

TEST_CASE("what a grid's tiles have beyond its size is not seen") {
  testing::HeifToWrite file = testing::heif_of_four();
  file.items[0].data = testing::heif_grid(2, 2, 80, 96);
  file.properties[2] = testing::heif_size(80, 96);
  const Seen seen = see(file);
  CHECK(seen.pixels.width == 80);
  CHECK(seen.pixels.height == 96);
  CHECK(seen.quarters() == "rrbb");
  file.items[0].data = testing::heif_grid(2, 2, 300, 96);  // more than they have
  CHECK(see(file).looks.thumbnails.problem.find("tiles") != std::string::npos);
}

TEST_CASE("of a grid that lacks tiles there is a picture, but no fingerprint") {
  testing::HeifToWrite file = testing::heif_of_four();
  file.items[3].data.resize(9);
  const Seen seen = see(file);
  CHECK(seen.quarters() == "rg?w");
  CHECK(seen.looks.fingerprints.prints.empty());
  CHECK(!seen.looks.fingerprints.problem.empty());
  CHECK(!seen.looks.thumbnails.problem.empty());
}

TEST_CASE("where the picture cannot be had its thumbnail is looked at, and that is said") {
  testing::HeifToWrite file = testing::heif_of_four();
  file.items[3].data.resize(9);
  file.properties.push_back(testing::heif_size(192, 192));
  file.items.push_back({6, "grid", testing::heif_grid(3, 3, 192, 192), {4}, {5, 5, 5, 5, 5, 5, 5, 5, 5}, 1});
  const Seen seen = see(file);
  CHECK(seen.quarters() == "wwww");
  CHECK(seen.looks.fingerprints.prints.empty());  // it is all white
  CHECK(seen.looks.fingerprints.width == 128);
  CHECK(seen.looks.fingerprints.problem.find("thumbnail") != std::string::npos);
  file.items[5].data = testing::heif_grid(3, 3, 192, 159);  // too small to be told by
  CHECK(see(file).quarters() == "rg?w");
}

TEST_CASE("AV1 is decoded as HEVC is") {
  testing::HeifToWrite file;
  file.properties = {testing::av1_configuration(), testing::heif_size(64, 64)};
  file.items = {{1, "av01", testing::av1_red(), {1, 2}}};
  const Seen seen = see(file);
  CHECK(seen.quarters() == "rrrr");
  CHECK(seen.looks.fingerprints.width == 64);
}

TEST_CASE("HEIC and AVIF show what an independent decoder shows") {
  const auto corpora = testing::shared_dir("corpora");
  if (!corpora || std::system("heif-convert >/dev/null 2>&1") == 127 * 256) return;
  constexpr std::uintmax_t kShort = 100'000;
  ParserClient client = worker();
  const testing::TempDir folder;
  std::size_t compared = 0;
  for (const auto& entry : fs::recursive_directory_iterator(*corpora)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".heic" && extension != ".HEIC" && extension != ".heif" && extension != ".avif")
      continue;
    if (std::getenv("DALIL_LONG") == nullptr && fs::file_size(entry.path()) > kShort) continue;
    const std::string png = folder / "converted.png";
    fs::remove(png);
    if (!convert(entry.path().string(), png)) continue;
    drop_exif(png);
    CAPTURE(entry.path().string());
    const Looks ours = looks_of(client, entry.path().string()), theirs = looks_of(client, png);
    const Fingerprint *one = whole_of(ours.fingerprints), *other = whole_of(theirs.fingerprints);
    CHECK((one == nullptr) == (other == nullptr));
    if (one == nullptr || other == nullptr) continue;
    CHECK(ours.fingerprints.width == theirs.fingerprints.width);
    CHECK(ours.fingerprints.height == theirs.fingerprints.height);
    if (one->quality >= 50) CHECK(distance(one->hash, other->hash) <= 16);
    ++compared;
  }
  CHECK(compared > 2);
}
#endif
