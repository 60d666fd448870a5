#include "place_check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/drives/drive.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/merkle/note.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kRunsSearched = 1000;
constexpr const char* kDriveNote = "dalil/drive.note";

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? real.get() : path;
}

[[noreturn]] void refuse(const archive::Volume& volume, const std::string& folder, const std::string& why,
                         const std::string& hint) {
  throw Error(ErrorCode::conflict,
              fmt::format("{} is not where volume {} ({}) lies: {}", in_quotes(folder),
                          in_quotes(volume.label), volume.id, why),
              hint);
}

std::string moved_hint(const archive::Volume& volume) {
  return fmt::format(
      "mount the right one, or name another volume; if it was moved, say --moved-here, and for good: "
      "dalil volume edit {} --root FOLDER",
      volume.id);
}

/// The identity in the folder's drive note; absent if there is none, or none that can be read.
std::optional<archive::DriveId> drive_in(const std::string& folder) {
  struct stat status {};
  const std::string path = folder + "/" + kDriveNote;
  if (lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const auto note = merkle::Note::parse(as_chars(files::read_small_file(path)));
  const auto drive = note ? drives::DriveNote::parse(note->text) : std::nullopt;
  return drive ? std::optional(drive->drive.id) : std::nullopt;
}

/// Of the drive in which the folder lies.
std::optional<archive::DriveId> drive_around(const std::string& folder) {
  for (std::string at = real_path(folder); !at.empty();) {
    if (const auto found = drive_in(at)) return found;
    const std::size_t slash = at.rfind('/');
    at.resize(slash == at.npos ? 0 : slash);
  }
  return std::nullopt;
}

void check_drive(const archive::Volume& volume, const std::string& folder, bool is_whole) {
  const auto found = is_whole ? drive_in(folder) : drive_around(folder);
  if (found && *found != volume.drive->id)
    refuse(volume, folder, "it is another backup drive", "see: dalil volume list");
}

void check_file_system(const archive::Volume& volume, const std::string& folder) {
  const files::VolumeIdentity now = files::identify_volume(folder);
  const auto named = [](const std::string& system, const std::string& uuid) {
    return system + (uuid.empty() ? " without UUID" : " " + uuid);
  };
  const bool other_uuid = !volume.uuid.empty() && volume.uuid != now.uuid;
  const bool other_disk = !volume.serial.empty() && !now.serial.empty() && volume.serial != now.serial;
  if (other_uuid || (volume.uuid.empty() && other_disk))
    refuse(volume, folder,
           fmt::format("its file system was {}, and this is {}",
                       escape_for_display(named(volume.file_system, volume.uuid)),
                       escape_for_display(named(now.file_system, now.uuid))),
           moved_hint(volume));
}

/// Where each volume was last looked at as a whole.
std::map<archive::Row, std::string> last_folders(archive::View& view) {
  std::map<archive::Row, std::string> folders;
  for (const archive::RunSummary& run : view.runs(kRunsSearched)) {  // the newest first
    const bool partial =
        std::ranges::any_of(run.counts, [](const auto& count) { return count.first == "partial"; });
    if (!partial && run.report_signer.empty() && !run.folder.empty())
      folders.try_emplace(run.volume, run.folder);
  }
  return folders;
}

void check_other_volumes(archive::View& view, const archive::Volume& volume, const std::string& folder) {
  if (volume.live_copies == 0) return;  // nothing that could be mixed up yet
  const std::string here = real_path(folder);
  const auto folders = last_folders(view);
  const auto own = folders.find(volume.row);
  if (own != folders.end() && real_path(own->second) == here) return;
  for (const auto& [row, known] : folders)
    if (row != volume.row && real_path(known) == here)
      refuse(volume, folder, "it is that of volume " + in_quotes(view.volume(row).label), moved_hint(volume));
}

}  // namespace

void check_place(archive::View& view, const archive::Volume& volume, const std::string& folder,
                 const std::string& below, bool moved_here) {
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return;  // whoever walks it says so
  if (volume.drive) check_drive(volume, folder, below.empty());
  if (moved_here) return;
  check_file_system(volume, folder);
  if (below.empty()) check_other_volumes(view, volume, folder);
}

}  // namespace dalil::cli
