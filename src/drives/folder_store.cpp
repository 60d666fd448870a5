#include "stores.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "layout.hpp"

namespace dalil::drives {

namespace {

/// How much is left to the kernel before it is told to begin writing: its own patience is longer than a
/// drive's.
constexpr std::uint64_t kWriteOutBytes = 8 << 20;
constexpr std::uint64_t kMostNoteBytes = 16 << 20;

jobs::ContentNeeds reading(files::ReadFrom from) {
  return {.digest = true, .tags = false, .sniff = false, .from = from};
}

/// Errors that are about one name, not about the drive.
bool concerns_one_file(int error_number) {
  return error_number == EINVAL || error_number == ENAMETOOLONG || error_number == EEXIST ||
         error_number == ENOTDIR || error_number == ELOOP || error_number == EILSEQ || error_number == EISDIR;
}

}  // namespace

DriveFailure DriveFailure::from(const std::string& action, const std::string& subject, int error_number) {
  Kind kind = Kind::failed;
  if (error_number == ENOSPC || error_number == EDQUOT) kind = Kind::full;
  if (error_number == ENODEV || error_number == ENXIO || error_number == ENOTCONN || error_number == ESTALE ||
      error_number == ESHUTDOWN)
    kind = Kind::gone;
  return {kind, system_error(action, subject, error_number).what()};
}

std::optional<std::string> read_drive_file(int root_fd, const std::string& path) {
  const files::Opened opened = files::open_regular(root_fd, path.c_str());
  if (opened.error_number != 0 || opened.stat.size_bytes > kMostNoteBytes) return std::nullopt;
  std::string bytes(static_cast<std::size_t>(opened.stat.size_bytes), '\0');
  const ssize_t got = ::pread(opened.fd.get(), bytes.data(), bytes.size(), 0);
  if (got < 0 || static_cast<std::size_t>(got) != bytes.size()) return std::nullopt;
  return bytes;
}

NoteOnDrive read_drive_note(int root_fd) {
  NoteOnDrive read{read_drive_file(root_fd, layout::kNote), {}, {}};
  if (read.bytes) read.signed_note = merkle::Note::parse(*read.bytes);
  if (read.signed_note) read.note = DriveNote::parse(read.signed_note->text);
  return read;
}

namespace {
void clear(const files::Fd& folder, std::string_view name_end) {
  files::Walker walker(fmt::format("/proc/self/fd/{}", folder.get()));
  if (const auto listed = walker.next())
    for (const auto& entry : listed->entries)
      if (entry.stat.kind == files::FileKind::regular && entry.name.ends_with(name_end))
        ::unlinkat(folder.get(), entry.name.c_str(), 0);
}
}  // namespace

void clear_folder(const files::Fd& folder) {
  std::error_code failed;
  // Neither the listing nor the removal of a name in it follows a link.
  std::filesystem::directory_iterator entry(fmt::format("/proc/self/fd/{}", folder.get()), failed);
  for (std::error_code none; !failed && entry != std::filesystem::directory_iterator();
       entry.increment(failed))
    std::filesystem::remove_all(entry->path(), none);
}

void clear_partial(Folders& folders, bool of_an_earlier_version) {
  int error_number = 0;
  const auto partial = folders.make(layout::kPartial, error_number);
  if (!partial) throw DriveFailure::from("make the folder", layout::kPartial, error_number);
  clear(*partial, ".part");
  if (const auto scratch = folders.open(layout::kParityScratch, error_number)) clear_folder(*scratch);
  if (!of_an_earlier_version) return;
  if (const auto earlier = folders.open(layout::kEarlierPartial, error_number)) clear(*earlier, ".age");
}

std::string set_aside(Folders& folders, int folder, const std::string& name, const std::string& target) {
  int error_number = 0;
  const auto aside = folders.make(layout::kAside, error_number);
  if (!aside) throw DriveFailure::from("make the folder", layout::kAside, error_number);
  constexpr std::size_t kLongestName = 200;
  std::string kept = to_hex(crypto::random_array<4>()) + "-" + name.substr(0, kLongestName);
  constexpr unsigned kNoReplace = 1;
  if (::syscall(SYS_renameat2, folder, name.c_str(), aside->get(), kept.c_str(), kNoReplace) != 0 &&
      ::renameat(folder, name.c_str(), aside->get(), kept.c_str()) != 0)
    throw DriveFailure::from("set aside", target, errno);
  return kept;
}

FolderStore::FolderStore(std::shared_ptr<const files::Fd> root, std::string mount, archive::DriveId id)
    : root_(std::move(root)),
      mount_(std::move(mount)),
      id_(id),
      folders_(root_->get()),
      large_({}, reading(files::ReadFrom::medium)),
      small_({}, reading(files::ReadFrom::dropped_pages)) {
  int error_number = 0;
  partial_ = folders_.make(layout::kPartial, error_number);
  if (!partial_) throw DriveFailure::from("make the folder", layout::kPartial, error_number);
}

void FolderStore::prepare() {
  abandon();
  part_ = fmt::format("{:08x}.part", next_++);
  file_ = files::Fd(
      ::openat(partial_->get(), part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) throw DriveFailure::from("create a file on", mount_, errno);
  written_ = written_out_ = 0;
}

void FolderStore::put(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file_.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw DriveFailure::from("write to", mount_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    written_ += static_cast<std::uint64_t>(put);
  }
  if (written_ - written_out_ < kWriteOutBytes) return;
  (void)::sync_file_range(file_.get(), static_cast<off_t>(written_out_),
                          static_cast<off_t>(written_ - written_out_), SYNC_FILE_RANGE_WRITE);
  written_out_ = written_;
}

std::string FolderStore::close_part() {
  file_.reset();
  return std::exchange(part_, {});
}

void FolderStore::abandon() {
  file_.reset();
  if (!part_.empty()) ::unlinkat(partial_->get(), std::exchange(part_, {}).c_str(), 0);
}

void FolderStore::sync() {
  if (::syncfs(partial_->get()) != 0) throw DriveFailure::from("write everything to", mount_, errno);
}

std::vector<std::string> FolderStore::read_back(const std::vector<Pending>& files,
                                                const jobs::StopFlag& stop) {
  std::vector<std::string> answers(files.size());
  // Small ones with their pages dropped, since many of them can be fetched at once; long ones around the
  // cache.
  for (const bool small : {true, false}) {
    jobs::ContentReader& reader = small ? small_ : large_;
    std::vector<std::size_t> which;
    const auto read = [&] {
      std::vector<jobs::FileTask> tasks;
      tasks.reserve(which.size());
      for (const std::size_t i : which) tasks.push_back({partial_, layout::kPartial, files[i].part, {}});
      std::vector<jobs::Content> contents = reader.open(tasks);
      jobs::Progress uncounted;
      reader.read(tasks, contents, std::vector<crypto::TagNonce>(tasks.size()), uncounted, stop);
      for (std::size_t k = 0; k < which.size(); ++k) {
        const jobs::Content& content = contents[k];
        std::string& answer = answers[which[k]];
        ++read_paths_[content.path];
        if (reader.stopped())
          answer = "stopped";
        else if (content.error_number != 0)
          answer = fmt::format("could not be read back: {}", std::strerror(content.error_number));
        else if (!content.bad.empty())
          answer = fmt::format("could not be read back from byte {}: {}", content.bad.front().offset,
                               std::strerror(content.bad.front().error_number));
        else if (content.digest != files[which[k]].digest)
          answer = "was read back with another content than was written: the drive or its cable fails";
      }
      which.clear();
    };
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if ((files[i].size_bytes <= jobs::kSmallFile) != small) continue;
      which.push_back(i);
      bytes += files[i].size_bytes;
      if (which.size() < jobs::kBatchFiles && bytes < jobs::kBatchBytes) continue;
      read();
      bytes = 0;
    }
    if (!which.empty()) read();
  }
  return answers;
}

std::optional<Stored> FolderStore::publish(const Pending& file, std::string& why) {
  const auto [directory, name] = split_path(file.file.target);
  int error_number = 0;
  const auto folder = folders_.make(directory, error_number);
  if (!folder) {
    if (!concerns_one_file(error_number)) throw DriveFailure::from("make a folder on", mount_, error_number);
    why = fmt::format("its folder cannot be made: {}", std::strerror(error_number));
    return std::nullopt;
  }
  constexpr unsigned kNoReplace = 1;
  long done =
      ::syscall(SYS_renameat2, partial_->get(), file.part.c_str(), folder->get(), name.c_str(), kNoReplace);
  if (done != 0 && errno == EINVAL && files::stat_at(folder->get(), name.c_str()).error_number == ENOENT)
    done = ::renameat(partial_->get(), file.part.c_str(), folder->get(),
                      name.c_str());  // a file system without it
  if (done != 0) {
    error_number = errno;
    if (!concerns_one_file(error_number))
      throw DriveFailure::from("move a file to its place on", mount_, error_number);
    why = fmt::format("cannot be put at its place: {}", std::strerror(error_number));
    return std::nullopt;
  }
  const files::StatResult found = files::stat_at(folder->get(), name.c_str());
  if (found.error_number != 0) throw DriveFailure::from("examine a file on", mount_, found.error_number);
  return Stored{file.file.target, found.stat, file.object};
}

void FolderStore::discard(const Pending& file) {
  ::unlinkat(partial_->get(), file.part.c_str(), 0);
}

void FolderStore::check_identity() {
  const files::Fd now(::open(mount_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto gone = [this](const char* what) {
    return DriveFailure(DriveFailure::Kind::gone, fmt::format("{} '{}'", what, escape_for_display(mount_)));
  };
  if (!now) throw gone("the drive is no longer at");
  const files::StatResult there = files::stat_fd(now.get()), ours = files::stat_fd(root_->get());
  if (there.error_number != 0 || ours.error_number != 0) throw gone("the drive does not answer at");
  if (there.stat.device != ours.stat.device || there.stat.inode != ours.stat.inode)
    throw gone("another drive or folder is now at");
  const std::optional<DriveNote> note = read_drive_note(now.get()).note;
  if (!note || note->drive.id != id_) throw gone("the drive's note is not what it was at");
}

std::string FolderStore::read_path() const {
  std::string text;
  for (const auto& [path, number] : read_paths_) {
    const char* name = path == files::ReadPath::direct ? "around the cache"
                       : path == files::ReadPath::dropped_pages
                           ? "after dropping it from the cache"
                           : "from memory: this file system has no medium, or its pages stay";
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", number, name);
  }
  return text;
}

}  // namespace dalil::drives
