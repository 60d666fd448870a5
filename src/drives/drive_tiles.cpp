#include <fcntl.h>
#include <unistd.h>

#include "drive_files.hpp"
#include "layout.hpp"
#include "stores.hpp"

/// The ledger's tree in tiles, as C2SP tlog-tiles lays them out.
namespace dalil::drives {

namespace {

std::string path_of(unsigned level, std::uint64_t index, unsigned width) {
  return std::string(layout::kFolder) + "/" + merkle::tile_path(level, index, width % merkle::kTileWidth);
}

/// Tiles of one level in a tree of this size: so many full ones, then one of a lesser width, if it is not 0.
struct Level {
  std::uint64_t full = 0;
  unsigned width = 0;
};
Level level_of(std::uint64_t size, unsigned level) {
  const std::uint64_t hashes = size >> (merkle::kTileHeight * level);
  return {hashes / merkle::kTileWidth, static_cast<unsigned>(hashes % merkle::kTileWidth)};
}
constexpr unsigned kLevels = 64 / merkle::kTileHeight;

class TileWriter {
 public:
  TileWriter(ledger::Reader& reader, TagFiles& files) : reader_(reader), files_(files) {}

  std::vector<std::string> run() {
    for (unsigned level = 0; level < kLevels; ++level) {
      const Level tiles = level_of(reader_.size(), level);
      for (std::uint64_t i = 0; i < tiles.full; ++i) put(level, i, merkle::kTileWidth);
      if (tiles.width > 0) put(level, tiles.full, tiles.width);
    }
    return std::move(others_);
  }

 private:
  void put(unsigned level, std::uint64_t index, unsigned width) {
    const std::string path = path_of(level, index, width);
    const files::StatResult there = files_.folders().stat(path);
    const std::uint64_t size = std::uint64_t{width} * Digest::kSize;
    const Bytes tile = reader_.tile(level, index);
    const std::string_view wanted = as_chars(ByteView(tile)).substr(0, size);
    if (there.error_number == 0) {
      if (read_drive_file(files_.root(), path) == wanted) return;
      others_.push_back(path);
      const auto [directory, name] = split_path(path);
      int error_number = 0;
      if (const auto folder = files_.folders().open(directory, error_number))
        set_aside(files_.folders(), folder->get(), name, path);
    }
    files_.add(path, wanted, false);
  }

  ledger::Reader& reader_;
  TagFiles& files_;
  std::vector<std::string> others_;
};

}  // namespace

std::vector<std::string> write_tiles(ledger::Reader& reader, TagFiles& files) {
  return TileWriter(reader, files).run();
}

void remove_tiles(std::uint64_t former_size, std::uint64_t size, TagFiles& files) {
  for (unsigned level = 0; level < kLevels; ++level) {
    const Level former = level_of(former_size, level), now = level_of(size, level);
    if (former.width == 0 || (former.full == now.full && former.width == now.width)) continue;
    const std::string path = path_of(level, former.full, former.width);
    files.remove(path);
    const auto [directory, name] = split_path(split_path(path).first);  // "000.p"
    int error_number = 0;
    if (const auto folder = files.folders().open(directory, error_number))
      ::unlinkat(folder->get(), name.c_str(), AT_REMOVEDIR);
  }
}

}  // namespace dalil::drives
