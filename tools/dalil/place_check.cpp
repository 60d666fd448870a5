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
#include "dalil/files/walk.hpp"
#include "dalil/merkle/note.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kRunsSearched = 1000;
constexpr std::size_t kFilesCompared = 64;
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

bool is_within(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder == "/" ? folder : folder + "/");
}

/// How many of the other volume's copies would lie in `here`, as far as that was looked into, and how many of
/// them are the very files that are there.
struct SharedFiles {
  std::size_t looked_at = 0, same = 0;
};

SharedFiles shared_files(archive::View& view, archive::Row other, const std::string& root,
                         const std::string& here) {
  SharedFiles found;
  view.for_each_copy(
      other, [&](archive::Row, const std::string& directory, const std::vector<archive::CopyRow>& rows) {
        for (const archive::CopyRow& row : rows) {
          if (found.looked_at == kFilesCompared) return;
          const std::string path = files::join_path(files::join_path(root, directory), row.name);
          if (row.state != archive::CopyRow::State::live || !is_within(path, here)) continue;
          ++found.looked_at;
          struct stat status {};
          const bool there = lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
          found.same += there && status.st_ino == row.inode &&
                                status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec == row.ctime_ns
                            ? 1
                            : 0;
        }
      });
  return found;
}

/// A volume that is taken in for the first time must not be one that is known already: each file would count
/// as two copies. (What was given back does not count: VolumeKind::source.)
void check_not_known(archive::View& view, const archive::Volume& volume, const std::string& folder,
                     const std::string& here, const std::map<archive::Row, std::string>& folders) {
  for (const auto& [row, known] : folders) {
    const std::string root = real_path(known);
    if (row == volume.row || (!is_within(root, here) && !is_within(here, root))) continue;
    if (view.volume(row).kind == archive::VolumeKind::source) continue;
    const SharedFiles shared = shared_files(view, row, root, here);
    if (shared.same == 0 || shared.same * 2 < shared.looked_at) continue;
    throw Error(ErrorCode::conflict,
                fmt::format("the files in {} are those of volume {}: they would count as second copies",
                            in_quotes(folder), in_quotes(view.volume(row).label)),
                "name that volume, or the folder in which the other copies are (--moved-here if it is a "
                "clone of the disk)");
  }
}

void check_other_volumes(archive::View& view, const archive::Volume& volume, const std::string& folder) {
  const std::string here = real_path(folder);
  const auto folders = last_folders(view);
  if (volume.live_copies == 0) {
    if (volume.kind != archive::VolumeKind::source) check_not_known(view, volume, folder, here, folders);
    return;
  }
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
