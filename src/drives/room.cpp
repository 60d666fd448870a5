#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <memory>

#include "dalil/base/error.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/content.hpp"
#include "layout.hpp"
#include "parity_plan.hpp"
#include "parts.hpp"
#include "stores.hpp"

/// Whether a drive has room for what is to come, judged before anything is copied.
namespace dalil::drives {

namespace {

constexpr std::uint64_t kListBytesAFile = 512;  ///< its place in lists and folders, at most
constexpr std::uint64_t kMarginBytes = 1 << 20;
constexpr std::uint64_t kBlock = 4096;
constexpr std::uint64_t kStatBlock = 512;  ///< st_blocks counts these, whatever the file system

struct Held {
  std::uint64_t files = 0, bytes = 0;
};

/// What the files of a folder take on the drive.
Held held_in(Folders& folders, const char* path, std::string_view name_end) {
  int error_number = 0;
  const auto folder = folders.open(path, error_number);
  Held held;
  if (!folder) return held;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(
      ::fdopendir(::openat(folder->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), &::closedir);
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
    struct stat status {};
    if (!std::string_view(entry->d_name).ends_with(name_end) ||
        ::fstatat(folder->get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode))
      continue;
    ++held.files;
    held.bytes += static_cast<std::uint64_t>(status.st_blocks) * kStatBlock;
  }
  return held;
}

/// What `clear_partial` is about to free.
std::uint64_t bytes_to_clear(Folders& folders, const DriveJob& job) {
  std::uint64_t bytes = held_in(folders, layout::kPartial, ".part").bytes;
  bytes += held_in(folders, layout::kParityScratch, "").bytes;
  if (job.of_an_earlier_version) bytes += held_in(folders, layout::kEarlierPartial, ".age").bytes;
  return bytes;
}

class RoomCheck {
 public:
  RoomCheck(const archive::Archive& archive, const BackupOptions& options,
            const std::vector<PlannedFile>& plan, DriveJob& job, const jobs::StopFlag& stop)
      : archive_(archive),
        view_(archive.view()),
        options_(options),
        plan_(plan),
        job_(job),
        stop_(stop),
        folders_(job.root->get()) {}

  void run() {
    parity_ = room_for_parity(options_, plan_, job_);
    if (job_.report.to_copy == 0 && parity_ == 0) return;
    if (!job_.identity.free_bytes) return;  // then it is noticed when the drive is full
    free_ = *job_.identity.free_bytes + bytes_to_clear(folders_, job_);
    if (need([](std::size_t) { return false; }) <= free_) return;
    // What lies there already is read only where that decides.
    const std::uint64_t needed = need([this](std::size_t i) { return is_there(i); });
    if (needed > free_ && !stop_.requested()) refuse(needed);
  }

 private:
  template <typename IsThere>
  std::uint64_t need(const IsThere& lies_there) {
    // The tree's leaves take 32 bytes each.
    std::uint64_t bytes = kMarginBytes + parity_ + view_.reader().size() * (Digest::kSize + 1);
    if (options_.snapshot && !options_.recipients.empty()) bytes += archive_.ledger().database_bytes();
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      const Action action = job_.actions[i];
      if (action == Action::leave_out) continue;
      bytes += kListBytesAFile;
      if (action == Action::there || (action == Action::examine && lies_there(i))) continue;
      bytes += (size_on_drive(job_, options_.recipients.size(), plan_[i].size_bytes) + kBlock - 1) / kBlock *
               kBlock;
    }
    return bytes;
  }

  /// A file that no entry knows, or that is not as it was recorded, and has the right content all the same.
  bool is_there(std::size_t i) {
    std::string path;
    Digest digest = plan_[i].digest;
    if (job_.sealed()) {
      const auto object = job_.superseded.find(i);
      if (object == job_.superseded.end()) return false;
      path = object->second.path;
      digest = view_.copy(object->second.seq).digest_on_volume();
    } else {
      path = *job_.target_path(plan_[i], options_.rename_safe);
      if (folders_.stat(path).stat.size_bytes != plan_[i].size_bytes) return false;
    }
    const auto [directory, name] = split_path(path);
    int error_number = 0;
    const auto folder = folders_.open(directory, error_number);
    if (!folder || stop_.requested()) return false;
    const std::vector<jobs::FileTask> task{{folder, directory, name, {}}};
    std::vector<jobs::Content> contents = reader_.open(task);
    jobs::Progress uncounted;
    reader_.read(task, contents, {crypto::TagNonce{}}, uncounted, stop_);
    return !reader_.stopped() && contents[0].ok() && contents[0].digest == digest;
  }

  [[noreturn]] void refuse(std::uint64_t needed) {
    if (needed - parity_ <= free_)
      throw Error(
          ErrorCode::io,
          fmt::format("{} has too little room for parity: {} bytes are needed, {} of them for parity, "
                      "and {} are free",
                      quoted(job_.target.folder), needed, parity_, free_),
          "ask for less of it (--parity 1%) or leave it out; nothing was written");
    std::string hint =
        "select less (--incident, --date, --below), or take a larger drive; nothing was written";
    std::uint64_t unknown = 0;
    if (job_.sealed() && !options_.dry_run) unknown = set_aside_unknown_objects(job_, folders_);
    if (unknown > 0)
      hint = fmt::format(
          "select less, or take a larger drive; nothing was copied, and {} that no entry knows, as a killed "
          "run "
          "leaves them, went to dalil/aside",
          unknown == 1 ? "an object" : fmt::format("{} objects", unknown));
    if (const Held aside = held_in(folders_, layout::kAside, ""); aside.bytes > 0)
      hint += fmt::format(
          "; {} bytes are in dalil/aside of it: if this archive is the newest and nothing there "
          "is of use any more, remove that by hand",
          aside.bytes);
    throw Error(ErrorCode::io,
                fmt::format("{} has too little room: {} bytes are needed and {} are free",
                            quoted(job_.target.folder), needed, free_),
                hint);
  }

  const archive::Archive& archive_;
  archive::View view_;
  const BackupOptions& options_;
  const std::vector<PlannedFile>& plan_;
  DriveJob& job_;
  const jobs::StopFlag& stop_;
  Folders folders_;
  std::uint64_t free_ = 0, parity_ = 0;
  jobs::ContentReader reader_{
      {}, {.digest = true, .tags = false, .sniff = false, .from = files::ReadFrom::medium}};
};

}  // namespace

void refuse_lack_of_room(const archive::Archive& archive, const BackupOptions& options,
                         const std::vector<PlannedFile>& plan, DriveJob& job, const jobs::StopFlag& stop) {
  RoomCheck(archive, options, plan, job, stop).run();
}

}  // namespace dalil::drives
