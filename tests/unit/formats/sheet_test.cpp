#include "dalil/formats/sheet.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>

#include "plain_jpeg.hpp"

using namespace dalil;
using namespace dalil::formats;
using dalil::testing::plain_jpeg;

namespace {

constexpr Color kWhite{255, 255, 255}, kRed{255, 0, 0}, kBlue{0, 0, 255};

media::Pixels pixels_of(std::uint32_t width, std::uint32_t height, Color color) {
  media::Pixels out{width, height, {}};
  for (std::uint32_t i = 0; i < width * height; ++i)
    append(out.rgb, Bytes{color.red, color.green, color.blue});
  return out;
}

SheetCard card_with(std::size_t pictures, bool moving = false) {
  SheetCard card;
  card.id = "3f9a0c2e1b7d";
  card.kind = moving ? "video 0:34" : "photo 4000x3000";
  card.moving = moving;
  card.copies = card.intact = 1;
  for (std::size_t i = 0; i < pictures; ++i)
    card.pictures.push_back({static_cast<std::uint32_t>(i * 61'000), plain_jpeg()});
  return card;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("words stand where a card has no picture, or one that could not be decoded") {
  Sheet sheet;
  sheet.add(card_with(0));
  sheet.add(card_with(1));
  sheet.add(card_with(4, true));
  const Raster picture = sheet.picture([&](const SheetCard& card) {
    std::vector<media::Pixels> pixels(card.pictures.size());
    if (pixels.size() == 4) pixels[1] = pixels_of(256, 256, kBlue);
    return pixels;
  });
  const auto dark = [&](std::uint32_t left, std::uint32_t top, std::uint32_t side) {
    std::size_t found = 0;
    for (std::uint32_t y = top; y < top + side; ++y)
      for (std::uint32_t x = left; x < left + side; ++x) found += picture.at(x, y).red < 64 ? 1 : 0;
    return found;
  };
  CHECK(dark(20, 20, 256) > 200);
  CHECK(dark(20 + 276, 20, 256) == dark(20, 20, 256));  // the same words
  const std::uint32_t third = 20 + 2 * 276;
  CHECK(picture.at(third + 128 + 64, 20 + 64) == kBlue);
  for (const auto& [x, y] : {std::pair{0U, 0U}, {0U, 128U}, {128U, 128U}})
    CHECK(dark(third + x, 20 + y, 128) > 100);
}

TEST_CASE(
    "a card of a picture has its time and review in lines of their own, and the sheet its clock below") {
  const auto red_and_dark = [](const Sheet& sheet, std::uint32_t line) {
    const Raster picture =
        sheet.picture([](const SheetCard& card) { return std::vector<media::Pixels>(card.pictures.size()); });
    std::pair<std::size_t, std::size_t> found{0, 0};
    for (std::uint32_t y = 20 + 256 + 4 + line * 20;
         y < std::min(20 + 256 + 4 + (line + 1) * 20, picture.height()); ++y)
      for (std::uint32_t x = 20; x < picture.width(); ++x) {
        const Color color = picture.at(x, y);
        found.first += color.red > 100 && color.green < 100 ? 1 : 0;
        found.second += color.red < 64 ? 1 : 0;
      }
    return found;
  };
  Sheet plain, reviewed;
  SheetCard card = card_with(0);
  plain.add(card);
  card.clock = "2017-09-11 08:30";
  card.clock_basis = "verified";
  card.review = "rejected";
  card.doubted = true;
  reviewed.add(card);
  CHECK(red_and_dark(plain, 0) == red_and_dark(reviewed, 0));               // number and ID
  CHECK(red_and_dark(reviewed, 1).second > red_and_dark(plain, 1).second);  // "no time" is shorter
  CHECK(red_and_dark(plain, 2).second == 0);
  CHECK(red_and_dark(reviewed, 2).second > 100);
  CHECK(red_and_dark(plain, 3) == std::pair<std::size_t, std::size_t>{0, 0});
  CHECK(red_and_dark(reviewed, 3).first > 100);
  const auto height = [](const Sheet& sheet) {
    return sheet.picture([](const SheetCard&) { return std::vector<media::Pixels>(); }).height();
  };
  CHECK(height(plain) == 20 + 376);
  plain.zone = "Asia/Damascus";
  CHECK(height(plain) == 20 + 376 + 30);
}

TEST_CASE("a sheet escapes names and keeps each apart") {
  Sheet sheet;
  sheet.title = "<script>alert(1)</script>";
  SheetCard card = card_with(1);
  card.places = {{"disk", "a<b>\"/\u202Egnp.exe/خان"}};
  card.incidents = {{"A-1<", "2017"}};
  card.more_places = 4;
  sheet.add(card);
  const std::string page = sheet.page();
  CHECK(count(page, "<script") == 0);
  CHECK(page.find("<bdi>a&lt;b&gt;&quot;</bdi>/<bdi>") != std::string::npos);
  CHECK(page.find("\u202E") == std::string::npos);
  CHECK(page.find("/<bdi>خان</bdi>") != std::string::npos);
  CHECK(page.find("<bdi>A-1&lt;</bdi>") != std::string::npos);
  CHECK(page.find("+ 4") != std::string::npos);
  CHECK(count(page, "src=\"data:image/jpeg;base64,") == 1);
}

TEST_CASE("frames bear their times, photos none; what is no plain JPEG is not written") {
  Sheet sheet;
  sheet.add(card_with(9, true));
  SheetCard photo = card_with(1);
  photo.pictures.push_back({0, Bytes{'<', 's', 'v', 'g'}});
  sheet.add(photo);
  const std::string page = sheet.page();
  CHECK(count(page, "<figcaption") == 9);
  CHECK(page.find(">08:08</figcaption>") != std::string::npos);
  CHECK(count(page, "<img ") == 10);
  CHECK(frame_time(3'723'999) == "1:02:03");
}

TEST_CASE("a page that is full counts what it leaves out, by items and by bytes") {
  Sheet sheet;
  for (std::size_t i = 0; i < Sheet::kMostCards; ++i) {
    REQUIRE(!sheet.full());
    sheet.add(card_with(0));
  }
  CHECK(sheet.full());
  sheet.leave_out(17);
  CHECK(sheet.page().find("+ 17 more items matched") != std::string::npos);
  CHECK(sheet.without_picture() == Sheet::kMostCards);
  Sheet heavy;
  SheetCard card = card_with(1);
  card.pictures[0].jpeg.resize(Sheet::kMostPictureBytes);
  heavy.add(card);
  CHECK(heavy.full());
}

TEST_CASE("pixels are pasted, cut off at the edge, and made smaller by their mean") {
  Raster raster(10, 6, kWhite);
  raster.paste(7, 4, pixels_of(5, 5, kRed));
  CHECK(raster.at(7, 4) == kRed);
  CHECK(raster.at(9, 5) == kRed);
  CHECK(raster.at(6, 4) == kWhite);
  raster.paste(50, 50, pixels_of(2, 2, kBlue));
  raster.fill(0, 0, 100, 1, kBlue);
  CHECK(raster.at(9, 0) == kBlue);
  media::Pixels halves = pixels_of(2, 2, kWhite);
  std::fill(halves.rgb.begin(), halves.rgb.begin() + 6, std::uint8_t{0});
  const media::Pixels one = reduced(halves, 2);
  CHECK(one.rgb == Bytes{127, 127, 127});
  CHECK(reduced(one, 3).rgb == one.rgb);
}

TEST_CASE("pictures of different sizes stand in the middle of equal cells") {
  const Raster grid =
      grid_of({pixels_of(10, 4, kRed), pixels_of(4, 8, kBlue), pixels_of(2, 2, kRed)}, 2, kWhite);
  CHECK(grid.width() == 28);
  CHECK(grid.height() == 24);
  CHECK(grid.at(0, 2) == kRed);
  CHECK(grid.at(0, 0) == kWhite);
  CHECK(grid.at(17, 0) == kBlue);
  CHECK(grid.at(4, 15) == kRed);
}

TEST_CASE("letters are drawn, and what has no shape is a box") {
  const auto ink = [](std::string_view text) {
    Raster raster(40, 20, kWhite);
    raster.write(0, 0, text, kBlue);
    std::size_t inked = 0;
    for (std::uint32_t y = 0; y < 20; ++y)
      for (std::uint32_t x = 0; x < 40; ++x) inked += raster.at(x, y) == kBlue ? 1 : 0;
    return inked;
  };
  CHECK(ink(" ") == 0);
  CHECK(ink("1") == 4 * 10);
  CHECK(ink("11") == 2 * ink("1"));
  CHECK(ink("\xd8") == 4 * 20);
}

TEST_CASE("a PNG holds the pixels and nothing else") {
  Raster raster(3, 2, kRed);
  raster.fill(1, 1, 1, 1, kBlue);
  const Bytes png = png_of(raster);
  ByteReader in(png);
  const ByteView signature = in.take(8);
  CHECK(as_chars(signature) == "\x89PNG\r\n\x1a\n");
  std::string types;
  Bytes content;
  while (in.remaining() > 0) {
    const std::uint32_t size = in.u32();
    const ByteView whole = in.take(size + 4);
    types += as_chars(whole.first(4));
    if (as_chars(whole.first(4)) == "IDAT") append(content, whole.subspan(4));
    CHECK(in.u32() == crc32_z(0, whole.data(), whole.size()));
  }
  CHECK(types == "IHDRIDATIEND");
  Bytes rows(2 * (1 + 9));
  uLongf size = rows.size();
  REQUIRE(uncompress(rows.data(), &size, content.data(), content.size()) == Z_OK);
  REQUIRE(size == rows.size());
  CHECK(rows[0] == 1);
  CHECK(Bytes(rows.begin() + 1, rows.begin() + 10) == Bytes{255, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(Bytes(rows.begin() + 11, rows.end()) == Bytes{255, 0, 0, 1, 0, 255, 255, 0, 1});
}

TEST_CASE("a sheet as a picture has a cell for each card, and as many frames as fit") {
  Sheet sheet;
  for (int i = 0; i < 7; ++i) sheet.add(card_with(i == 0 ? 9 : 1, i == 0));
  const Raster raster = sheet.picture([](const SheetCard& card) {
    return std::vector<media::Pixels>(card.pictures.size(), pixels_of(256, 192, kRed));
  });
  CHECK(raster.width() == 20 + 5 * 276);
  CHECK(raster.at(20 + 42, 20 + 42) == kRed);                         // the first of nine
  CHECK(raster.at(20 + 42, 20 + 84) != kRed);                         // below it, above the next row
  CHECK(raster.at(20 + 276 + 128, 20 + 128) == kRed);                 // the second card
  CHECK(raster.at(20 + 276 + 128, 20 + 10) == Color{238, 238, 238});  // above a picture that is lower
}
