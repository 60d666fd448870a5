#include "terminal_picture.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>

#include "dalil/base/text.hpp"

using namespace dalil;
using namespace dalil::cli;
using formats::Color;
using formats::Raster;

namespace {

/// What a terminal would draw of sixel graphics, by DEC's description (STD 070).
std::map<std::pair<int, int>, Color> drawn(std::string_view text) {
  std::map<std::pair<int, int>, Color> pixels;
  std::map<int, Color> palette;
  REQUIRE(text.starts_with("\x1bPq"));
  REQUIRE(text.ends_with("\x1b\\\n"));
  text = text.substr(3, text.size() - 6);
  int x = 0, top = 0, color = 0;
  const auto number = [&text] {
    int value = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      value = value * 10 + (text.front() - '0');
      text.remove_prefix(1);
    }
    return value;
  };
  const auto numbers = [&] {
    std::vector<int> all{number()};
    while (text.starts_with(";")) {
      text.remove_prefix(1);
      all.push_back(number());
    }
    return all;
  };
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    int count = 1;
    char sixel = c;
    if (c == '"') {
      numbers();
      continue;
    }
    if (c == '#') {
      const auto all = numbers();
      color = all[0];
      const auto byte = [](int percent) { return static_cast<std::uint8_t>((percent * 255 + 50) / 100); };
      if (all.size() == 5) palette[color] = {byte(all[2]), byte(all[3]), byte(all[4])};
      continue;
    }
    if (c == '$' || c == '-') {
      x = 0;
      if (c == '-') top += 6;
      continue;
    }
    if (c == '!') {
      count = number();
      sixel = text.front();
      text.remove_prefix(1);
    }
    REQUIRE(sixel >= '?');
    REQUIRE(sixel <= '~');
    for (; count > 0; --count, ++x)
      for (int bit = 0; bit < 6; ++bit)
        if (((sixel - '?') >> bit & 1) != 0) {
          REQUIRE(palette.contains(color));
          REQUIRE(!pixels.contains({x, top + bit}));
          pixels[{x, top + bit}] = palette[color];
        }
  }
  return pixels;
}

}  // namespace

TEST_CASE("a terminal's answers say what it can") {
  CHECK(!protocol_from(""));
  CHECK(!protocol_from("\x1b[?62;4"));  // not at its end yet
  CHECK(protocol_from("\x1b[?62;22c") == PictureProtocol::none);
  CHECK(protocol_from("\x1b[?1;2c") == PictureProtocol::none);
  CHECK(protocol_from("\x1b[?64;14c") == PictureProtocol::none);  // 14 is not 4
  CHECK(protocol_from("\x1b[?62;4;22c") == PictureProtocol::sixel);
  CHECK(protocol_from("\x1b[?4c") == PictureProtocol::sixel);
  CHECK(protocol_from("\x1b_Gi=31;OK\x1b\\\x1b[?62;c") == PictureProtocol::kitty);
  CHECK(protocol_from("\x1b_Gi=31;ENOTSUPPORTED\x1b\\\x1b[?62;4c") == PictureProtocol::sixel);
  CHECK(protocol_from("typed\x1b[?x") == PictureProtocol::none);
}

TEST_CASE("kitty gets the pixels within the text, in pieces") {
  Raster picture(64, 32, {1, 2, 3});
  picture.fill(0, 0, 1, 1, {200, 100, 50});
  std::string text = kitty_text(picture), content;
  CHECK(text.starts_with("\x1b_Ga=T,f=24,t=d,s=64,v=32,q=2,m=1;"));
  CHECK(text.back() == '\n');
  text.pop_back();
  bool last = false;
  while (!text.empty()) {
    REQUIRE(!last);
    const std::size_t begin = text.find(';'), end = text.find("\x1b\\");
    REQUIRE(text.starts_with("\x1b_G"));
    REQUIRE(end != std::string::npos);
    CHECK(end - begin - 1 <= 4096);
    last = text.substr(0, begin).ends_with("m=0");
    content += text.substr(begin + 1, end - begin - 1);
    text.erase(0, end + 2);
  }
  CHECK(last);
  CHECK(content == to_base64(picture.rgb()));
}

TEST_CASE("sixels draw each pixel once, in colors that are near") {
  Raster picture(37, 20, {255, 255, 255});
  picture.fill(3, 2, 20, 9, {255, 0, 0});
  picture.fill(20, 8, 17, 12, {0, 0, 255});
  const auto pixels = drawn(sixel_text(picture));
  REQUIRE(pixels.size() == std::size_t{37} * 20);
  for (const auto& [at, color] : pixels)
    CHECK(color == picture.at(static_cast<std::uint32_t>(at.first), static_cast<std::uint32_t>(at.second)));
}

TEST_CASE("colors in between are right on the whole") {
  const Raster picture(60, 60, {100, 150, 35});
  int red = 0, green = 0, blue = 0, count = 0;
  for (const auto& [at, color] : drawn(sixel_text(picture))) {
    red += color.red;
    green += color.green;
    blue += color.blue;
    ++count;
  }
  REQUIRE(count == 3600);
  CHECK(std::abs(red / count - 100) <= 3);
  CHECK(std::abs(green / count - 150) <= 3);
  CHECK(std::abs(blue / count - 35) <= 3);
}

TEST_CASE("frames stand in rows that fit") {
  const media::Pixels frame{100, 50, Bytes(15'000)};
  CHECK(fitting_grid({9, frame}, 320).width() == 3 * 104);
  CHECK(fitting_grid({9, frame}, 320).height() == 3 * 54);
  CHECK(fitting_grid({2, frame}, 10).height() == 2 * 54);
}
