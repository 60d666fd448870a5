#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/progress.hpp"
#include "dalil/merkle/note.hpp"

namespace dalil::drives {

/// A tile of the tree on a drive that is not what the checkpoint's root proves.
struct TileFault {
  std::string path;
  archive::Verdict verdict = archive::Verdict::corrupt;
  std::string detail;
};

/// Tiles of the tree of this checkpoint as they lie on a drive.
///
/// The incomplete ones at the right border give the root; each full one gives a hash of the tile above it.
/// With the archive's own tree, which may be null or of a smaller size, each tile is compared with its own
/// instead. `contents`: else presence and size only. Memory: a few tiles.
std::vector<TileFault> check_tiles(int root_fd, const merkle::Checkpoint& checkpoint, ledger::Reader* archive,
                                   bool contents, const jobs::StopFlag& stop);

/// How many tiles a tree has.
std::uint64_t tile_count(std::uint64_t tree_size);

}  // namespace dalil::drives
