#include "dalil/media/fingerprint_search.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <tuple>

#include "dalil/base/error.hpp"
#include "dalil/media/fingerprint_bands.hpp"
#include "looks_helpers.hpp"

using namespace dalil;
using namespace dalil::media;
using namespace dalil::testing;

namespace {

Pdq chance(std::mt19937_64& random) {
  Pdq hash;
  for (auto& word : hash.words) word = random();
  return hash;
}

Pdq changed(Pdq hash, int bits, std::mt19937_64& random) {
  std::set<std::size_t> which;
  while (static_cast<int>(which.size()) < bits) which.insert(random() % Pdq::kBits);
  for (const std::size_t n : which) hash.words[n / 64] ^= std::uint64_t{1} << (n % 64);
  return hash;
}

/// Hashes of chance, and behind them versions of the first one, ever further away.
struct Filled {
  std::mt19937_64 random{7};
  std::vector<Pdq> hashes;
  PrintTable table;
  explicit Filled(std::size_t rows) : hashes(make(rows)), table(rows) {
    for (std::size_t i = 0; i < rows; ++i)
      table.set(i, hashes[i], {static_cast<std::uint32_t>(i), 0, Part::whole, 100});
  }
  std::vector<Pdq> make(std::size_t rows) {
    std::vector<Pdq> out;
    for (std::size_t i = 0; i + 60 < rows; ++i) out.push_back(chance(random));
    for (int bits = 0; out.size() < rows; ++bits) out.push_back(changed(out.front(), bits, random));
    return out;
  }
};

}  // namespace

TEST_CASE("a search finds what a comparison with every row finds") {
  for (const std::size_t rows : {61U, 64U, 1003U, 70'001U}) {
    Filled filled(rows);
    const std::vector<Pdq> asked{filled.hashes[0], chance(filled.random), filled.hashes[rows / 2]};
    for (const int limit : {0, 20, 31}) {
      std::set<std::pair<std::uint32_t, std::uint16_t>> expected, found;
      for (std::uint16_t q = 0; q < asked.size(); ++q)
        for (std::uint32_t row = 0; row < rows; ++row)
          if (distance(asked[q], filled.hashes[row]) <= limit) expected.emplace(row, q);
      int last = 0;
      for (const PrintHit& hit : filled.table.search(asked, limit, 2)) {
        found.emplace(hit.row, hit.question);
        CHECK(hit.distance == distance(asked[hit.question], filled.hashes[hit.row]));
        CHECK(hit.distance >= last);
        last = hit.distance;
      }
      INFO(rows << " rows, " << limit << " bits");
      CHECK(found == expected);
    }
  }
}

TEST_CASE("every method finds what a comparison with every row finds, whatever is asked together") {
  // All poses of one hash, two of another that are no mirrors of each other, the same hash twice, some of
  // chance; and versions of them in the table, up to beyond every limit.
  std::mt19937_64 random(11);
  const Pdq first = chance(random), second = chance(random), third = chance(random);
  std::vector<Pdq> asked;
  for (std::size_t pose = 0; pose < kPoses; ++pose) asked.push_back(posed(first, static_cast<Pose>(pose)));
  asked.insert(asked.end(), {posed(second, Pose::upside_down), posed(second, Pose::turned_180), third, third,
                             posed(third, Pose::mirrored), chance(random), chance(random)});
  for (const std::size_t rows : {1U, 8U, 13U, 4000U, 66'000U}) {
    std::vector<Pdq> hashes;
    PrintTable table(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const bool near = i % 3 == 0;
      hashes.push_back(near
                           ? changed(asked[random() % asked.size()], static_cast<int>(random() % 140), random)
                           : chance(random));
      table.set(i, hashes[i], {static_cast<std::uint32_t>(i), 0, i % 7 == 5 ? Part{} : Part::whole, 100});
      REQUIRE(table.hash(i) == hashes[i]);
    }
    for (const int limit : {0, 31, 44, 45, 80, 120}) {
      std::vector<PrintHit> expected;
      for (std::uint32_t row = 0; row < rows; ++row)
        for (std::uint16_t q = 0; q < asked.size(); ++q)
          if (const int bits = distance(asked[q], hashes[row]); bits <= limit && row % 7 != 5)
            expected.push_back({row, q, static_cast<std::uint16_t>(bits)});
      const auto key = [](const PrintHit& hit) { return std::tuple(hit.distance, hit.row, hit.question); };
      std::ranges::sort(expected, {}, key);
      for (const PrintMethod method : PrintTable::methods()) {
        const auto found = table.search(asked, limit, 2, method);
        INFO(PrintTable::name_of(method) << ", " << rows << " rows, " << limit << " bits");
        CHECK(std::ranges::equal(found, expected, {}, key, key));
      }
    }
  }
  CHECK(PrintTable::methods().front() == PrintMethod::plain);
}

TEST_CASE("more questions than hits can number are refused") {
  const PrintTable table(1);
  CHECK_THROWS_AS(table.search(std::vector<Pdq>(PrintTable::kMostQuestions + 1), 31, 1), Error);
}

TEST_CASE("an empty table, no question, and rows of no part give nothing") {
  const PrintTable empty(0);
  const std::vector<Pdq> asked{Pdq{}};
  CHECK(empty.search(asked, 256, 2).empty());
  PrintTable gone(10);
  for (std::size_t i = 0; i < 10; ++i) gone.set(i, Pdq{}, {1, 0, Part{}, 100});
  CHECK(gone.search(asked, 256, 2).empty());
  CHECK(gone.search({}, 256, 2).empty());
}

TEST_CASE("hashes are set from the bytes that are stored") {
  std::mt19937_64 random(3);
  const Pdq hash = chance(random);
  PrintTable table(3);
  table.set(1, hash.bytes().data(), {5, 6, Part::frame, 70});
  CHECK(table.hash(1) == hash);
  CHECK(table.owner(1).time_ms == 6);
}

TEST_CASE("bands find every pair up to 31 bits, each once") {
  Filled filled(5000);
  const PrintBands bands(filled.table);
  for (const std::size_t asked : {std::size_t{0}, std::size_t{17}, filled.hashes.size() - 5}) {
    std::vector<std::uint32_t> found, expected;
    bands.near(filled.hashes[asked], [&](std::uint32_t row, int bits) {
      CHECK(bits == distance(filled.hashes[asked], filled.hashes[row]));
      found.push_back(row);
    });
    for (std::uint32_t row = 0; row < filled.hashes.size(); ++row)
      if (distance(filled.hashes[asked], filled.hashes[row]) <= PrintBands::kRadius) expected.push_back(row);
    std::sort(found.begin(), found.end());
    CHECK(found == expected);
  }
}

TEST_CASE("two sketches of one picture lie on each other, those of two pictures do not") {
  const Luma luma = picture(400, 300, 21);
  const Bytes whole = fingerprints_of(luma, false).sketch;
  const Bytes part = fingerprints_of(part_of(luma, {40, 0, 360, 270}), false).sketch;  // upper right, 90 %
  const auto same = align(whole, whole, Pose::upright, 1, 1);
  REQUIRE(same);
  CHECK(same->likeness > 0.999);
  CHECK(convincing(*same, 60));
  const auto cropped = align(part, whole, Pose::upright, 1, 0.9);
  REQUIRE(cropped);
  CHECK(convincing(*cropped, 60));
  CHECK(std::abs(cropped->across - 0.9) < 0.03);
  CHECK(std::abs(cropped->right - 0.05) < 0.03);
  CHECK(std::abs(cropped->below + 0.05) < 0.03);
  for (unsigned seed = 100; seed < 120; ++seed) {
    const auto other =
        align(fingerprints_of(picture(400, 300, seed), false).sketch, whole, Pose::upright, 1, 1);
    REQUIRE(other);
    CHECK_FALSE(convincing(*other, 60));
  }
  CHECK_FALSE(align({}, whole, Pose::upright, 1, 1));
}

TEST_CASE("where three quarters are one shade, likeness tells nothing where hashes are far") {
  const auto flat_but_for = [](std::uint32_t side) {
    const Luma luma = picture(side, side, 5);
    Luma flat{320, 320, std::vector<std::uint8_t>(std::size_t{320} * 320, 200)};
    for (std::uint32_t y = 0; y < side; ++y)
      std::copy_n(luma.values.begin() + std::ptrdiff_t{y} * side, side,
                  flat.values.begin() + (std::ptrdiff_t{y} + 60) * 320 + 60);
    Bytes sketch;
    for (std::uint32_t y = 5; y < 320; y += 10)
      for (std::uint32_t x = 5; x < 320; x += 10) sketch.push_back(flat.values[std::size_t{y} * 320 + x]);
    return sketch;
  };
  const Bytes little = flat_but_for(130), much = flat_but_for(230);
  const auto same = align(little, little, Pose::upright, 1, 1), more = align(much, much, Pose::upright, 1, 1);
  REQUIRE((same && more));
  CHECK(same->likeness > 0.99);
  CHECK(same->shown < 0.25);
  CHECK(convincing(*same, 31));
  CHECK_FALSE(convincing(*same, 80));
  CHECK(more->shown > 0.25);
  CHECK(convincing(*more, 80));
}

TEST_CASE("rectangles and bands are like any others, and convince of nothing where hashes are far") {
  const auto drawn = [](const auto& shade_at) {
    Bytes sketch;
    for (std::uint32_t y = 0; y < kSketchSide; ++y)
      for (std::uint32_t x = 0; x < kSketchSide; ++x)
        sketch.push_back(static_cast<std::uint8_t>(shade_at(x, y)));
    return sketch;
  };
  const Bytes sketches[] = {
      drawn([](auto x, auto y) { return x > 5 && x < 24 && y > 8 && y < 25 ? 40 : 230; }),
      drawn([](auto, auto y) { return y < 11   ? 220
                                      : y < 20 ? 120
                                               : 60; }),  // sky, hills, ground
      drawn([](auto x, auto y) { return (y < 14 ? 200 : 90) + (x > 20 ? 30 : 0); }),
  };
  for (const Bytes& sketch : sketches) {
    const auto same = align(sketch, sketch, Pose::upright, 1, 1);
    REQUIRE(same);
    CHECK(same->likeness > 0.99);
    CHECK(same->intricacy < 0.001);
    CHECK(convincing(*same, 31));
    CHECK_FALSE(convincing(*same, 56));
    Alignment nearly = *same;
    nearly.detail = 0.95;
    CHECK_FALSE(convincing(nearly, 18));
  }
  const Bytes cross =  // two bars that lean: no sum of rows times columns
      drawn([](auto x, auto y) { return x - y < 4 || y - x < 4 || x + y - 29 < 5 ? 40 : 230; });
  const auto same = align(cross, cross, Pose::upright, 1, 1);
  REQUIRE(same);
  CHECK(same->intricacy > 0.05);
  CHECK(convincing(*same, 80));
}

TEST_CASE("a mirrored sketch lies on the picture in that pose only") {
  const Luma luma = picture(400, 300, 22);
  Luma mirrored = luma;
  for (std::uint32_t y = 0; y < luma.height; ++y)
    std::reverse(mirrored.values.begin() + std::ptrdiff_t{y} * luma.width,
                 mirrored.values.begin() + (std::ptrdiff_t{y} + 1) * luma.width);
  const Bytes one = fingerprints_of(luma, false).sketch, other = fingerprints_of(mirrored, false).sketch;
  CHECK(convincing(*align(one, other, Pose::mirrored, 1, 1), 60));
  CHECK_FALSE(convincing(*align(one, other, Pose::upright, 1, 1), 60));
}
