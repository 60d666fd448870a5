#pragma once

#include "dalil/jobs/restore.hpp"

namespace dalil::jobs {

/// A copy that a file may be restored from.
struct RestoreCandidate {
  std::size_t source = 0;  ///< in the options
  std::string path;        ///< on the drive
  std::uint64_t stored_size = 0;
  bool sealed = false;
  Digest stored_digest{};  ///< of what lies there
  bool same_file = false;  ///< a copy of this very file, and not of another one with its content
  bool used = false;       ///< the file was restored from it
};

/// A file that shall be there in the end.
struct RestoreTask {
  std::string path;  ///< below the target, raw bytes
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::optional<std::int64_t> mtime_ns{};    ///< since 1970
  std::vector<RestoreCandidate> candidates;  ///< in the order in which they are tried
};

/// What the options ask for, by path. No file of the drives is looked at. `original_names`: what a drive
/// could not hold gets its name back; false where the target cannot hold it either.
std::vector<RestoreTask> plan_restore(archive::View& view, const RestoreOptions& options,
                                      bool original_names);

}  // namespace dalil::jobs
