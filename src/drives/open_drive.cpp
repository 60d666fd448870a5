#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/attributes.hpp"
#include "dalil/files/walk.hpp"
#include "layout.hpp"
#include "parts.hpp"
#include "stores.hpp"

namespace dalil::drives {

std::string quoted(const std::string& text) {
  return "'" + escape_for_display(text) + "'";
}

namespace {

/// What systems put on a drive that nobody used yet.
bool is_of_the_system(std::string_view name) {
  static constexpr std::array kNames{"lost+found",      "System Volume Information",
                                     "$RECYCLE.BIN",    ".Trashes",
                                     ".Spotlight-V100", ".fseventsd",
                                     ".DS_Store",       ".TemporaryItems"};
  return std::ranges::find(kNames, name) != kNames.end() || name.starts_with(".Trash-");
}

Error wrong_drive(const DriveJob& job, const std::string& why, const std::string& hint) {
  return Error(ErrorCode::conflict,
               fmt::format("{} is not the drive of volume {}: {}", quoted(job.target.folder),
                           quoted(job.target.volume), why),
               hint);
}

/// What mends a drive whose note is damaged or gone.
std::string mend_hint(const DriveJob& job) {
  if (!job.volume || !job.volume->drive) return "mount the right drive, or name another volume for a new one";
  return fmt::format(
      "if it is this drive all the same, 'dalil repair {} --volume {}' makes its note and lists anew",
      escape_for_display(job.target.folder), escape_for_display(job.target.volume));
}

/// The drive's note, if anybody who may sign for this archive signed it. Absent if there is none.
std::optional<DriveNote> note_of(archive::View& view, const DriveJob& job, const std::string& origin) {
  NoteOnDrive read = read_drive_note(job.root->get());
  if (!read.bytes) return std::nullopt;
  const auto bad = [&](const std::string& why) {
    return wrong_drive(job, why, fmt::format("nothing was written; {}", mend_hint(job)));
  };
  if (!read.note) throw bad("its dalil/drive.note is damaged");
  if (read.note->origin != origin)
    throw wrong_drive(job, "it belongs to another archive", "nothing was written; mount the right drive");
  if (!is_signed_for(view, *read.signed_note)) throw bad("nobody of this archive has signed its note");
  return std::move(read.note);
}

/// In words, by the identity in its note.
std::string whose(archive::View& view, const archive::DriveId& id) {
  for (const archive::Volume& volume : view.volumes())
    if (volume.drive && volume.drive->id == id) return "that of volume " + quoted(volume.label);
  return "one that the archive does not know";
}

bool is_empty(const std::string& folder) {
  files::Walker walker(folder);
  const auto root = walker.next();
  if (!root || root->error_number != 0) throw system_error("list", folder, root ? root->error_number : EIO);
  return std::ranges::all_of(root->entries, [](const auto& entry) { return is_of_the_system(entry.name); });
}

/// A folder that has a `dalil` folder and no note: a run was killed before it wrote one.
bool was_only_begun(const DriveJob& job) {
  files::Walker walker(job.target.folder);
  const auto root = walker.next();
  return root && std::ranges::all_of(root->entries, [](const auto& entry) {
           return is_of_the_system(entry.name) || entry.name == layout::kFolder;
         });
}

/// Names of objects are random: one that the ledger has proves which drive it is.
bool has_an_object(archive::View& view, const DriveJob& job) {
  Folders folders(job.root->get());
  bool found = false;
  view.for_each_copy(job.volume->row, [&](archive::Row, const std::string& directory,
                                          const std::vector<archive::CopyRow>& rows) {
    for (const archive::CopyRow& row : rows) {
      if (found) return;
      found = row.state == archive::CopyRow::State::live &&
              folders.stat(files::join_path(directory, row.name)).error_number == 0;
    }
  });
  return found;
}

void begin_new(archive::View& view, DriveJob& job) {
  job.is_new = true;
  job.drive = archive::Drive{};
  job.drive.kind = job.target.sealed ? archive::DriveKind::sealed : archive::DriveKind::plain;
  job.drive.id = crypto::random_array<16>();
  const bool known =
      job.volume && (job.volume->live_copies > 0 || (job.volume->drive && job.volume->drive->sequence > 0));
  if (known && job.sealed() && !job.volume->drive && has_an_object(view, job)) {
    job.of_an_earlier_version = true;
    return;
  }
  if (known)
    throw wrong_drive(
        job,
        fmt::format("the archive knows of {} copies there, and the folder has no note of a drive",
                    job.volume->live_copies),
        job.volume->drive ? "mount the right drive, or name another volume for a new one; " + mend_hint(job)
                          : mend_hint(job));
  if (job.volume && !job.volume->uuid.empty() && !job.identity.uuid.empty() &&
      job.volume->uuid != job.identity.uuid)
    throw wrong_drive(
        job, fmt::format("its file system is {}, and {} was recorded", job.identity.uuid, job.volume->uuid),
        "mount the right drive, or name another volume for a new one");
  if (!is_empty(job.target.folder) && !was_only_begun(job))
    throw Error(ErrorCode::conflict,
                fmt::format("{} is not empty and is no backup drive", quoted(job.target.folder)),
                "make an empty folder on it, and give that");
}

/// A drive stays what it is. Whoever asks for a sealed one must not get a plain one.
void settle_kind(DriveJob& job) {
  if (!job.volume) return;
  const bool used = job.volume->live_copies > 0 || job.volume->drive;
  if (job.target.sealed && !job.volume->sealed && used)
    throw Error(ErrorCode::conflict,
                fmt::format("volume {} is a plain drive, and cannot be sealed", quoted(job.target.volume)),
                "name an empty drive and another label for it");
  job.target.sealed = job.target.sealed || job.volume->sealed;
}

}  // namespace

bool is_signed_for(archive::View& view, const merkle::Note& note) {
  std::vector<merkle::NoteKey> keys;
  for (const ledger::Signer& signer : view.reader().signers()) keys.push_back(signer.key);
  const auto check = merkle::check(note, keys);
  return !check.rejected && !check.verified.empty();
}

DriveJob open_drive(const archive::Archive& archive, archive::View& view, const BackupTarget& target) {
  DriveJob job;
  job.target = target;
  job.root =
      std::make_shared<const files::Fd>(::open(target.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!*job.root) {
    const Error cause = system_error("open the drive's folder", target.folder, errno);
    throw Error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io, cause.what(),
                "is the drive mounted there?");
  }
  job.identity = files::identify_volume(target.folder);
  if (job.identity.read_only)
    throw Error(ErrorCode::io, fmt::format("{} is read-only", quoted(target.folder)),
                "its write protection may be on, or its file system damaged");
  job.limits = limits_of(job.identity.file_system);
  job.limits.attributes = job.limits.attributes && files::holds_attributes(job.root->get());
  job.volume = view.find_volume(target.volume);
  if (job.volume && job.volume->kind != archive::VolumeKind::backup)
    throw Error(ErrorCode::conflict, fmt::format("volume {} is no backup", quoted(target.volume)),
                "name a volume of kind backup, or a new one");
  settle_kind(job);
  const auto note = note_of(view, job, ledger::origin_of(archive.keyring().archive_id()));
  if (!note) {
    begin_new(view, job);
  } else {
    if (!job.volume || !job.volume->drive || job.volume->drive->id != note->drive.id)
      throw wrong_drive(job, "it is " + whose(view, note->drive.id), "see: dalil volume list");
    job.drive = *job.volume->drive;
    job.noted_tree_size = note->checkpoint.size;
    if (note->drive.sequence > job.drive.sequence) job.drive.sequence = note->drive.sequence;
  }
  job.report.label = target.volume;
  job.report.folder = target.folder;
  job.report.id = job.volume ? job.volume->id : "";
  job.report.file_system = job.identity.file_system;
  job.report.free_bytes = job.identity.free_bytes;
  job.report.is_new = job.is_new;
  job.report.sealed = job.sealed();
  return job;
}

}  // namespace dalil::drives
