#pragma once

#include <map>

#include "dalil/archive/archive.hpp"

namespace dalil::drives {

/// Result of the entry that says that a backup began; the one that says how it ended follows. Persistent.
inline constexpr const char* kRunBegun = "BEGUN";
/// Between these two: everything is copied, and the drive's lists and its snapshot of the archive are being
/// written. It is the last that such a snapshot knows of the run. Persistent.
inline constexpr const char* kRunClosing = "CLOSING";
/// A count of a backup's run: 1 if the drive's lists could not be written. Persistent.
inline constexpr const char* kListsLacking = "lists_lacking";

/// The last backup to a drive, where it did not come to its end.
struct UnfinishedBackup {
  UtcTime started;
  std::uint64_t selected = 0;  ///< files that were to be on the drive after it; 0: unknown
  std::uint64_t lacking = 0;   ///< of these, where that is known; 0: the run was ended by force
  bool only_lists = false;     ///< all are on the drive; its lists may be older
};

/// By volume; of drives whose last backup was killed, interrupted, or left something out that it was to copy.
/// What somebody told it to leave out does not count. An archive that was restored from a drive's snapshot
/// has `only_lists` of that drive: nothing tells it from one whose program was killed just then.
std::map<archive::Row, UnfinishedBackup> unfinished_backups(archive::View& view);

}  // namespace dalil::drives
