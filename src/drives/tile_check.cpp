#include "tile_check.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "dalil/base/error.hpp"
#include "dalil/merkle/tree.hpp"
#include "folders.hpp"
#include "layout.hpp"
#include "stores.hpp"

namespace dalil::drives {

namespace {

using archive::Verdict;
constexpr unsigned kLevels = 64 / merkle::kTileHeight;

std::uint64_t full_tiles(std::uint64_t size, unsigned level) {
  return size >> (merkle::kTileHeight * level) >> merkle::kTileHeight;
}
unsigned border_width(std::uint64_t size, unsigned level) {
  return static_cast<unsigned>((size >> (merkle::kTileHeight * level)) % merkle::kTileWidth);
}

class TileCheck {
 public:
  TileCheck(int root_fd, const merkle::Checkpoint& checkpoint, ledger::Reader* archive, bool contents,
            const jobs::StopFlag& stop)
      : root_(root_fd),
        folders_(root_fd),
        checkpoint_(checkpoint),
        archive_(archive != nullptr && archive->size() >= checkpoint.size ? archive : nullptr),
        contents_(contents),
        stop_(stop) {}

  std::vector<TileFault> run() {
    if (contents_ && archive_ != nullptr &&
        merkle::root_at(checkpoint_.size, archive_->nodes()) != checkpoint_.root)
      add({layout::kCheckpoint, Verdict::corrupt, "it is of another history than the archive's"});
    look_at_border();
    for (unsigned level = kLevels; level-- > 0;)
      for (std::uint64_t i = 0; i < full_tiles(checkpoint_.size, level) && !stop_.requested(); ++i)
        look_at(level, i, merkle::kTileWidth);
    return std::move(faults_);
  }

 private:
  static std::string path_of(unsigned level, std::uint64_t index, unsigned width) {
    return std::string(layout::kFolder) + "/" + merkle::tile_path(level, index, width % merkle::kTileWidth);
  }

  void add(TileFault fault) { faults_.push_back(std::move(fault)); }

  /// These alone give the root.
  void look_at_border() {
    const std::size_t before = faults_.size();
    for (unsigned level = 0; level < kLevels; ++level)
      if (const unsigned width = border_width(checkpoint_.size, level); width > 0)
        look_at(level, full_tiles(checkpoint_.size, level), width);
    if (!contents_ || archive_ != nullptr || faults_.size() > before || checkpoint_.size == 0) return;
    Bytes held;
    const auto nodes = merkle::nodes_from_tiles([&](unsigned level, std::uint64_t index) -> ByteView {
      const std::string bytes = read(level, index, border_width(checkpoint_.size, level)).value_or("");
      held.assign(bytes.begin(), bytes.end());
      return held;
    });
    if (gives_root(nodes)) return;
    border_is_right_ = false;
    add({std::string(layout::kFolder) + "/tile", Verdict::corrupt,
         "the tiles at the tree's border do not give the root of the checkpoint"});
  }

  /// A tile that went away since it was looked at gives no root either.
  bool gives_root(const merkle::NodeReader& nodes) const {
    try {
      return merkle::root_at(checkpoint_.size, nodes) == checkpoint_.root;
    } catch (const Error&) {
      return false;
    }
  }

  std::optional<std::string> read(unsigned level, std::uint64_t index, unsigned width) {
    auto bytes = read_drive_file(root_, path_of(level, index, width));
    if (bytes && bytes->size() == std::size_t{width} * Digest::kSize) return bytes;
    return std::nullopt;
  }

  void look_at(unsigned level, std::uint64_t index, unsigned width) {
    const std::string path = path_of(level, index, width);
    const files::StatResult there = folders_.stat(path);
    if (there.error_number != 0) {
      wrong_.emplace(level, index);
      const bool missing = there.error_number == ENOENT || there.error_number == ENOTDIR;
      return add({path, missing ? Verdict::missing : Verdict::unreadable,
                  missing ? "" : std::strerror(there.error_number)});
    }
    if (is_right(level, index, width, there.stat)) return;
    wrong_.emplace(level, index);
    add({path, Verdict::corrupt, ""});
  }

  bool is_right(unsigned level, std::uint64_t index, unsigned width, const files::FileStat& stat) {
    if (stat.kind != files::FileKind::regular || stat.size_bytes != std::uint64_t{width} * Digest::kSize)
      return false;
    if (!contents_) return true;
    const auto bytes = read(level, index, width);
    if (!bytes) return false;
    if (archive_ != nullptr) {
      const Bytes own = archive_->tile(level, index);
      return std::string_view(*bytes) == as_chars(ByteView(own)).substr(0, bytes->size());
    }
    return width < merkle::kTileWidth || agrees_with_parent(level, index, *bytes);
  }

  /// A tile below one that is wrong itself cannot be judged.
  bool agrees_with_parent(unsigned level, std::uint64_t index, const std::string& bytes) {
    const std::uint64_t above = index / merkle::kTileWidth;
    const bool at_border = above == full_tiles(checkpoint_.size, level + 1);
    if (wrong_.contains({level + 1, above}) || (at_border && !border_is_right_)) return true;
    if (parent_at_ != std::pair(level + 1, above)) {
      const unsigned width = at_border ? border_width(checkpoint_.size, level + 1) : merkle::kTileWidth;
      parent_ = read(level + 1, above, width).value_or("");
      parent_at_ = {level + 1, above};
    }
    const std::size_t at = index % merkle::kTileWidth * Digest::kSize;
    if (at + Digest::kSize > parent_.size()) return true;
    const auto nodes = merkle::nodes_from_tiles([&](unsigned, std::uint64_t) { return as_bytes(bytes); });
    const Digest root =
        merkle::node_hash(nodes(merkle::kTileHeight - 1, 0), nodes(merkle::kTileHeight - 1, 1));
    return as_chars(root.view()) == std::string_view(parent_).substr(at, Digest::kSize);
  }

  const int root_;
  Folders folders_;
  const merkle::Checkpoint& checkpoint_;
  ledger::Reader* archive_;
  const bool contents_;
  const jobs::StopFlag& stop_;
  std::vector<TileFault> faults_;
  std::set<std::pair<unsigned, std::uint64_t>> wrong_;
  bool border_is_right_ = true;
  std::string parent_;
  std::pair<unsigned, std::uint64_t> parent_at_{kLevels, 0};
};

}  // namespace

std::vector<TileFault> check_tiles(int root_fd, const merkle::Checkpoint& checkpoint, ledger::Reader* archive,
                                   bool contents, const jobs::StopFlag& stop) {
  return TileCheck(root_fd, checkpoint, archive, contents, stop).run();
}

std::uint64_t tile_count(std::uint64_t tree_size) {
  std::uint64_t count = 0;
  for (unsigned level = 0; level < kLevels; ++level)
    count += full_tiles(tree_size, level) + (border_width(tree_size, level) > 0 ? 1 : 0);
  return count;
}

}  // namespace dalil::drives
