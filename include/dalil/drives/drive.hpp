#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/archive.hpp"

/// What lies on a backup drive beside the evidence: docs/formats/drive.md.
namespace dalil::drives {

/// `dalil/drive.note`: says what the drive is, and vouches for its tag files.
struct DriveNote {
  std::string origin;     ///< the archive, as its checkpoints name it
  std::string volume_id;  ///< "V2"
  archive::Drive drive;   ///< without the note's own digest
  UtcTime time;
  merkle::Checkpoint checkpoint;
  /// Tag files and their SHA-256, sorted by path.
  std::vector<std::pair<std::string, Digest>> tag_files;

  std::string text() const;
  /// Absent unless `text` would give the same bytes.
  static std::optional<DriveNote> parse(std::string_view text);
};

/// Whether one open directory is the other, or lies in it, by identity: names and mounts may differ.
bool lies_in(int directory_fd, int in_fd);
/// Whether the directory, or one that it lies in, has the note of a backup drive.
bool lies_in_a_drive(int directory_fd);

}  // namespace dalil::drives
