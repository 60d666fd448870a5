#pragma once

#include <map>
#include <optional>
#include <string>

#include "dalil/archive/archive.hpp"

namespace dalil::cli {

/// Error(conflict) if `folder` cannot be where the volume lies: it is another file system than the one that
/// is on record, a backup drive with another identity, or the folder of another volume. A verification of the
/// wrong folder would call a damaged volume intact, a scan would mix two up.
///
/// `below`: where the folder lies within the volume. `moved_here`: somebody says that it lies there now, and
/// only a drive's own identity is compared.
///
/// A backup drive that Dalil made and that has no note needs at least half of its copies to be known by,
/// unless `moved_here`: an empty folder would be a drive that lost everything.
void check_place(archive::View& view, const archive::Volume& volume, const std::string& folder,
                 const std::string& below, bool moved_here);

/// The same for a volume that something is read from, by commands that have no --moved-here.
void check_source_place(archive::View& view, const archive::Volume& volume, const std::string& folder);

/// Where the volume was last: as it was stated, or by its last run. Empty if nobody knows.
std::string last_folder(archive::View& view, const archive::Volume& volume);

/// Error(conflict) if something of people's is to be written into a volume: `folder`, which need not exist
/// yet, lies in a backup drive, or where a volume with copies is now.
void refuse_volumes(archive::View& view, const std::string& folder);

/// The drive that the folder is, or lies in, by its note; absent if it is none, or one that the archive does
/// not know.
std::optional<archive::Volume> drive_of_folder(archive::View& view, const std::string& folder);

/// Where each volume was last looked at as a whole.
std::map<archive::Row, std::string> last_folders(archive::View& view);

/// Refuses a folder that is to be noted as the volume's from now on, and is another's: another backup drive
/// by its note, or where another volume lies on the same file system. Error(conflict).
void check_new_root(archive::View& view, const archive::Volume& volume, const std::string& folder);

}  // namespace dalil::cli
