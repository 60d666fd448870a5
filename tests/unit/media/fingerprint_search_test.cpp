#include "dalil/media/fingerprint_search.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

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
