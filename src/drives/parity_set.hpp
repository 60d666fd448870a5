#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/base/digest.hpp"

namespace dalil::drives {

/// A file that parity is of, or a PAR2 file itself.
struct ParityFile {
  std::string path;  ///< on the drive
  Digest digest;
  std::uint64_t size_bytes = 0;  ///< not in a list
  bool operator==(const ParityFile&) const = default;
};

/// What a file in dalil/parity belongs to: "p5-0001", five percent, the first set.
struct ParityName {
  unsigned percent = 0, number = 0;
  std::string text() const;
  /// Of the name of a list or of a PAR2 file, without its folder. Absent if it is none of Dalil's.
  static std::optional<ParityName> of_file(std::string_view file_name);
};

/// PAR2 files that stand for one another's payload, and the list of them: docs/parity.md.
struct ParitySet {
  ParityName name;
  std::vector<ParityFile> par2;   ///< sorted by path
  std::vector<ParityFile> files;  ///< the payload, sorted by path

  std::string list_path() const;
  /// The one that `par2` is given.
  std::string main_path() const;
  /// What the list holds; `sha256sum -c` reads it.
  std::string text() const;
  /// Absent unless `text` would give the same bytes, and every path stays below its folder.
  static std::optional<ParitySet> parse(ParityName name, std::string_view text);
};

/// Of whatever can be read of a list that may be damaged.
std::vector<std::string> payload_paths_in(std::string_view list);

/// Whether `par2` keeps the name as it is. (It replaces control characters and backslashes, and takes * and ?
/// for patterns.)
bool can_have_parity(std::string_view path);

/// What goes together into one set: files of like sizes, so that small ones do not fill the blocks of large
/// ones.
std::vector<std::vector<ParityFile>> group_for_parity(std::vector<ParityFile> files, unsigned percent);
/// Whether a set is so large that it is left alone when there is more to cover.
bool is_full_set(std::size_t files, std::uint64_t bytes, unsigned percent);

struct ParityBlocks {
  std::uint64_t size_bytes = 0;
  std::uint64_t of_payload = 0, of_parity = 0;
};
ParityBlocks parity_blocks(const std::vector<ParityFile>& files, unsigned percent);
/// What a set takes on the drive, at most.
std::uint64_t parity_room(const std::vector<ParityFile>& files, unsigned percent);

}  // namespace dalil::drives
