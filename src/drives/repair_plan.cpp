#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dalil/archive/recovery.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/drives/drive.hpp"
#include "dalil/drives/own_files.hpp"
#include "dalil/files/walk.hpp"
#include "drive_files.hpp"
#include "layout.hpp"
#include "parity_keeper.hpp"
#include "parts.hpp"
#include "repair_parts.hpp"
#include "stores.hpp"

namespace dalil::drives {

using archive::CopyRow;
using archive::Verdict;

namespace {

/// What name and size tell; empty if they are as recorded.
std::string fault_of(const files::StatResult& there, const CopyRow& row) {
  if (there.error_number == ENOENT || there.error_number == ENOTDIR) return "missing";
  if (there.error_number != 0) return fmt::format("unreadable: {}", std::strerror(there.error_number));
  if (there.stat.kind != files::FileKind::regular)
    return fmt::format("a {} in its place", files::name_of(there.stat.kind));
  if (there.stat.size_bytes != row.size_bytes)
    return fmt::format("{} bytes where {} are expected", there.stat.size_bytes, row.size_bytes);
  return {};
}

class Planner {
 public:
  Planner(const RepairOptions& options, const archive::Volume& volume, int root_fd,
          const WasInterrupted& was_interrupted)
      : options_(options),
        is_backup_(volume.kind == archive::VolumeKind::backup),
        is_drive_(volume.drive.has_value()),
        is_sealed_(volume.sealed),
        folders_(root_fd),
        was_interrupted_(was_interrupted) {
    if (is_sealed_) find_parity(root_fd);
  }

  void look(const std::string& directory, const CopyRow& row) {
    if (row.state != CopyRow::State::live) return;
    ++copies_;
    RepairTask task{files::join_path(directory, row.name), row, {}};
    const files::StatResult there = folders_.stat(task.path);
    task.was = fault_of(there, row);
    found_ += there.error_number == 0 ? 1 : 0;
    if (is_sealed_ && !with_parity_.contains(task.path)) return look_at_object(task);
    const bool elsewhere = row.verdict == Verdict::moved || row.verdict == Verdict::renamed;
    if (elsewhere && !is_drive_) {
      if (!task.was.empty())
        plan_.left.push_back({task.path, "is elsewhere on the volume; 'dalil scan' takes that in"});
      return;
    }
    if (task.was.empty() && !is_damage(row.verdict) && !elsewhere && !options_.check_all &&
        !was_interrupted_(task.path, row.item))
      return;
    const bool edited = !is_backup_ && there.error_number == 0 && there.stat.mtime_ns > row.mtime_ns &&
                        (!task.was.empty() || is_damage(row.verdict));
    if (edited && !options_.changed) {
      plan_.left.push_back({task.path,
                            "is newer than recorded, perhaps edited: 'dalil scan' takes it in, --changed "
                            "brings the recorded content back"});
      return;
    }
    if (there.error_number == 0 && there.stat.kind == files::FileKind::regular)
      plan_.strays.emplace(there.stat.size_bytes, task.path);
    plan_.tasks.push_back(std::move(task));
  }

  RepairPlan finish(const archive::Volume& volume, bool is_known) {
    if ((copies_ > 0 && found_ == 0) || (!is_known && found_ * 2 < copies_))
      throw Error(
          ErrorCode::conflict,
          fmt::format("{} of the {} copies of volume {} are in {}", found_, copies_, quoted(volume.label),
                      quoted(options_.folder)),
          "is it mounted there? mount the right one; a drive that lost everything is made anew by dalil "
          "backup");
    std::ranges::sort(plan_.tasks, {}, &RepairTask::path);
    std::ranges::sort(plan_.left, {}, &RepairProblem::path);
    return std::move(plan_);
  }

 private:
  /// Parity is of the objects as they lie there.
  void find_parity(int root_fd) {
    for (const std::string& list : parity_lists_on(root_fd)) {
      const auto text = read_drive_file(root_fd, fmt::format("{}/{}", layout::kParity, list));
      for (std::string& path : payload_paths_in(text.value_or(""))) with_parity_.insert(std::move(path));
    }
  }

  /// An object cannot be patched without being encrypted again.
  void look_at_object(const RepairTask& task) {
    const std::string was = !task.was.empty()             ? task.was
                            : is_damage(task.row.verdict) ? archive::name_of(task.row.verdict)
                                                          : "";
    if (!was.empty())
      plan_.left.push_back(
          {task.path, was + ": 'dalil backup' seals its content anew, from the volume that has it"});
  }

  const RepairOptions& options_;
  const bool is_backup_, is_drive_, is_sealed_;
  std::set<std::string> with_parity_;  ///< objects of a sealed drive
  Folders folders_;
  const WasInterrupted& was_interrupted_;
  RepairPlan plan_;
  std::uint64_t copies_ = 0, found_ = 0;
};

/// The note, if anybody who may sign for this archive signed it.
std::optional<DriveNote> vouched(archive::View& view, const NoteOnDrive& read) {
  return read.note && is_signed_for(view, *read.signed_note) ? read.note : std::nullopt;
}

/// A note that nobody vouches for may still tell whose it was, and the file system that this is another disk:
/// what is written next says that it is this volume's.
void refuse_another_drive(archive::View& view, const archive::Volume& volume, const std::string& folder,
                          const std::optional<DriveNote>& claimed) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::conflict,
                fmt::format("{} is not known to be the drive of {}: its note is damaged, and {}",
                            quoted(folder), volume.id, why),
                fmt::format("mount the right drive, or name its volume; if it is this one all the same: "
                            "dalil volume edit {} --root FOLDER",
                            volume.id));
  };
  for (const archive::Volume& other : view.volumes())
    if (claimed && other.row != volume.row && other.drive && other.drive->id == claimed->drive.id)
      refuse(fmt::format("was that of {}", other.id));
  const std::string uuid = files::identify_volume(folder).uuid;
  if (!volume.uuid.empty() && !uuid.empty() && volume.uuid != uuid)
    refuse(fmt::format("its file system is {}, where {} was recorded", uuid, volume.uuid));
}

}  // namespace

RepairPlan plan_repair(archive::View& view, const RepairOptions& options, int root_fd, bool is_known,
                       const WasInterrupted& was_interrupted) {
  const archive::Volume volume = view.volume(options.volume);
  Planner planner(options, volume, root_fd, was_interrupted);
  view.for_each_copy(options.volume,
                     [&](archive::Row, const std::string& directory, const std::vector<CopyRow>& rows) {
                       for (const CopyRow& row : rows) planner.look(directory, row);
                     });
  return planner.finish(volume, is_known);
}

std::string drive_lists_fault(archive::View& view, const archive::Volume& volume, const std::string& folder,
                              int root_fd, const jobs::StopFlag& stop) {
  const NoteOnDrive read = read_drive_note(root_fd);
  const std::optional<DriveNote> note = vouched(view, read);
  if (!note) {
    refuse_another_drive(view, volume, folder, read.note);
    return kNoteFault;
  }
  if (note->drive.id != volume.drive->id) {
    std::string whose = note->volume_id;
    for (const archive::Volume& other : view.volumes())
      if (other.drive && other.drive->id == note->drive.id) whose = other.id;
    throw Error(ErrorCode::conflict,
                fmt::format("{} is the drive of {}, not of {}", quoted(folder), whose, volume.id),
                "mount the right drive, or name its volume");
  }
  const jobs::OwnFiles own = check_own_files(view, volume, folder, {true, true}, stop);
  if (own.wrong.empty()) return {};
  const auto& first = own.wrong.front();
  const char* what = first.verdict == Verdict::corrupt ? "damaged" : archive::name_of(first.verdict);
  const std::string more = own.wrong.size() > 1 ? fmt::format(", and {} more", own.wrong.size() - 1) : "";
  return fmt::format("{} is {}{}", first.path, what, more);
}

void rewrite_drive_lists(archive::Archive& archive, archive::Editor& editor, const archive::Volume& volume,
                         const RepairOptions& options, std::shared_ptr<const files::Fd> root) {
  archive::View view = archive.view();
  DriveJob job;
  const std::string& folder = options.folder;
  job.target = {folder, volume.label, volume.sealed};
  job.root = std::move(root);
  job.identity = files::identify_volume(folder);
  job.volume = view.volume(volume.row);
  job.drive = *job.volume->drive;
  BackupOptions writing;
  if (const auto note = vouched(view, read_drive_note(job.root->get()))) {
    job.drive.sequence = std::max(job.drive.sequence, note->drive.sequence);
    job.noted_tree_size = note->checkpoint.size;
    // Whoever left the snapshot out had a reason.
    writing.snapshot = std::ranges::any_of(note->tag_files, [](const auto& one) {
      return one.first.starts_with(std::string(layout::kFolder) + "/" + layout::kSnapshot);
    });
  }
  for (const archive::RecoveryRecipient& one : archive::recovery_recipients(view))
    if (writing.recipients.empty()) writing.recipients.push_back(one.recipient);  // the newest
  for (const std::string& one : options.recipients)
    if (std::ranges::find(writing.recipients, one) == writing.recipients.end())
      writing.recipients.push_back(one);
  BackupReport report;
  editor.state_drive(volume.row, write_drive_files(archive, view, job, writing, report));
  editor.commit();
}

}  // namespace dalil::drives
