#pragma once

#include <map>

#include "dalil/jobs/restore.hpp"

namespace dalil::jobs {

/// A copy that a file may be restored from.
struct RestoreCandidate {
  std::size_t source = 0;  ///< in the options
  std::string path;        ///< on the drive
  std::uint64_t stored_size = 0;
  bool sealed = false;
};

/// A file that shall be there in the end.
struct RestoreTask {
  std::string path;  ///< below the target, raw bytes
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::optional<std::int64_t> mtime_ns{};    ///< since 1970
  std::vector<RestoreCandidate> candidates;  ///< in the order in which they are tried
};

/// Where else a content may lie on a drive: regular files that are no place of a copy that was asked for. In
/// the order of their names, by size.
class StrayFiles {
 public:
  StrayFiles(int root_fd, const std::vector<RestoreTask>& tasks, std::size_t source);
  std::vector<std::string> of_size(std::uint64_t size_bytes) const;

 private:
  std::multimap<std::uint64_t, std::string> by_size_;
};

/// What the options ask for, by path. No file of the drives is looked at.
std::vector<RestoreTask> plan_restore(archive::View& view, const RestoreOptions& options);

}  // namespace dalil::jobs
