#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/crypto/age_stream.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::drives {

struct RepairSource {
  archive::Row volume = ledger::kNoRow;
  std::string folder;  ///< where it is mounted
};

struct RepairOptions {
  archive::Row volume = ledger::kNoRow;  ///< with the damaged copies
  std::string folder;                    ///< where it is mounted
  std::vector<RepairSource> sources;     ///< in the order in which they are tried
  /// What opens sealed sources; not needed where there are none.
  std::vector<crypto::age::Identity> identities;
  /// Who is to read the index and the snapshot of a drive whose own files are written anew, beside the
  /// archive's recovery key.
  std::vector<std::string> recipients;
  bool check_all = false;       ///< read every copy, not only those that the ledger has as damaged
  bool changed = false;         ///< also bring back what seems to have been edited on purpose
  bool dry_run = false;         ///< read and say what could be mended; write nothing
  bool delete_damaged = false;  ///< remove what was set aside
};

/// A copy that nothing can mend.
struct LostCopy {
  std::string path;
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::string was;                                              ///< what is wrong with it
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;  ///< offset, size: intact nowhere
  std::vector<std::string> tried;  ///< "VOLUME:PATH: what is wrong there", one a source
};

/// What was not mended, or not looked at, for another reason than that nothing could.
struct RepairProblem {
  std::string path, what;
};

struct RepairReport {
  std::uint64_t examined = 0;  ///< = intact + repaired + lost + problems + left, unless it was ended
  std::uint64_t intact = 0;    ///< whole when they were read now
  std::uint64_t bytes = 0;     ///< of what was repaired
  std::vector<archive::Repair> repaired;
  std::vector<LostCopy> lost;
  std::vector<RepairProblem> problems;
  std::vector<RepairProblem> left;         ///< newer than recorded, or elsewhere on the volume: not touched
  std::vector<std::string> source_damage;  ///< "VOLUME:PATH: ..." of sources that were not whole either
  std::vector<RepairProblem> remarks;      ///< what could not be kept of a file that was repaired
  std::string lists;  ///< of a drive: why its own files had to be written anew; empty if they had not
  bool lists_written = false;
  std::string read_path;  ///< how it was read back
  std::string why;        ///< of what ended it before the end
  bool dry_run = false;
  bool interrupted = false;
};

/// Makes damaged copies of a volume anew from whatever is intact of them anywhere.
///
/// Each MiB is taken from the damaged copy itself, another copy on the volume, or a copy on a source, where
/// it still has the keyed tag that the ledger has; where no copy has the whole MiB, its 4 KiB blocks are
/// combined. The whole is written beside, synced, read back from the medium, and put at its place only with
/// the item's SHA-256. What was there before is set aside. Each repair is on record before the next begins;
/// killed at any moment, the next run goes on.
///
/// A drive's own files are written anew where they are damaged. On a plain drive, a copy that was moved or
/// renamed comes back to its place. The objects of a sealed drive are left to a backup, which can seal.
///
/// Error(conflict) if the folder is not the volume, or that of a source is not the source; Error(unsupported)
/// for a sealed drive of an earlier version, which has no identity.
RepairReport repair(archive::Archive& archive, const RepairOptions& options, jobs::Progress& progress,
                    const jobs::StopFlag& stop);

}  // namespace dalil::drives
