#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/base/digest.hpp"

namespace dalil::merkle {

/// RFC 6962 section 2.1: H(0x00 || entry), H(0x01 || left || right), H("") for the empty tree.
Digest leaf_hash(ByteView entry);
Digest node_hash(const Digest& left, const Digest& right);
Digest empty_root();

/// The right border of a tree: enough to append leaves and to tell the root, O(log n) in size.
class Frontier {
 public:
  Frontier() = default;
  /// `peaks` are the roots of the perfect subtrees from left (largest) to right, as `peaks()` gives them.
  /// Error(corrupt) unless there is one for each set bit of `size`.
  Frontier(std::uint64_t size, std::vector<Digest> peaks);
  void append(const Digest& leaf_hash);
  std::uint64_t size() const { return size_; }
  Digest root() const;
  const std::vector<Digest>& peaks() const { return peaks_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;
};

/// Gives the hash of the perfect subtree of 2^level leaves that starts at leaf index << level.
/// Throws Error(corrupt) if it does not have it.
using NodeReader = std::function<Digest(unsigned level, std::uint64_t index)>;

/// Sibling hashes from leaf to root. Error(invalid) unless index < tree_size. RFC 6962 section 2.1.1.
std::vector<Digest> inclusion_proof(std::uint64_t index, std::uint64_t tree_size, const NodeReader& nodes);
/// Error(invalid) unless 0 < from <= to; empty if from == to. RFC 6962 section 2.1.2.
std::vector<Digest> consistency_proof(std::uint64_t from, std::uint64_t to, const NodeReader& nodes);
/// Root of the first `tree_size` leaves.
Digest root_at(std::uint64_t tree_size, const NodeReader& nodes);

/// RFC 9162 sections 2.1.3.2 and 2.1.4.2. False for every malformed proof; from size 0 is never consistent.
bool verify_inclusion(const Digest& leaf_hash, std::uint64_t index, std::uint64_t tree_size,
                      const std::vector<Digest>& proof, const Digest& root);
bool verify_consistency(std::uint64_t from, std::uint64_t to, const std::vector<Digest>& proof,
                        const Digest& from_root, const Digest& to_root);

/// Tiles of 256 hashes (C2SP tlog-tiles): tile (level, index) holds the hashes of tree level 8 * level.
inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 256;
/// A NodeReader over tiles. `read_tile(tile_level, tile_index)` gives the tile's hashes, 32 bytes each,
/// 1 to 256 of them; inner nodes are computed. The bytes need to live until the next call only.
NodeReader nodes_from_tiles(std::function<ByteView(unsigned tile_level, std::uint64_t tile_index)> read_tile);
/// "tile/0/x001/x234/067", with ".p/W" for a partial tile of width W (0: full).
std::string tile_path(unsigned tile_level, std::uint64_t tile_index, unsigned partial_width);

}  // namespace dalil::merkle
