#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/find.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::drives {

struct BackupSource {
  archive::Row volume = ledger::kNoRow;
  std::string folder;  ///< where the volume is now
};
struct BackupTarget {
  std::string folder;     ///< where the drive is mounted
  std::string volume;     ///< label; made known if it is new
  bool sealed = false;    ///< shall be a sealed drive; one that is known stays what it is
  std::string kept_at{};  ///< of a new one, in words
};

struct BackupOptions {
  std::vector<BackupSource> sources;
  std::vector<BackupTarget> targets;
  std::optional<archive::Query> query;  ///< only items that match
  std::string below;                    ///< only copies below this folder of the volumes
  /// "age1...": the recovery key's, and others. Sealed drives and snapshots need one.
  std::vector<std::string> recipients;
  bool snapshot = true;  ///< each drive gets the archive, encrypted, if there are recipients
  bool dry_run = false;
  bool allow_losses = false;  ///< leave out, or copy without, what a drive cannot hold
  bool rename_safe = false;   ///< percent-encode names that a drive cannot hold
  /// Percent of parity that every drive is to have; 0: none. Absent: what it has is kept current.
  std::optional<unsigned> parity;
};

/// What went wrong with one file, or cannot be kept.
struct BackupProblem {
  std::string drive;  ///< label; empty: the source's
  std::string path;   ///< raw bytes: within the source's volume, or on the drive
  std::string text;
};

/// PAR2 files on a drive, from which it is mended without another one: docs/parity.md.
struct ParityReport {
  unsigned percent = 0;                          ///< 0: it has none, and none was wanted
  std::uint64_t sets = 0, files = 0, bytes = 0;  ///< that are covered
  std::uint64_t parity_bytes = 0;                ///< what it takes
  std::uint64_t made = 0;                        ///< sets that this run made
  std::uint64_t uncovered = 0;                   ///< files that should be covered and are not
  std::uint64_t damaged_sets = 0;                ///< whose PAR2 files were not as they were written
  std::vector<std::string> unnamed;              ///< files whose names `par2` cannot write
  std::vector<std::string> damaged;              ///< files that were read and are not what the ledger has
  std::string why;                               ///< what kept it from being complete
  bool complete() const { return uncovered == 0 && damaged.empty() && why.empty(); }
};

struct DriveReport {
  std::string label, id, folder, file_system;
  bool sealed = false;
  enum class State : std::uint8_t { done, stopped, full, gone, failed } state = State::done;
  std::string why;  ///< of what ended it
  bool is_new = false;
  bool closed = false;      ///< its lists and its note were written
  bool snapshot = false;    ///< a fresh one lies on it
  bool stock_check = true;  ///< `sha256sum -c manifest-sha256.txt` can read every name
  std::uint64_t to_copy = 0, to_copy_bytes = 0;
  std::uint64_t copied = 0, copied_bytes = 0;  ///< written, read back from the medium, recorded
  std::uint64_t there = 0;          ///< were there before, with the size and time that were recorded
  std::uint64_t adopted = 0;        ///< were there, not recorded, and had the right content
  std::uint64_t copied_again = 0;   ///< were recorded here, and were gone
  std::uint64_t set_aside = 0;      ///< stood in the way with another content
  std::uint64_t kept_versions = 0;  ///< earlier contents of paths that changed
  std::uint64_t left_out = 0;       ///< cannot be held, as was allowed
  std::uint64_t failed = 0;
  std::optional<std::uint64_t> free_bytes;  ///< absent where the file system does not tell
  std::string read_path;                    ///< how it was read back
  ParityReport parity;
};
const char* name_of(DriveReport::State state);

struct BackupReport {
  std::uint64_t selected = 0, selected_bytes = 0;
  std::uint64_t symlinks = 0;  ///< recorded in the ledger, and in no backup
  std::uint64_t source_failed = 0;
  std::uint64_t source_damaged = 0;  ///< copies of a source found damaged or unreadable, now on record
  std::uint64_t source_changed =
      0;  ///< newer than recorded, now on record; these two may have come from elsewhere
  std::vector<DriveReport> drives;
  std::vector<BackupProblem> problems;  ///< the first ten thousand
  std::vector<BackupProblem> losses;    ///< what a drive cannot hold, before anything is written
  std::vector<std::string> notes;       ///< what holds for a whole drive
  bool refused = false;                 ///< because of the losses: nothing was written
  bool dry_run = false;
  bool interrupted = false;
  /// Each selected file is on each drive, verified.
  bool complete() const;
};

/// Copies what is selected and not yet there to every drive, plain or sealed, from one reading of the
/// sources.
///
/// A copy counts once it was read back from the medium with the SHA-256 that the ledger has, lies at its
/// place and is durable; then it is recorded. Whatever ends the run, the next one goes on. Nothing that is on
/// a drive is overwritten or removed, but for parts of files that a killed run left behind. That a run began
/// is on record before it copies anything, and so is what it finds damaged on a source. Parity is made last,
/// of what was verified. Error(conflict) for the wrong drive; Error(io) if there is too little room;
/// Error(not_found) if parity is wanted and `par2` is not installed; each before anything is written.
BackupReport backup(archive::Archive& archive, const BackupOptions& options, jobs::Progress& progress,
                    const jobs::StopFlag& stop);

}  // namespace dalil::drives
