#pragma once

#include <string>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/verify.hpp"

namespace dalil::drives {

struct OwnFilesOptions {
  bool contents = true;      ///< else presence only
  bool from_medium = false;  ///< read around the cache
};

/// Looks at what lies on a backup drive beside the evidence: the note by its signature and by what the ledger
/// knows of the drive, lists, index and snapshot by the note, the tree by the note's checkpoint.
///
/// What is wrong at first is read again from the medium. The detail of what is wrong says what the drive
/// lacks without it. Nothing if the drive was begun only, or is none that Dalil made. Never writes.
jobs::OwnFiles check_own_files(archive::View& view, const archive::Volume& volume, const std::string& folder,
                               const OwnFilesOptions& options, const jobs::StopFlag& stop);

}  // namespace dalil::drives
