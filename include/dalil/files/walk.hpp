#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dalil/files/handle.hpp"

namespace dalil::files {

/// One name in a directory. A name is raw bytes as the kernel gave them.
struct DirectoryEntry {
  std::string name;
  FileStat stat;
  std::string link_target;  ///< of a symbolic link, which is recorded and never followed
  int error_number =
      0;  ///< errno when it could not be examined (ENOENT: gone during the walk); stat is empty
};

/// A directory that has been listed, its descriptor kept open so that files are opened relative to it:
/// whatever the tree does meanwhile, nothing outside the root can be reached.
struct Directory {
  std::string path;  ///< relative to the root, "" for the root itself, no slash at either end
  std::shared_ptr<const Fd> fd;
  std::vector<DirectoryEntry>
      entries;           ///< everything but "." and "..", sub-directories included; sorted by name
  int error_number = 0;  ///< errno when it could not be opened or read to its end
};

struct WalkOptions {
  /// (device, inode) of directories that are neither entered nor listed as content: the archive itself.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> skip;
  bool one_file_system = false;
};

/// Lists a tree directory by directory, depth first, without recursion on the call stack.
///
/// Any depth and any length of path: it opens component by component, never by a long path. Directories that
/// are entered twice (bind mounts, loops) are listed once. Not for two threads at once.
class Walker {
 public:
  /// Error(not_found) or Error(io) if the root cannot be opened as a directory.
  Walker(const std::string& root, WalkOptions options = {});
  ~Walker();
  /// The next directory; absent at the end. What goes wrong below the root is in the value.
  std::optional<Directory> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A directory that was listed before, opened anew: each component by itself, no link followed. `path` is
/// relative to the open directory, "" is that one itself. Null if it cannot be opened.
std::shared_ptr<const Fd> open_again(int directory_fd, std::string_view path);

/// Joins with a slash unless one side is empty.
std::string join_path(std::string_view parent, std::string_view name);

}  // namespace dalil::files
