#pragma once

#include <map>

#include "dalil/archive/archive.hpp"

namespace dalil::drives {

/// Result of the entry that says that a backup began; the one that says how it ended follows. Persistent.
inline constexpr const char* kRunBegun = "BEGUN";

/// The last backup to a drive, where it did not come to its end.
struct UnfinishedBackup {
  UtcTime started;
  std::uint64_t selected = 0;  ///< files that were to be on the drive after it; 0: unknown
  std::uint64_t lacking = 0;   ///< of these, where that is known; 0: the run was ended by force
};

/// By volume; of drives whose last backup was killed, interrupted, or left something out that it was to copy.
/// What somebody told it to leave out does not count.
std::map<archive::Row, UnfinishedBackup> unfinished_backups(archive::View& view);

}  // namespace dalil::drives
