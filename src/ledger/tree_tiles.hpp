#pragma once

#include <functional>
#include <vector>

#include "dalil/merkle/tree.hpp"

namespace dalil::ledger {

/// The right border of the tree as tiles: the incomplete tile of each level, kept in memory while leaves are
/// appended.
class TreeTiles {
 public:
  using ReadTile = std::function<Bytes(unsigned level, std::uint64_t index)>;
  using WriteTile = std::function<void(unsigned level, std::uint64_t index, ByteView hashes)>;

  /// Loads the incomplete tiles of a tree of this size.
  TreeTiles(std::uint64_t size, const ReadTile& read);
  /// Tiles that become full are written at once.
  void append(const Digest& leaf_hash, const WriteTile& write);
  /// Writes the incomplete tiles.
  void flush(const WriteTile& write) const;
  std::uint64_t size() const { return size_; }
  /// Root over all leaves; `read` gives full tiles.
  Digest root(const ReadTile& read) const;

 private:
  void push(unsigned level, const Digest& hash, const WriteTile& write);
  std::uint64_t size_;
  std::vector<Bytes> open_;  ///< per level, 0 to 255 hashes
};

/// Index of the first tile of a level that is not full.
inline std::uint64_t open_tile(std::uint64_t size, unsigned level) {
  const unsigned shift = merkle::kTileHeight * (level + 1);
  return shift >= 64 ? 0 : size >> shift;
}

}  // namespace dalil::ledger
