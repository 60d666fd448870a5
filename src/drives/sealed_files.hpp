#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"

/// The files at the root of a sealed drive. Names are persistent: docs/formats/sealed-drive.md.
namespace dalil::drives::sealed {

inline constexpr const char* kReadme = "dalil-sealed.txt";
inline constexpr const char* kObjects = "objects";
inline constexpr const char* kList = "objects.sha256";
inline constexpr const char* kIndex = "index.age";
inline constexpr const char* kCheckpoint = "checkpoint";
inline constexpr const char* kPartial = "partial";
inline constexpr const char* kAside = "aside";

/// Writes all of them anew from what the ledger has of the drive, each in one step, durably.
void write_drive_files(const archive::Archive& archive, archive::Row drive, const std::string& folder,
                       const std::vector<std::string>& recipients);

}  // namespace dalil::drives::sealed
