#include "heif_picture.hpp"

#include <catch2/catch.hpp>

#include "heif_builder.hpp"

using namespace dalil;
using namespace dalil::media;
using namespace dalil::testing;

namespace {

std::optional<HeifPicture> picture_in(const Bytes& file, HeifChoice choice = HeifChoice::primary) {
  MemorySource source(file);
  const auto items = read_heif_items(source);
  std::string problem;
  auto picture = items ? find_heif_picture(source, *items, choice, problem) : std::nullopt;
  CHECK((picture.has_value() || !items || !problem.empty()));
  return picture;
}

Bytes tile_bytes(const Bytes& file, const HeifPicture& picture, std::size_t tile) {
  MemorySource source(file);
  return read_extents(source, picture.tiles.at(tile).bytes);
}

/// How the picture is turned by these properties, in this order.
std::uint8_t turned_by(const std::vector<Bytes>& properties) {
  HeifToWrite file = heif_of_four();
  for (const Bytes& property : properties) {
    file.properties.push_back(property);
    file.items[0].properties.push_back(static_cast<std::uint8_t>(file.properties.size()));
  }
  const auto picture = picture_in(file.write());
  REQUIRE(picture);
  return picture->orientation;
}

}  // namespace

TEST_CASE("a grid's tiles are found in their order, with what their decoder is to be told") {
  const Bytes file = heif_of_four().write();
  const auto picture = picture_in(file);
  REQUIRE(picture);
  CHECK(picture->width == 128);
  CHECK(picture->height == 128);
  CHECK(picture->columns == 2);
  CHECK(picture->rows == 2);
  REQUIRE(picture->tiles.size() == 4);
  const Bytes expected[] = {hevc_red(), hevc_lime(), hevc_blue(), hevc_white()};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(tile_bytes(file, *picture, i) == expected[i]);
    CHECK(picture->tiles[i].type == fourcc("hvc1"));
    const Bytes whole = hevc_configuration();
    CHECK(picture->tiles[i].configuration == Bytes(whole.begin() + 8, whole.end()));
  }
}

TEST_CASE("an item's bytes may lie in pieces, in the directory, or in another item") {
  HeifToWrite file = heif_of_four();
  file.items[1].pieces = 3;
  file.items[2].lies = Lies::in_idat;
  Bytes bag = {1, 2, 3};
  append(bag, hevc_blue());
  bag.push_back(4);
  file.items.push_back({9, "bag ", bag});
  file.items[5].pieces = 2;
  file.items[3].lies = Lies::in_item;
  file.items[3].outer_item = 9;
  file.items[3].outer_offset = 3;
  const Bytes written = file.write();
  const auto picture = picture_in(written);
  REQUIRE(picture);
  CHECK(picture->tiles[0].bytes.size() == 3);
  CHECK(tile_bytes(written, *picture, 0) == hevc_red());
  CHECK(tile_bytes(written, *picture, 1) == hevc_lime());
  CHECK(tile_bytes(written, *picture, 2) == hevc_blue());
}

TEST_CASE("an item that leads outside of what it lies in has no bytes") {
  HeifToWrite file = heif_of_four();
  file.items.push_back({9, "bag ", Bytes(10)});
  file.items[3].lies = Lies::in_item;
  file.items[3].outer_item = 9;
  const Bytes written = file.write();
  const auto picture = picture_in(written);
  REQUIRE(picture);
  CHECK(picture->tiles[2].bytes.empty());
  const auto cut = picture_in(Bytes(written.begin(), written.end() - 12));
  REQUIRE(cut);
  CHECK(cut->tiles[3].bytes.empty());
}

TEST_CASE("items within items go no deeper than one") {
  HeifToWrite file = heif_of_four();
  for (const std::size_t i : {1U, 2U}) {
    file.items[i].lies = Lies::in_item;
    file.items[i].outer_item = static_cast<std::uint16_t>(4 - i);  // items 2 and 3 lie within each other
  }
  const auto picture = picture_in(file.write());
  REQUIRE(picture);
  CHECK(picture->tiles[0].bytes.empty());
  CHECK(picture->tiles[1].bytes.empty());
}

TEST_CASE("turns and mirrors add up in the order in which they stand") {
  CHECK(turned_by({}) == 1);
  CHECK(turned_by({heif_turn(0)}) == 1);
  CHECK(turned_by({heif_turn(1)}) == 8);
  CHECK(turned_by({heif_turn(2)}) == 3);
  CHECK(turned_by({heif_turn(3)}) == 6);
  CHECK(turned_by({heif_mirror(0)}) == 4);
  CHECK(turned_by({heif_mirror(1)}) == 2);
  CHECK(turned_by({heif_turn(1), heif_turn(3)}) == 1);
  CHECK(turned_by({heif_mirror(1), heif_mirror(1)}) == 1);
  CHECK(turned_by({heif_mirror(1), heif_mirror(0)}) == 3);
  // a b / c d, anticlockwise: b d / a c; left and right changed: d b / c a.
  CHECK(turned_by({heif_turn(1), heif_mirror(1)}) == 7);
  CHECK(turned_by({heif_mirror(1), heif_turn(1)}) == 5);
}

TEST_CASE("a clean aperture is cut out around the middle, before it is turned") {
  const auto window = [](const std::vector<Bytes>& properties) {
    HeifToWrite file = heif_of_four();
    for (const Bytes& property : properties) {
      file.properties.push_back(property);
      file.items[0].properties.push_back(static_cast<std::uint8_t>(file.properties.size()));
    }
    return picture_in(file.write())->window;
  };
  CHECK(window({}) == Region{0, 0, 128, 128});
  CHECK(window({heif_aperture(64, 32, 0, 0)}) == Region{32, 48, 64, 32});
  CHECK(window({heif_aperture(64, 64, -64, 64), heif_turn(1)}) == Region{0, 64, 64, 64});
  CHECK(window({heif_aperture(64, 64, 66, 0)}) == Region{0, 0, 128, 128});  // it would lie outside
  CHECK(window({heif_turn(1), heif_aperture(64, 64, 0, 0)}) == Region{0, 0, 128, 128});
}

TEST_CASE("the largest thumbnail of the primary picture is found") {
  HeifToWrite file = heif_of_four();
  CHECK(!picture_in(file.write(), HeifChoice::thumbnail));
  file.properties.push_back(heif_size(32, 32));
  file.items.push_back({7, "hvc1", hevc_red(), {1, 4}});
  file.items.push_back({8, "hvc1", hevc_white(), {1, 2}});
  file.items.push_back({9, "hvc1", hevc_blue(), {1, 3}});
  file.items[5].thumbnail_of = file.items[6].thumbnail_of = 1;
  file.items[7].thumbnail_of = 2;  // of a tile
  const Bytes written = file.write();
  const auto picture = picture_in(written, HeifChoice::thumbnail);
  REQUIRE(picture);
  CHECK(tile_bytes(written, *picture, 0) == hevc_white());
}

TEST_CASE("a picture of no known kind or size is refused with a reason") {
  HeifToWrite overlay = heif_of_four();
  overlay.items[0].type = "iovl";
  CHECK(!picture_in(overlay.write()));
  HeifToWrite lacking = heif_of_four();
  lacking.items[0].derived_from.pop_back();
  CHECK(!picture_in(lacking.write()));
  HeifToWrite large;
  large.properties = {hevc_configuration(), heif_size(100'000, 100'000)};
  large.items = {{1, "hvc1", hevc_red(), {1, 2}}};
  CHECK(!picture_in(large.write()));
  large.properties[1] = heif_size(64, 0);
  CHECK(!picture_in(large.write()));
  HeifToWrite none = heif_of_four();
  none.primary = 77;
  CHECK(!picture_in(none.write()));
}

TEST_CASE("a broken directory of items is read without harm at every length and with every byte changed") {
  HeifToWrite file = heif_of_four();
  file.items[3].lies = Lies::in_item;
  file.items[3].outer_item = 5;
  const Bytes written = file.write();
  for (std::size_t size = 0; size < written.size(); ++size)
    picture_in(Bytes(written.begin(), written.begin() + static_cast<std::ptrdiff_t>(size)));
  for (std::size_t i = 0; i < written.size(); ++i)
    for (const std::uint8_t value : Bytes{0, 1, 127, 255}) {
      Bytes changed = written;
      changed[i] = value;
      if (const auto picture = picture_in(changed)) {
        CHECK(picture->tiles.size() <= 65'536);
        CHECK(std::uint64_t{picture->width} * picture->height <= kMostHeifPixels);
        CHECK(picture->window.left + std::uint64_t{picture->window.width} <= picture->width);
      }
    }
}
