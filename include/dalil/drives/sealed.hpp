#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::drives {

struct SealOptions {
  archive::Row source = ledger::kNoRow;  ///< the volume that is copied
  std::string source_folder;
  archive::Row drive = ledger::kNoRow;  ///< a volume of kind backup, sealed
  std::string drive_folder;
  std::optional<std::vector<archive::Row>> items;  ///< absent: all
  std::vector<std::string> recipients;             ///< "age1...": the recovery key's, and others
};

struct SealReport {
  std::uint64_t wanted = 0;  ///< live copies on the source = there + written + failed
  std::uint64_t there = 0;   ///< on the drive before
  std::uint64_t written = 0, bytes = 0;
  std::uint64_t set_aside = 0;  ///< objects that no entry knows
  struct Problem {
    std::string path, what;
  };
  std::vector<Problem> problems;  ///< one a file that failed
  bool interrupted = false;
  bool closed = false;  ///< lists and snapshot were written
};

/// Encrypts what is on the source and not yet on the drive into objects there, reads each back from the
/// medium, and records it; then writes the drive's lists and a snapshot of the archive
/// (docs/formats/sealed-drive.md).
///
/// Only content that has the ledger's SHA-256 is taken. Killed at any moment, the next run goes on: an object
/// that was not recorded is set aside, never deleted. Error(io) if there is too little room, or the drive
/// fails.
SealReport seal_drive(archive::Archive& archive, const SealOptions& options, jobs::Progress& progress,
                      const jobs::StopFlag& stop);

}  // namespace dalil::drives
