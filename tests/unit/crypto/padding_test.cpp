#include "dalil/crypto/padding.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

using dalil::crypto::padme_size;

namespace {

/// The paper's algorithm, word for word.
std::uint64_t reference(std::uint64_t size) {
  if (size < 2) return size;
  const auto e = static_cast<std::uint64_t>(std::floor(std::log2(static_cast<long double>(size))));
  const auto s = static_cast<std::uint64_t>(std::floor(std::log2(static_cast<long double>(e)))) + 1;
  if (e < 1 || e < s) return size;
  const std::uint64_t mask = (std::uint64_t{1} << (e - s)) - 1;
  return (size + mask) & ~mask;
}

}  // namespace

TEST_CASE("padding: Padme as in the paper") {
  CHECK(padme_size(0) == 0);
  CHECK(padme_size(9) == 10);
  CHECK(padme_size(1'000'000) == 1'015'808);
  for (std::uint64_t size = 0; size < 300'000; ++size) REQUIRE(padme_size(size) == reference(size));
  for (std::uint64_t size = 300'000; size < (std::uint64_t{1} << 50); size += size / 977)
    REQUIRE(padme_size(size) == reference(size));
}

TEST_CASE("padding: never smaller, at most 12 % more, stays where it is, and leaves few sizes") {
  std::set<std::uint64_t> sizes;
  for (std::uint64_t size = 1; size < 2'000'000; size += 1 + size / 50'000) {
    const std::uint64_t padded = padme_size(size);
    REQUIRE(padded >= size);
    REQUIRE(padded * 100 <= size * 112);
    REQUIRE(padme_size(padded) == padded);
    if (size >= 1'000'000) sizes.insert(padded);
  }
  CHECK(sizes.size() < 40);
}

TEST_CASE("padding: a size that would not fit stays") {
  CHECK(padme_size(UINT64_MAX) == UINT64_MAX);
}
