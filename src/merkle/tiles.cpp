#include <string>
#include <vector>

#include "dalil/base/error.hpp"
#include "dalil/merkle/tree.hpp"

namespace dalil::merkle {

namespace {

[[noreturn]] void fail_missing(unsigned level, std::uint64_t index) {
  throw Error(ErrorCode::corrupt,
              "tree node " + std::to_string(index) + " of level " + std::to_string(level) + " is missing");
}

/// Root of the perfect subtree over `hashes`, a power of two of them.
Digest perfect_root(std::vector<Digest> hashes) {
  while (hashes.size() > 1) {
    for (std::size_t i = 0; i < hashes.size() / 2; ++i)
      hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
    hashes.resize(hashes.size() / 2);
  }
  return hashes.front();
}

/// Three digits of the tile's number; all groups but the last begin with "x".
std::string number_path(std::uint64_t number) {
  std::string path;
  for (bool last = true; last || number > 0; last = false) {
    const std::string digits = std::to_string(1000 + number % 1000).substr(1);
    path = last ? digits : 'x' + digits + '/' + path;
    number /= 1000;
  }
  return path;
}

}  // namespace

NodeReader nodes_from_tiles(
    std::function<ByteView(unsigned tile_level, std::uint64_t tile_index)> read_tile) {
  return [read_tile = std::move(read_tile)](unsigned level, std::uint64_t index) {
    // A node within a tile covers 2^height of its hashes, from a multiple of that number on.
    const unsigned height = level % kTileHeight;
    if (level >= 64 || index > UINT64_MAX >> level) fail_missing(level, index);
    const std::uint64_t first = index << height;
    const ByteView tile = read_tile(level / kTileHeight, first / kTileWidth);
    const std::size_t begin = static_cast<std::size_t>(first % kTileWidth) * Digest::kSize;
    const std::size_t size = (std::size_t{1} << height) * Digest::kSize;
    if (tile.size() < begin + size) fail_missing(level, index);
    std::vector<Digest> hashes;
    for (std::size_t at = begin; at < begin + size; at += Digest::kSize) {
      hashes.push_back(Digest::from_bytes(tile.subspan(at, Digest::kSize)));
    }
    return perfect_root(std::move(hashes));
  };
}

std::string tile_path(unsigned tile_level, std::uint64_t tile_index, unsigned partial_width) {
  if (partial_width >= kTileWidth) {
    throw Error(ErrorCode::invalid,
                "a partial tile cannot hold " + std::to_string(partial_width) + " hashes");
  }
  std::string path = "tile/" + std::to_string(tile_level) + '/' + number_path(tile_index);
  if (partial_width > 0) path += ".p/" + std::to_string(partial_width);
  return path;
}

}  // namespace dalil::merkle
