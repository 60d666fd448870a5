#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/crypto/age_stream.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::jobs {

/// A drive to take from: plain or sealed, whole or damaged.
struct RestoreSource {
  archive::Row volume = ledger::kNoRow;
  std::string folder;  ///< where it is mounted
};

struct RestoreOptions {
  std::vector<RestoreSource> sources;              ///< in the order in which they are tried
  std::optional<std::vector<archive::Row>> items;  ///< absent: all
  std::string below;  ///< only what lay at this path or below it, "VOLUME-LABEL/path"; empty: all
  std::string to;     ///< an existing folder
  /// What opens sealed drives; not needed where there are none.
  std::vector<crypto::age::Identity> identities;
  bool dry_run = false;
};

/// A file that is not there in the end, with what was wrong with each copy of it.
struct NotRestored {
  std::string path;  ///< below `to`
  Digest digest;
  std::vector<std::string> reasons;
};

struct RestoreReport {
  std::uint64_t wanted = 0;    ///< = restored + there + lost
  std::uint64_t restored = 0;  ///< written, with the right SHA-256, durable
  std::uint64_t there = 0;     ///< were at their place with the right SHA-256
  std::uint64_t bytes = 0;
  std::uint64_t from_other_copies = 0;  ///< restored, but not from the first copy that was tried
  std::uint64_t from_other_places = 0;  ///< restored from where a copy lay under another name
  /// Plain drives keep extended attributes; "PATH without NAMES" of files that could not be given them.
  std::vector<std::string> without_attributes;
  std::vector<NotRestored> lost;
  std::vector<std::string>
      damaged;  ///< "DRIVE: path: what is wrong with it" of copies that could not be used
  bool interrupted = false;
};

/// Brings files back from drives, by what the ledger says lies on them.
///
/// A file goes to TO/VOLUME/PATH, as it lay on the volume that it was read from when the backup was made.
/// Each is written under a temporary name and put in place only if its SHA-256 is the ledger's; a copy that
/// is missing, cannot be read, or is not intact is passed over for the next; and if none is left, the content
/// is looked for in other files of the drives. Extended attributes come with a file from a plain drive;
/// nothing vouches for them. Nothing is overwritten. Two contents that lay at one path get both: the newer
/// one as it was, the other with eight digits of its digest behind. Error(wrong_key) if a drive is sealed and
/// no identities were given.
RestoreReport restore_files(const archive::Archive& archive, const RestoreOptions& options,
                            Progress& progress, const StopFlag& stop);

}  // namespace dalil::jobs
