#include "place_check.hpp"

#include <fcntl.h>
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

/// What a command offers to somebody who knows better.
enum class Override : std::uint8_t { none, moved_here };

std::string moved_hint(const archive::Volume& volume, Override offered) {
  return fmt::format(
      "mount the right one, or name another volume; if it was moved{}: dalil volume edit {} --root "
      "FOLDER",
      offered == Override::moved_here ? ", say --moved-here, and for good" : "", volume.id);
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

/// At most as many as are needed to know.
bool holds_half(archive::View& view, const archive::Volume& volume, const std::string& folder) {
  const files::Fd root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return true;  // whoever walks it says so
  const std::uint64_t wanted = (volume.live_copies + 1) / 2;
  std::uint64_t found = 0;
  view.for_each_copy(
      volume.row, [&](archive::Row, const std::string& directory, const std::vector<archive::CopyRow>& rows) {
        for (const archive::CopyRow& row : rows) {
          if (found >= wanted) return;
          if (row.state != archive::CopyRow::State::live) continue;
          const std::string path = directory.empty() ? row.name : directory + "/" + row.name;
          found += files::stat_at(root.get(), path.c_str()).error_number == 0 ? 1 : 0;
        }
      });
  return found >= wanted;
}

void check_drive_without_note(archive::View& view, const archive::Volume& volume, const std::string& folder) {
  if (drive_in(folder) || holds_half(view, volume, folder)) return;
  refuse(volume, folder, "it has no note of a drive, and not half of its copies",
         fmt::format("is it mounted there? mount the right one; if it is that drive and has lost them, say "
                     "--moved-here; 'dalil backup' to another volume makes a new one"));
}

void check_file_system(const archive::Volume& volume, const std::string& folder, Override offered) {
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
           moved_hint(volume, offered));
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

void check_other_volumes(archive::View& view, const archive::Volume& volume, const std::string& folder,
                         Override offered) {
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
      refuse(volume, folder, "it is that of volume " + in_quotes(view.volume(row).label),
             moved_hint(volume, offered));
}

/// The nearest folder that is there.
files::Fd open_nearest(std::string folder) {
  while (true) {
    files::Fd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd || folder.empty()) return fd;
    const auto slash = folder.find_last_of('/');
    if (slash == folder.npos)
      folder.clear();
    else
      folder.resize(slash == 0 && folder.size() > 1 ? 1 : slash);
    if (folder == "/") return files::Fd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
}

/// Whether the volume is there now, and not only was once.
bool lies_there(archive::View& view, const archive::Volume& volume, int root) {
  bool found = false;
  view.for_each_copy(
      volume.row, [&](archive::Row, const std::string& directory, const std::vector<archive::CopyRow>& rows) {
        for (const archive::CopyRow& row : rows) {
          if (found) return;
          const std::string path = directory.empty() ? row.name : directory + "/" + row.name;
          found = row.state == archive::CopyRow::State::live &&
                  files::stat_at(root, path.c_str()).error_number == 0;
        }
      });
  return found;
}

void check_not_of_others(archive::View& view, const archive::Volume& volume, const std::string& folder) {
  const auto found = drive_in(folder);
  if (found && volume.drive && *found == volume.drive->id) return;
  const std::string here = real_path(folder);
  const std::string uuid = files::identify_volume(folder).uuid;
  const auto folders = last_folders(view);
  for (const archive::Volume& other : view.volumes()) {
    if (other.row == volume.row) continue;
    if (found && other.drive && other.drive->id == *found)
      refuse(volume, folder, "it is backup drive " + in_quotes(other.label), "see: dalil volume list");
    // A mount point may have been another's before: only the same file system makes it the same place.
    const auto last = folders.find(other.row);
    const std::string& there = last == folders.end() ? other.root : last->second;
    if (!uuid.empty() && other.uuid == uuid && !there.empty() && real_path(there) == here)
      refuse(volume, folder, "it is that of volume " + in_quotes(other.label), "see: dalil volume list");
  }
}

}  // namespace

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

void check_new_root(archive::View& view, const archive::Volume& volume, const std::string& folder) {
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return;  // whoever looks at it says so
  if (volume.drive) check_drive(volume, folder, true);
  check_not_of_others(view, volume, folder);
}

void check_place(archive::View& view, const archive::Volume& volume, const std::string& folder,
                 const std::string& below, bool moved_here) {
  if (!below.empty() && drive_in(folder))
    throw Error(ErrorCode::conflict,
                fmt::format("{} is a whole backup drive, and not what lies at {} on one", in_quotes(folder),
                            in_quotes(below)),
                "with --below name the folder within the drive; or leave --below out");
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return;  // whoever walks it says so
  if (volume.drive) check_drive(volume, folder, below.empty());
  if (moved_here) return;
  check_file_system(volume, folder, Override::moved_here);
  if (!below.empty()) return;
  check_other_volumes(view, volume, folder, Override::moved_here);
  if (volume.drive) check_drive_without_note(view, volume, folder);
}

void check_source_place(archive::View& view, const archive::Volume& volume, const std::string& folder) {
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return;
  if (volume.drive) check_drive(volume, folder, true);
  check_file_system(volume, folder, Override::none);
  check_other_volumes(view, volume, folder, Override::none);
}

std::string last_folder(archive::View& view, const archive::Volume& volume) {
  if (!volume.root.empty()) return volume.root;
  const auto folders = last_folders(view);
  const auto found = folders.find(volume.row);
  return found == folders.end() ? std::string() : found->second;
}

std::optional<archive::Volume> drive_of_folder(archive::View& view, const std::string& folder) {
  const auto found = drive_around(folder);
  if (!found) return std::nullopt;
  for (archive::Volume& volume : view.volumes())
    if (volume.drive && volume.drive->id == *found) return std::move(volume);
  return std::nullopt;
}

void refuse_volumes(archive::View& view, const std::string& folder) {
  const auto refuse = [&](const std::string& what) {
    throw Error(
        ErrorCode::conflict, fmt::format("{} lies in {}", in_quotes(folder), what),
        "name a folder of its own: what is kept as evidence must not be mixed with what is handed out");
  };
  const files::Fd nearest = open_nearest(folder);
  const auto folders = last_folders(view);
  for (const archive::Volume& volume : view.volumes()) {
    const auto last = folders.find(volume.row);
    for (const std::string& known : {volume.root, last == folders.end() ? std::string() : last->second}) {
      if (known.empty()) continue;
      const files::Fd root(::open(known.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!root || !nearest || !drives::lies_in(nearest.get(), root.get())) continue;
      if (lies_there(view, volume, root.get()))
        refuse("volume " + in_quotes(volume.label) + " (" + volume.id + ")");
    }
  }
  if (nearest && drives::lies_in_a_drive(nearest.get())) refuse("a backup drive");
}

}  // namespace dalil::cli
