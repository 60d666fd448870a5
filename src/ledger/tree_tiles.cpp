#include "tree_tiles.hpp"

#include <fmt/format.h>

#include "dalil/base/error.hpp"

namespace dalil::ledger {

namespace {

constexpr std::size_t kFullTile = merkle::kTileWidth * Digest::kSize;

Digest tile_root(ByteView hashes) {
  std::vector<Digest> level;
  level.reserve(merkle::kTileWidth);
  for (std::size_t at = 0; at < hashes.size(); at += Digest::kSize)
    level.push_back(Digest::from_bytes(hashes.subspan(at, Digest::kSize)));
  for (; level.size() > 1; level.resize(level.size() / 2))
    for (std::size_t i = 0; i + 1 < level.size(); i += 2)
      level[i / 2] = merkle::node_hash(level[i], level[i + 1]);
  return level.front();
}

/// Hashes in the incomplete tile of a level.
std::uint64_t open_width(std::uint64_t size, unsigned level) {
  const unsigned shift = merkle::kTileHeight * level;
  return shift >= 64 ? 0 : (size >> shift) % merkle::kTileWidth;
}

}  // namespace

TreeTiles::TreeTiles(std::uint64_t size, const ReadTile& read) : size_(size) {
  for (unsigned level = 0; level < 8 && (size >> (merkle::kTileHeight * level)) > 0; ++level) {
    const std::uint64_t width = open_width(size, level);
    open_.emplace_back();
    if (width == 0) continue;
    open_.back() = read(level, open_tile(size, level));
    if (open_.back().size() < width * Digest::kSize)
      throw Error(ErrorCode::corrupt,
                  fmt::format("tree tile {}/{} is incomplete", level, open_tile(size, level)));
    open_.back().resize(width * Digest::kSize);
  }
}

void TreeTiles::append(const Digest& leaf_hash, const WriteTile& write) {
  push(0, leaf_hash, write);
  ++size_;
}

void TreeTiles::push(unsigned level, const Digest& hash, const WriteTile& write) {
  if (open_.size() <= level) open_.emplace_back();
  Bytes& tile = open_[level];
  dalil::append(tile, hash.view());
  if (tile.size() < kFullTile) return;
  // size_ still counts the leaves before this one, so the tile that fills up is the open one.
  write(level, open_tile(size_, level), tile);
  const Digest root = tile_root(tile);
  tile.clear();
  push(level + 1, root, write);
}

void TreeTiles::flush(const WriteTile& write) const {
  for (unsigned level = 0; level < open_.size(); ++level)
    if (!open_[level].empty()) write(level, open_tile(size_, level), open_[level]);
}

Digest TreeTiles::root(const ReadTile& read) const {
  if (size_ == 0) return merkle::empty_root();
  Bytes held;
  return merkle::root_at(size_,
                         merkle::nodes_from_tiles([&](unsigned level, std::uint64_t index) -> ByteView {
                           if (level < open_.size() && index == open_tile(size_, level)) return open_[level];
                           held = read(level, index);
                           return held;
                         }));
}

}  // namespace dalil::ledger
