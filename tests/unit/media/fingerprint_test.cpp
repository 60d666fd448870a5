#include "dalil/media/fingerprint.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numbers>
#include <random>

#include "dalil/base/error.hpp"
#include "looks_helpers.hpp"

using namespace dalil;
using namespace dalil::media;
using namespace dalil::testing;

namespace {

/// The description taken word by word: boxes by adding up, frequencies by their definition.
HashAndQuality naive_pdq(const Luma& luma) {
  const int w = static_cast<int>(luma.width), h = static_cast<int>(luma.height);
  std::vector<double> now(luma.values.begin(), luma.values.end());
  const auto boxes = [](int side) {
    const int width = (side + 127) / 128, half = (width + 2) / 2;
    return std::pair(width - half, half - 1);  // so many before, so many after
  };
  const auto filter = [&](bool across) {
    const auto [before, after] = boxes(across ? w : h);
    std::vector<double> next(now.size());
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x) {
        double sum = 0;
        int count = 0;
        for (int k = -before; k <= after; ++k) {
          const int u = across ? x + k : x, v = across ? y : y + k;
          if (u < 0 || v < 0 || u >= w || v >= h) continue;
          sum += now[static_cast<std::size_t>(v * w + u)];
          ++count;
        }
        next[static_cast<std::size_t>(y * w + x)] = sum / count;
      }
    now = next;
  };
  for (int pass = 0; pass < 2; ++pass) filter(true), filter(false);
  double samples[64][64];
  for (int i = 0; i < 64; ++i)
    for (int j = 0; j < 64; ++j)
      samples[i][j] = now[static_cast<std::size_t>(int((i + 0.5) * h / 64) * w + int((j + 0.5) * w / 64))];
  int gradients = 0;
  for (int i = 0; i < 64; ++i)
    for (int j = 0; j < 64; ++j) {
      if (i < 63) gradients += std::abs(int((samples[i][j] - samples[i + 1][j]) * 100 / 255));
      if (j < 63) gradients += std::abs(int((samples[i][j] - samples[i][j + 1]) * 100 / 255));
    }
  std::vector<double> spectrum;
  for (int u = 1; u <= 16; ++u)
    for (int v = 1; v <= 16; ++v) {
      double sum = 0;
      for (int i = 0; i < 64; ++i)
        for (int j = 0; j < 64; ++j)
          sum += samples[i][j] * std::cos(std::numbers::pi * u * (2 * i + 1) / 128) *
                 std::cos(std::numbers::pi * v * (2 * j + 1) / 128);
      spectrum.push_back(sum);
    }
  auto sorted = spectrum;
  std::sort(sorted.begin(), sorted.end());
  HashAndQuality out;
  for (std::size_t n = 0; n < 256; ++n)
    if (spectrum[n] > sorted[127]) out.hash.words[n / 64] |= std::uint64_t{1} << (n % 64);
  out.quality = static_cast<std::uint8_t>(std::min(gradients / 90, 100));
  return out;
}

HashAndQuality pdq_of(const Luma& luma) {
  return pdq(luma, all_of(luma));
}

Luma posed_picture(const Luma& from, Pose pose) {
  const bool transpose = pose >= Pose::transposed;
  const auto which = static_cast<unsigned>(pose);
  Luma out{transpose ? from.height : from.width, transpose ? from.width : from.height, {}};
  for (std::uint32_t y = 0; y < out.height; ++y)
    for (std::uint32_t x = 0; x < out.width; ++x) {
      const std::uint32_t u = (which & 1) != 0 ? out.width - 1 - x : x,
                          v = (which & 2) != 0 ? out.height - 1 - y : y;
      out.values.push_back(
          from.values[transpose ? std::size_t{u} * from.width + v : std::size_t{v} * from.width + u]);
    }
  return out;
}

Fingerprints example() {
  Fingerprints looks = fingerprints_of(framed(picture(300, 200, 3), 0, 40, 0), false);
  looks.width = 4032;
  looks.height = 3024;
  looks.problem = "the picture's data are damaged in places";
  return looks;
}

}  // namespace

TEST_CASE("the hash is what the published description gives, in any size and shape") {
  for (const auto& [width, height] :
       {std::pair{64U, 64U}, {200U, 150U}, {333U, 257U}, {640U, 170U}, {100U, 700U}, {70U, 64U}})
    for (unsigned seed = 0; seed < 4; ++seed) {
      const Luma luma = picture(width, height, seed);
      const HashAndQuality found = pdq_of(luma), expected = naive_pdq(luma);
      INFO(width << "x" << height << " " << seed);
      CHECK(distance(found.hash, expected.hash) <= 2);  // coefficients next to the median, by rounding
      CHECK(std::abs(found.quality - expected.quality) <= 1);
    }
}

TEST_CASE("half of the bits are set, and another picture differs in about half of them") {
  const Pdq one = pdq_of(picture(320, 240, 1)).hash, other = pdq_of(picture(320, 240, 2)).hash;
  CHECK(distance(one, Pdq{}) == 128);
  CHECK(distance(one, one) == 0);
  CHECK(distance(one, other) > 80);
}

TEST_CASE("nothing to be seen has no quality") {
  Luma flat{200, 200, std::vector<std::uint8_t>(40'000, 77)};
  CHECK(pdq_of(flat).quality == 0);
  CHECK(pdq_of(picture(320, 240, 1)).quality > 50);
}

TEST_CASE("a drawing of flat areas has no fingerprint, and says why; a photograph has all of them") {
  // Stripes have no frequencies that belong to bits. What decoders round differently is a shade, here and
  // there.
  std::mt19937 random(1);
  Luma halves{320, 240, {}}, flag{320, 240, {}};
  for (std::uint32_t y = 0; y < 240; ++y)
    for (std::uint32_t x = 0; x < 320; ++x) {
      const auto rounding = static_cast<std::uint8_t>(random() % 2);
      halves.values.push_back(static_cast<std::uint8_t>((x < 160 ? 30 : 200) + rounding));
      flag.values.push_back(static_cast<std::uint8_t>(40 + y / 80 * 90 + rounding));
    }
  for (const Luma* drawing : {&halves, &flag}) {
    CHECK(pdq_of(*drawing).decided < kLeastDecided);
    for (const bool for_question : {false, true}) {
      const Fingerprints looks = fingerprints_of(*drawing, for_question);
      CHECK(looks.prints.empty());
      CHECK(looks.sketch.empty());
      CHECK(looks.problem == kTooUniform);
      CHECK(decode_fingerprints(encode(looks)) == looks);
    }
  }
  for (unsigned seed = 0; seed < 20; ++seed) {
    const Luma photo = picture(320, 240, seed);
    CHECK(pdq_of(photo).decided >= kLeastDecided);
    const Fingerprints looks = fingerprints_of(photo, false);
    CHECK(looks.prints.size() == 4);
    CHECK(looks.problem.empty());
  }
}

TEST_CASE("what is flat in a picture's middle leaves the whole its fingerprint") {
  const Luma around = picture(320, 240, 6);
  Luma luma = around;
  for (std::uint32_t y = 30; y < 210; ++y)
    for (std::uint32_t x = 40; x < 280; ++x) luma.values[std::size_t{y} * 320 + x] = 128;
  const Fingerprints looks = fingerprints_of(luma, false);
  REQUIRE(!looks.prints.empty());
  CHECK(looks.prints.front().part == Part::whole);
  CHECK(looks.problem.empty());
  for (const Fingerprint& print : looks.prints) CHECK(print.part != Part::centre_70);
}

TEST_CASE("decided bits stay as they are when every pixel is rounded otherwise") {
  std::mt19937 random(2);
  for (unsigned seed = 0; seed < 10; ++seed) {
    const Luma luma = picture(320, 240, seed);
    Luma other = luma;
    for (std::uint8_t& value : other.values)
      if (value > 0 && value < 255) value = static_cast<std::uint8_t>(value + random() % 3 - 1);
    const HashAndQuality one = pdq_of(luma), again = pdq_of(other);
    CHECK(distance(one.hash, again.hash) <= static_cast<int>(Pdq::kBits) - one.decided);
  }
}

TEST_CASE("the hash of a flipped or turned picture follows from the upright one's") {
  const Luma upright = picture(320, 240, 5);
  const Pdq hash = pdq_of(upright).hash;
  for (std::size_t i = 0; i < kPoses; ++i) {
    const auto pose = static_cast<Pose>(i);
    INFO(name_of(pose));
    CHECK(distance(posed(hash, pose), pdq_of(posed_picture(upright, pose)).hash) <= 24);
    if (i > 0) CHECK(distance(hash, pdq_of(posed_picture(upright, pose)).hash) > 60);
  }
}

TEST_CASE("hexadecimal form: most significant bit first") {
  const auto hash = Pdq::from_hex("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22");
  REQUIRE(hash);
  CHECK(hash->words[3] == 0xf8f8f0cee0f4a84f);
  CHECK(hash->bit(1));
  CHECK_FALSE(hash->bit(0));
  CHECK(hash->hex() == "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22");
  CHECK_FALSE(Pdq::from_hex("f8f8"));
  CHECK_FALSE(Pdq::from_hex(std::string(64, 'g')));
}

TEST_CASE("uniform borders are found, whatever their shade, and pictures without any stay whole") {
  const Luma inner = picture(300, 200, 7);
  CHECK(without_borders(inner) == all_of(inner));
  for (const int shade : {0, 128, 255}) {
    const Luma boxed = framed(inner, 50, 30, static_cast<std::uint8_t>(shade));
    const Region found = without_borders(boxed);
    CHECK(found.left >= 50);
    CHECK(found.left <= 55);
    CHECK(found.top >= 30);
    CHECK(found.top <= 35);
    CHECK(found.width >= 290);
    CHECK(found.height >= 190);
    CHECK(distance(pdq(boxed, found).hash, pdq_of(inner).hash) <= 31);
  }
}

TEST_CASE("a night sky beside black bars is seen as it was before the bars were drawn") {
  // A sky that darkens upwards in three steps, with some noise, above a lit town: how many of the steps are
  // taken for border hangs on what comes before them.
  const Luma town = picture(300, 140, 21);
  Luma night{300, 220, {}};
  for (std::uint32_t y = 0; y < 80; ++y)
    for (std::uint32_t x = 0; x < 300; ++x)
      night.values.push_back(static_cast<std::uint8_t>(16 + y / 27 * 15 + (x * 7 + y * 13) % 3));
  night.values.insert(night.values.end(), town.values.begin(), town.values.end());
  const Luma barred = framed(night, 0, 40, 0);
  const auto whole = [](const Luma& luma) { return fingerprints_of(luma, false).prints.at(0).hash; };
  CHECK(distance(whole(barred), whole(night)) > 31);
  const Luma guess = without_drawn_bars(barred);
  REQUIRE(!guess.empty());
  CHECK(guess.width == 300);
  CHECK(guess.height >= 216);
  CHECK(distance(whole(guess), whole(night)) <= 31);
}

TEST_CASE("there is no other guess without bars, nor where both agree") {
  const Luma luma = picture(300, 200, 22);
  CHECK(without_drawn_bars(luma).empty());
  CHECK(without_drawn_bars(framed(luma, 0, 40, 0)).empty());
  CHECK(without_drawn_bars(Luma{200, 200, std::vector<std::uint8_t>(40'000, 9)}).empty());
}

TEST_CASE("what is all border is left as it is") {
  Luma dark{300, 200, std::vector<std::uint8_t>(60'000, 3)};
  CHECK(without_borders(dark) == all_of(dark));
}

TEST_CASE("orientation turns what is stored into what is seen") {
  const Luma seen = picture(90, 60, 4);
  // What a camera held in this way stores, by the pose that leads back.
  const std::pair<std::uint8_t, Pose> ways[] = {
      {2, Pose::mirrored},   {3, Pose::turned_180},  {4, Pose::upside_down}, {5, Pose::transposed},
      {6, Pose::turned_270}, {7, Pose::transversed}, {8, Pose::turned_90}};
  for (const auto& [orientation, stored] : ways) {
    INFO(int(orientation));
    const Luma again = upright(posed_picture(seen, stored), orientation);
    CHECK(again.width == seen.width);
    CHECK(again.values == seen.values);
  }
  CHECK(upright(seen, 0).values == seen.values);
  CHECK(upright(seen, 77).values == seen.values);
}

TEST_CASE("a large picture is reduced to the working size, and keeps its looks") {
  CHECK(halvings(319, 4000) == 0);
  CHECK(halvings(320, 4000) == 1);
  CHECK(halvings(4032, 3024) == 4);
  const Luma large = picture(1290, 971, 9);
  const Luma small = reduced(large, halvings(large.width, large.height));
  CHECK(small.width == 322);
  CHECK(small.height == 242);
  CHECK(distance(pdq_of(small).hash, pdq_of(large).hash) <= 8);
}

TEST_CASE("a picture has its parts, a question more of them, and what is stored never those") {
  const auto parts_of = [](const Fingerprints& looks) {
    std::vector<Part> parts;
    for (const Fingerprint& print : looks.prints) parts.push_back(print.part);
    return parts;
  };
  const Luma luma = picture(300, 200, 3);
  CHECK(parts_of(fingerprints_of(luma, false)) ==
        std::vector{Part::whole, Part::centre_90, Part::centre_80, Part::centre_70});
  const Fingerprints boxed = fingerprints_of(framed(luma, 0, 40, 0), false);
  CHECK(boxed.borders);
  CHECK(parts_of(boxed).back() == Part::bordered);
  std::size_t beyond = 0;
  for (const Part part : parts_of(fingerprints_of(luma, true))) beyond += is_stored(part) ? 0 : 1;
  CHECK(beyond == 3 + 8 + 8);
  CHECK(fingerprints_of(Luma{}, true).prints.empty());
}

TEST_CASE("the middle of a picture finds the picture that was cropped to it") {
  const Luma luma = picture(400, 300, 11);
  const Fingerprints whole = fingerprints_of(luma, false);
  const Fingerprints cropped = fingerprints_of(part_of(luma, {40, 30, 320, 240}), false);
  CHECK(distance(whole.prints[2].hash, cropped.prints[0].hash) <= 10);
}

TEST_CASE("fingerprints survive their encoding") {
  const Fingerprints looks = example();
  CHECK(decode_fingerprints(encode(looks)) == looks);
  CHECK(decode_fingerprints(encode(Fingerprints{})) == Fingerprints{});
  Fingerprints clip;
  for (std::uint32_t i = 0; i < 2000; ++i) clip.prints.push_back({Part::frame, 80, i * 1000, {}});
  const Bytes encoded = encode(clip);
  CHECK(encoded.size() < kMostFingerprintBytes);
  CHECK(decode_fingerprints(encoded).prints.size() == kMostPrints);
}

TEST_CASE("what encode would not write is refused: cut anywhere, or any byte changed to nonsense") {
  const Bytes good = encode(example());
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_THROWS_AS(decode_fingerprints(ByteView(good).first(size)), Error);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0xFF;
    try {
      const Fingerprints read = decode_fingerprints(bad);
      CHECK(encode(read) == bad);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::corrupt);
    }
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK_THROWS_AS(decode_fingerprints(longer), Error);
  CHECK_THROWS_AS(decode_fingerprints(Bytes(kMostFingerprintBytes + 1, 0)), Error);
}
