#include "dalil/merkle/tree.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <random>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "reference.hpp"

using namespace dalil;
using namespace dalil::merkle;
using namespace dalil::merkle::testing;

namespace {

Digest digest(std::string_view hex) {
  return Digest::from_hex(hex).value();
}

Digest flipped(Digest value, std::size_t bit) {
  value.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  return value;
}

const NodeReader kNothing = [](unsigned, std::uint64_t) -> Digest {
  throw Error(ErrorCode::corrupt, "a node was asked for");
};

ErrorCode code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::usage;
}

}  // namespace

TEST_CASE("roots are those that Certificate Transparency publishes") {
  CHECK(empty_root() == digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  const std::pair<const char*, const char*> leaves_and_roots[] = {
      {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
      {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
      {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
      {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
      {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
      {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
      {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
      {"606162636465666768696a6b6c6d6e6f",
       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
  };
  Frontier frontier;
  for (const auto& [leaf, root] : leaves_and_roots) {
    frontier.append(leaf_hash(from_hex(leaf).value()));
    CHECK(frontier.root() == digest(root));
  }
}

TEST_CASE("every root up to 300 leaves is the reference's") {
  const Leaves leaves = make_leaves(300);
  const NodeTable table(leaves);
  Frontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    const Digest expected = naive_root(leaves, 0, size);
    REQUIRE(frontier.size() == size);
    REQUIRE(frontier.root() == expected);
    REQUIRE(root_at(size, table.reader()) == expected);
    REQUIRE(Frontier(size, frontier.peaks()).root() == expected);
    if (size < leaves.size()) frontier.append(leaf_hash(leaves[size]));
  }
}

TEST_CASE("a frontier that is taken up again goes on as before") {
  Frontier whole;
  for (const Bytes& leaf : make_leaves(1000)) {
    Frontier resumed(whole.size(), whole.peaks());
    whole.append(leaf_hash(leaf));
    resumed.append(leaf_hash(leaf));
    REQUIRE(resumed.root() == whole.root());
    REQUIRE(resumed.peaks() == whole.peaks());
  }
}

TEST_CASE("a frontier with the wrong number of peaks is refused") {
  CHECK(code_of([] { Frontier(1, {}); }) == ErrorCode::corrupt);
  CHECK(code_of([] { Frontier(0, {Digest{}}); }) == ErrorCode::corrupt);
  CHECK(code_of([] { Frontier(3, {Digest{}}); }) == ErrorCode::corrupt);
  CHECK(code_of([] { Frontier(4, {Digest{}, Digest{}}); }) == ErrorCode::corrupt);
}

TEST_CASE("every inclusion proof up to 300 leaves is the reference's and verifies") {
  const Leaves leaves = make_leaves(300);
  const NodeTable table(leaves);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const Digest root = root_at(size, table.reader());
    for (std::size_t index = 0; index < size; ++index) {
      const auto proof = inclusion_proof(index, size, table.reader());
      // The reference costs O(size) for each proof: all of the small trees, a sample of the larger ones.
      if (size <= 65 || index % 37 == size % 37) REQUIRE(proof == naive_path(leaves, index, 0, size));
      REQUIRE(verify_inclusion(table.levels[0][index], index, size, proof, root));
      REQUIRE_FALSE(verify_inclusion(table.levels[0][index], index, size + 1, proof, flipped(root, 0)));
      if (size > 1) REQUIRE_FALSE(verify_inclusion(table.levels[0][index], index ^ 1, size, proof, root));
    }
  }
}

TEST_CASE("every consistency proof up to 300 leaves is the reference's and verifies") {
  const Leaves leaves = make_leaves(300);
  const NodeTable table(leaves);
  std::vector<Digest> roots;
  for (std::size_t size = 0; size <= leaves.size(); ++size) roots.push_back(root_at(size, table.reader()));
  for (std::size_t to = 1; to <= leaves.size(); ++to) {
    for (std::size_t from = 1; from <= to; ++from) {
      const auto proof = consistency_proof(from, to, table.reader());
      if (to <= 65 || from % 37 == to % 37) REQUIRE(proof == naive_subproof(leaves, from, 0, to, true));
      REQUIRE(verify_consistency(from, to, proof, roots[from], roots[to]));
      REQUIRE_FALSE(verify_consistency(from, to, proof, flipped(roots[from], 255), roots[to]));
      REQUIRE_FALSE(verify_consistency(from, to, proof, roots[from], flipped(roots[to], 255)));
    }
  }
}

TEST_CASE("large random trees agree with the reference") {
  std::mt19937_64 random(42);
  const Leaves leaves = make_leaves(20'000);
  const NodeTable table(leaves);
  for (int round = 0; round < 12; ++round) {
    const std::size_t size = 1000 + random() % (leaves.size() - 1000);
    const std::size_t index = random() % size;
    const std::size_t from = 1 + random() % size;
    const Digest root = naive_root(leaves, 0, size);
    CHECK(inclusion_proof(index, size, table.reader()) == naive_path(leaves, index, 0, size));
    const auto proof = consistency_proof(from, size, table.reader());
    CHECK(proof == naive_subproof(leaves, from, 0, size, true));
    CHECK(verify_consistency(from, size, proof, naive_root(leaves, 0, from), root));
  }
}

TEST_CASE("a proof with any bit flipped, a hash more or a hash less is refused") {
  const Leaves leaves = make_leaves(77);
  const NodeTable table(leaves);
  const Digest root = root_at(77, table.reader());
  const Digest old_root = root_at(50, table.reader());
  const auto inclusion = inclusion_proof(33, 77, table.reader());
  const auto consistency = consistency_proof(50, 77, table.reader());
  const auto holds = [&](const std::vector<Digest>& first, const std::vector<Digest>& second) {
    return verify_inclusion(table.levels[0][33], 33, 77, first, root) ||
           verify_consistency(50, 77, second, old_root, root);
  };
  for (std::size_t bit = 0; bit < 256; ++bit) {
    for (std::size_t i = 0; i < std::max(inclusion.size(), consistency.size()); ++i) {
      auto first = inclusion;
      auto second = consistency;
      first[i % first.size()] = flipped(first[i % first.size()], bit);
      second[i % second.size()] = flipped(second[i % second.size()], bit);
      REQUIRE_FALSE(holds(first, second));
    }
  }
  for (std::size_t at = 0; at <= inclusion.size(); ++at) {
    for (const Digest& extra : {Digest{}, root, inclusion[0]}) {
      auto longer = inclusion;
      longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(at), extra);
      CHECK_FALSE(holds(longer, {}));
    }
    if (at < inclusion.size())
      CHECK_FALSE(holds({inclusion.begin(), inclusion.begin() + static_cast<std::ptrdiff_t>(at)}, {}));
  }
  for (std::size_t at = 0; at <= consistency.size(); ++at) {
    auto longer = consistency;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(at), root);
    CHECK_FALSE(holds({}, longer));
    if (at < consistency.size()) {
      CHECK_FALSE(holds({}, {consistency.begin(), consistency.begin() + static_cast<std::ptrdiff_t>(at)}));
    }
  }
}

TEST_CASE("questions that make no sense are refused") {
  CHECK(code_of([] { inclusion_proof(0, 0, kNothing); }) == ErrorCode::invalid);
  CHECK(code_of([] { inclusion_proof(5, 5, kNothing); }) == ErrorCode::invalid);
  CHECK(code_of([] { consistency_proof(0, 5, kNothing); }) == ErrorCode::invalid);
  CHECK(code_of([] { consistency_proof(6, 5, kNothing); }) == ErrorCode::invalid);
  CHECK(inclusion_proof(0, 1, kNothing).empty());
  CHECK(consistency_proof(5, 5, kNothing).empty());
  CHECK(root_at(0, kNothing) == empty_root());
  CHECK_FALSE(verify_inclusion(empty_root(), 0, 0, {}, empty_root()));
  CHECK_FALSE(verify_consistency(0, 0, {}, empty_root(), empty_root()));
  CHECK_FALSE(verify_consistency(0, 1, {}, empty_root(), empty_root()));
}

TEST_CASE("sizes at the end of the number range do no harm") {
  const Digest any{};
  const std::vector<Digest> proof(64);
  const NodeReader zeros = [](unsigned, std::uint64_t) { return Digest{}; };
  constexpr std::uint64_t kMost = UINT64_MAX;
  CHECK(inclusion_proof(kMost - 1, kMost, zeros).size() == 63);
  CHECK(inclusion_proof(0, kMost, zeros).size() == 64);
  CHECK(consistency_proof(1, kMost, zeros).size() == 64);
  CHECK_FALSE(verify_inclusion(any, kMost - 1, kMost, proof, any));
  CHECK_FALSE(verify_inclusion(any, 0, kMost, proof, any));
  CHECK_FALSE(verify_consistency(kMost - 1, kMost, proof, any, any));
  CHECK_FALSE(verify_consistency(1, kMost, proof, any, any));
}
