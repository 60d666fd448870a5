#include "repair_place.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "dalil/archive/model.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/attributes.hpp"
#include "dalil/files/walk.hpp"
#include "layout.hpp"
#include "store.hpp"

namespace dalil::drives {

namespace {

constexpr std::size_t kLongestName = 180;
constexpr std::size_t kPrefixDigits = 12;
constexpr unsigned kNoReplace = 1, kExchange = 2;

long rename_with(int from_fd, const std::string& from, int to_fd, const std::string& to, unsigned flags) {
  return ::syscall(SYS_renameat2, from_fd, from.c_str(), to_fd, to.c_str(), flags);
}

timespec to_timespec(std::int64_t ns) {
  timespec time{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  if (time.tv_nsec < 0) {
    --time.tv_sec;
    time.tv_nsec += 1'000'000'000;
  }
  return time;
}

bool same_file(const files::FileStat& a, const files::FileStat& b) {
  return a.kind == b.kind && a.device == b.device && a.inode == b.inode && a.size_bytes == b.size_bytes &&
         a.mtime_ns == b.mtime_ns;
}

/// Begins the names of what lay at a path.
std::string prefix_of(const std::string& path) {
  return crypto::sha256(as_bytes(path)).hex().substr(0, kPrefixDigits);
}

/// Both in a folder, under one inode.
bool same_inode(const files::StatResult& a, const files::StatResult& b) {
  return a.error_number == 0 && b.error_number == 0 && a.stat.device == b.stat.device &&
         a.stat.inode == b.stat.inode;
}

}  // namespace

FileManners manners_of(int fd) {
  FileManners manners;
  struct stat status {};
  if (::fstat(fd, &status) == 0) manners.mode = status.st_mode & 0777;
  manners.mtime_ns = files::stat_fd(fd).stat.mtime_ns;
  manners.attributes = files::user_attributes(fd);
  return manners;
}

RepairPlace::RepairPlace(std::shared_ptr<const files::Fd> root, std::string folder, bool is_drive)
    : root_(std::move(root)),
      mount_(std::move(folder)),
      aside_path_(is_drive ? std::string(layout::kAside) : std::string(archive::kAsideFolder)),
      partial_path_(is_drive ? std::string(layout::kPartial) : aside_path_ + "/partial"),
      folders_(root_->get()) {}

void RepairPlace::clear_parts() {
  int error_number = 0;
  const auto partial = folders_.open(partial_path_, error_number);
  if (!partial) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(
      ::fdopendir(::openat(partial->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), &::closedir);
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name.starts_with("repair-") && name.ends_with(".part")) ::unlinkat(partial->get(), entry->d_name, 0);
  }
}

void RepairPlace::sync(int fd) const {
  if (::fsync(fd) != 0) throw DriveFailure::from("write everything to", mount_, errno);
}

void RepairPlace::begin(std::uint64_t size_bytes) {
  discard();
  int error_number = 0;
  if (!partial_) partial_ = folders_.make(partial_path_, error_number);
  if (!partial_) throw DriveFailure::from("make the folder", partial_path_, error_number);
  do {
    part_name_ = fmt::format("repair-{:08x}.part", next_++);
    part_ = files::Fd(::openat(partial_->get(), part_name_.c_str(),
                               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    // A part of a run that was killed: what it replaced is set aside, if it did.
    if (!part_ && errno == EEXIST && ::unlinkat(partial_->get(), part_name_.c_str(), 0) != 0) break;
  } while (!part_ && errno == EEXIST);
  if (!part_) throw DriveFailure::from("create a file on", mount_, errno);
  if (::ftruncate(part_.get(), static_cast<off_t>(size_bytes)) != 0)
    throw DriveFailure::from("write to", mount_, errno);
}

void RepairPlace::put(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(part_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw DriveFailure::from("write to", mount_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
}

std::string RepairPlace::finish(const FileManners& manners) {
  std::string lost = files::set_attributes(part_.get(), manners.attributes);
  if (!lost.empty()) lost.insert(0, "without its attribute ");
  (void)::fchmod(part_.get(), manners.mode & 0777);
  const timespec times[2] = {{0, UTIME_OMIT}, to_timespec(manners.mtime_ns)};
  if (::futimens(part_.get(), times) != 0)
    lost += fmt::format("{}without its time", lost.empty() ? "" : ", ");
  sync(part_.get());
  return lost;
}

std::optional<Digest> RepairPlace::read_back(const jobs::StopFlag& stop) {
  const files::Opened opened =
      files::open_regular(partial_->get(), part_name_.c_str(), files::ReadFrom::medium);
  if (opened.error_number != 0) return std::nullopt;
  read_path_ = opened.path;
  files::AlignedBuffer buffer(std::size_t{1} << 20);
  crypto::Sha256Stream hash;
  const auto result = files::read_through(
      opened.fd.get(), buffer, [&](std::uint64_t, ByteView bytes, bool) { hash.update(bytes); }, UINT64_MAX,
      [&stop](int fd, void* to, std::size_t size, std::uint64_t offset) {
        if (stop.requested()) return std::int64_t{0};
        return std::int64_t{::pread(fd, to, size, static_cast<off_t>(offset))};
      });
  if (!result.ok() || stop.requested()) return std::nullopt;
  return hash.finish();
}

void RepairPlace::discard() {
  part_.reset();
  if (!part_name_.empty()) ::unlinkat(partial_->get(), std::exchange(part_name_, {}).c_str(), 0);
}

std::string RepairPlace::aside_name(const std::string& path, unsigned number) const {
  const std::string name = split_path(path).second.substr(0, kLongestName);
  return number == 0 ? fmt::format("{}-{}", prefix_of(path), name)
                     : fmt::format("{}-{}.{}", prefix_of(path), name, number);
}

/// A second name for what lies there; empty if the file system or the kind of file has none.
std::string RepairPlace::keep(int folder, const std::string& name, const std::string& path) {
  for (unsigned number = 0;; ++number) {
    const std::string kept = aside_name(path, number);
    if (::linkat(folder, name.c_str(), aside_->get(), kept.c_str(), 0) == 0) return kept;
    if (errno != EEXIST) return {};
    // A run that was killed may have got this far.
    if (same_inode(files::stat_at(folder, name.c_str()), files::stat_at(aside_->get(), kept.c_str())))
      return kept;
  }
}

std::string RepairPlace::move_away(int folder, const std::string& name, const std::string& path) {
  for (unsigned number = 0;; ++number) {
    const std::string kept = aside_name(path, number);
    if (rename_with(folder, name, aside_->get(), kept, kNoReplace) == 0) return kept;
    if (errno == EINVAL && files::stat_at(aside_->get(), kept.c_str()).error_number == ENOENT &&
        ::renameat(folder, name.c_str(), aside_->get(), kept.c_str()) == 0)
      return kept;
    if (errno != EEXIST && errno != EINVAL) throw DriveFailure::from("set aside", path, errno);
  }
}

RepairPlace::Published RepairPlace::publish(const std::string& path,
                                            const std::optional<files::FileStat>& seen) {
  Published published;
  const auto [directory, name] = split_path(path);
  int error_number = 0;
  auto folder = folders_.open(directory, error_number);
  const bool is_new_folder = !folder && error_number == ENOENT;
  if (is_new_folder) folder = folders_.make(directory, error_number);
  if (!folder) {
    published.fault = fmt::format("its folder cannot be made: {}", std::strerror(error_number));
    return published;
  }
  if (!aside_) aside_ = folders_.make(aside_path_, error_number);
  if (!aside_) throw DriveFailure::from("make the folder", aside_path_, error_number);
  const files::StatResult there = files::stat_at(folder->get(), name.c_str());
  const bool is_there = there.error_number != ENOENT;
  if (is_there != seen.has_value() || (seen && there.error_number == 0 && !same_file(*seen, there.stat))) {
    published.fault = "changed while it was repaired";
    return published;
  }
  std::string kept;
  if (is_there) {
    kept = keep(folder->get(), name, path);
    if (kept.empty()) kept = move_away(folder->get(), name, path);
    sync(aside_->get());
  }
  long done = rename_with(partial_->get(), part_name_, folder->get(), name, kExchange);
  if (done == 0) {
    // Whatever came there in the last moment is not lost either.
    if (!same_inode(files::stat_at(partial_->get(), part_name_.c_str()),
                    files::stat_at(aside_->get(), kept.c_str())))
      move_away(partial_->get(), part_name_, path);
    else
      ::unlinkat(partial_->get(), part_name_.c_str(), 0);
  } else {
    // Nothing is there (any more), or the file system does not exchange.
    done = errno == ENOENT ? rename_with(partial_->get(), part_name_, folder->get(), name, kNoReplace)
                           : ::renameat(partial_->get(), part_name_.c_str(), folder->get(), name.c_str());
    if (done != 0 && errno == EINVAL)
      done = ::renameat(partial_->get(), part_name_.c_str(), folder->get(), name.c_str());
  }
  if (done != 0) throw DriveFailure::from("move a file to its place on", mount_, errno);
  part_.reset();
  part_name_.clear();
  if (is_new_folder && ::syncfs(root_->get()) != 0)
    throw DriveFailure::from("write everything to", mount_, errno);
  sync(folder->get());
  sync(partial_->get());
  published.stat = files::stat_at(folder->get(), name.c_str()).stat;
  if (!kept.empty()) {
    published.set_aside = aside_path_ + "/" + kept;
    if (aside_index_) aside_index_->emplace(prefix_of(path), published.set_aside);
  }
  return published;
}

std::string RepairPlace::bring_back(const std::string& from, const std::string& path, std::int64_t mtime_ns) {
  const auto [from_directory, from_name] = split_path(from);
  const auto [directory, name] = split_path(path);
  int error_number = 0;
  const auto old_folder = folders_.open(from_directory, error_number);
  const auto folder = old_folder ? folders_.make(directory, error_number) : nullptr;
  if (!folder) return fmt::format("its folder cannot be made: {}", std::strerror(error_number));
  long done = rename_with(old_folder->get(), from_name, folder->get(), name, kNoReplace);
  if (done != 0 && errno == EINVAL && files::stat_at(folder->get(), name.c_str()).error_number == ENOENT)
    done = ::renameat(old_folder->get(), from_name.c_str(), folder->get(), name.c_str());
  if (done != 0)
    return fmt::format("cannot be brought back from {}: {}", escape_for_display(from), std::strerror(errno));
  const timespec times[2] = {{0, UTIME_OMIT}, to_timespec(mtime_ns)};
  (void)::utimensat(folder->get(), name.c_str(), times, AT_SYMLINK_NOFOLLOW);
  if (::syncfs(root_->get()) != 0) throw DriveFailure::from("write everything to", mount_, errno);
  return {};
}

std::string RepairPlace::set_aside(const std::string& path) {
  const auto [directory, name] = split_path(path);
  int error_number = 0;
  const auto folder = folders_.open(directory, error_number);
  if (!folder) throw DriveFailure::from("open the folder", directory, error_number);
  if (!aside_) aside_ = folders_.make(aside_path_, error_number);
  if (!aside_) throw DriveFailure::from("make the folder", aside_path_, error_number);
  const std::string kept = aside_path_ + "/" + move_away(folder->get(), name, path);
  sync(aside_->get());
  sync(folder->get());
  return kept;
}

void RepairPlace::list_aside() {
  aside_index_.emplace();
  int error_number = 0;
  Folders folders(root_->get());
  const auto folder = folders.open(aside_path_, error_number);
  if (!folder) return;
  files::Walker walker(fmt::format("/proc/self/fd/{}", folder->get()));
  if (const auto listed = walker.next())
    for (const auto& entry : listed->entries)
      if (entry.stat.kind == files::FileKind::regular)
        aside_index_->emplace(entry.name.substr(0, kPrefixDigits), aside_path_ + "/" + entry.name);
}

std::vector<std::string> RepairPlace::aside_of(const std::string& path) {
  if (!aside_index_) list_aside();
  std::vector<std::string> found;
  if (aside_index_->empty()) return found;
  const auto [first, last] = aside_index_->equal_range(prefix_of(path));
  for (auto at = first; at != last; ++at) found.push_back(at->second);
  return found;
}

bool RepairPlace::remove_aside(const std::string& set_aside) {
  if (!aside_ || ::unlinkat(aside_->get(), split_path(set_aside).second.c_str(), 0) != 0) return false;
  if (aside_index_) std::erase_if(*aside_index_, [&](const auto& one) { return one.second == set_aside; });
  sync(aside_->get());
  return true;
}

void RepairPlace::remove_empty_folders() {
  // What is not empty stays by itself.
  for (const std::string& path : {partial_path_, aside_path_})
    ::unlinkat(root_->get(), path.c_str(), AT_REMOVEDIR);
}

std::string RepairPlace::read_path() const {
  if (!read_path_) return "";
  return *read_path_ == files::ReadPath::direct          ? "direct"
         : *read_path_ == files::ReadPath::dropped_pages ? "dropped pages"
                                                         : "cache allowed";
}

}  // namespace dalil::drives
