#pragma once

#include <string>

#include "dalil/archive/archive.hpp"

namespace dalil::cli {

/// Error(conflict) if `folder` cannot be where the volume lies: it is another file system than the one that
/// is on record, a backup drive with another identity, or the folder of another volume. A verification of the
/// wrong folder would call a damaged volume intact, a scan would mix two up.
///
/// `below`: where the folder lies within the volume. `moved_here`: somebody says that it lies there now, and
/// only a drive's own identity is compared.
void check_place(archive::View& view, const archive::Volume& volume, const std::string& folder,
                 const std::string& below, bool moved_here);

}  // namespace dalil::cli
