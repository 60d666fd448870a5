#pragma once

#include <string>

#include "parts.hpp"
#include "tag_files.hpp"

/// Everything on a drive that is not evidence. Throws DriveFailure.
namespace dalil::drives {

/// How many files or objects the lists name, and the sum of their sizes as they lie there.
struct Listed {
  std::uint64_t files = 0, bytes = 0;
  bool needs_stock = false;  ///< a plain drive's: names that `sha256sum` reads in another form
  bool all_utf8 = true;
};

/// A bag's lists, but for bag-info.txt and the tag manifest.
Listed write_plain_lists(archive::View& view, const DriveJob& job, TagFiles& files);
/// bag-info.txt; then, when everything else was added, the tag manifest.
void write_bag_info(const Listed& listed, UtcTime time, TagFiles& files);
void write_tag_manifest(TagFiles& files);

/// Objects and index of a sealed drive.
Listed write_sealed_lists(archive::View& view, const DriveJob& job,
                          const std::vector<std::string>& recipients, TagFiles& files);

/// The ledger's tree up to the newest checkpoint, what is not there yet of it. What is there and is not the
/// archive's is set aside, and the answers name it.
std::vector<std::string> write_tiles(ledger::Reader& reader, TagFiles& files);
/// Incomplete tiles of a smaller tree; to be called when the larger one's are in place.
void remove_tiles(std::uint64_t former_size, std::uint64_t size, TagFiles& files);

/// The archive, encrypted, and its note. Names of what was written.
std::vector<std::string> write_snapshot(const archive::Archive& archive,
                                        const std::vector<std::string>& recipients, TagFiles& files);
/// All snapshots but these. Sealed drives of earlier versions have theirs in the drive's own folder.
void remove_snapshots(const std::vector<std::string>& but, bool sealed, TagFiles& files);

/// Writes the note of a drive that is begun; durable.
void write_first_note(archive::Archive& archive, archive::View& view, DriveJob& job);
/// Lists, tiles, checkpoint, snapshot and note, from what the ledger has of the drive; durable. Gives the
/// drive as it is then.
archive::Drive write_drive_files(archive::Archive& archive, archive::View& view, DriveJob& job,
                                 const BackupOptions& options, BackupReport& report);

}  // namespace dalil::drives
