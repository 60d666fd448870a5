#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "dalil/base/error.hpp"
#include "dalil/merkle/tree.hpp"
#include "reference.hpp"

using namespace dalil;
using namespace dalil::merkle;
using namespace dalil::merkle::testing;

namespace {

/// Tiles as a log publishes them: of every eighth level.
struct TileStore {
  explicit TileStore(const NodeTable& table) {
    for (std::size_t level = 0; level < table.levels.size(); level += kTileHeight) {
      const auto& hashes = table.levels[level];
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        append(tiles[{static_cast<unsigned>(level / kTileHeight), i / kTileWidth}], hashes[i].view());
      }
    }
  }
  NodeReader reader() const {
    return nodes_from_tiles([this](unsigned level, std::uint64_t index) -> ByteView {
      const auto found = tiles.find({level, index});
      return found == tiles.end() ? ByteView{} : ByteView{found->second};
    });
  }
  std::map<std::pair<unsigned, std::uint64_t>, Bytes> tiles;
};

}  // namespace

TEST_CASE("tiles give every node of the tree") {
  const NodeTable table(make_leaves(70'000));
  const TileStore store(table);
  const NodeReader nodes = store.reader();
  std::mt19937_64 random(3);
  for (unsigned level = 0; level < table.levels.size(); ++level) {
    const auto& hashes = table.levels[level];
    for (int round = 0; round < 50 && !hashes.empty(); ++round) {
      const std::size_t index = round == 0 ? hashes.size() - 1 : random() % hashes.size();
      REQUIRE(nodes(level, index) == hashes[index]);
    }
  }
  CHECK(inclusion_proof(12'345, 70'000, nodes) == inclusion_proof(12'345, 70'000, table.reader()));
  CHECK(consistency_proof(513, 70'000, nodes) == consistency_proof(513, 70'000, table.reader()));
  CHECK(root_at(66'000, nodes) == root_at(66'000, table.reader()));
}

TEST_CASE("a node that its tile does not hold is corrupt") {
  const NodeTable table(make_leaves(300));
  TileStore store(table);
  const NodeReader nodes = store.reader();
  const std::vector<std::pair<unsigned, std::uint64_t>> absent = {
      {0, 300}, {0, 512}, {1, 150}, {8, 1}, {9, 0}, {64, 0}, {200, 0}, {7, UINT64_MAX}, {63, 2}};
  for (const auto& [level, index] : absent) {
    try {
      nodes(level, index);
      FAIL("level " << level << " index " << index);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::corrupt);
    }
  }
  store.tiles[{0, 1}].pop_back();
  CHECK_THROWS_AS(nodes(0, 299), Error);
  CHECK(nodes(0, 298) == table.levels[0][298]);
}

TEST_CASE("paths of tiles are those of the specification") {
  CHECK(tile_path(0, 0, 0) == "tile/0/000");
  CHECK(tile_path(0, 999, 0) == "tile/0/999");
  CHECK(tile_path(1, 1000, 0) == "tile/1/x001/000");
  CHECK(tile_path(0, 1'234'067, 0) == "tile/0/x001/x234/067");
  CHECK(tile_path(3, 1'234'067, 7) == "tile/3/x001/x234/067.p/7");
  CHECK(tile_path(63, UINT64_MAX, 255) == "tile/63/x018/x446/x744/x073/x709/x551/615.p/255");
  CHECK_THROWS_AS(tile_path(0, 0, 256), Error);
}
