#pragma once

#include "parity_set.hpp"
#include "parts.hpp"

namespace dalil::drives {

/// What the ledger has of a drive, as it lies there: files, or sealed objects.
std::vector<ParityFile> files_for_parity(archive::View& view, archive::Row drive, bool sealed);

/// What parity that was asked for will take on the drive, of what is not covered yet.
std::uint64_t room_for_parity(const BackupOptions& options, const std::vector<PlannedFile>& plan,
                              const DriveJob& job);

}  // namespace dalil::drives
