#include "dalil/files/handle.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace dalil::files {

namespace {

FileKind kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileKind::regular;
    case S_IFDIR:
      return FileKind::directory;
    case S_IFLNK:
      return FileKind::symlink;
    case S_IFIFO:
      return FileKind::fifo;
    case S_IFSOCK:
      return FileKind::socket;
    case S_IFBLK:
      return FileKind::block_device;
    case S_IFCHR:
      return FileKind::char_device;
    default:
      return FileKind::unknown;
  }
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileStat convert(const struct stat& from) {
  FileStat to;
  to.kind = kind_of(from.st_mode);
  to.device = from.st_dev;
  to.inode = from.st_ino;
  to.links = from.st_nlink;
  to.size_bytes = from.st_size > 0 ? static_cast<std::uint64_t>(from.st_size) : 0;
  to.mtime_ns = nanoseconds(from.st_mtim);
  to.ctime_ns = nanoseconds(from.st_ctim);
  return to;
}

}  // namespace

void keep_standard_descriptors_only() {
  constexpr int kFirst = STDERR_FILENO + 1;
  if (::syscall(SYS_close_range, kFirst, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  rlimit limit{};  // a kernel before Linux 5.11
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = 1 << 20;
  for (int fd = kFirst; static_cast<rlim_t>(fd) < limit.rlim_cur; ++fd)
    (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void Fd::reset() {
  // Never retried: Linux releases the descriptor even when close reports EINTR.
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

const char* name_of(FileKind kind) {
  switch (kind) {
    case FileKind::regular:
      return "regular file";
    case FileKind::directory:
      return "directory";
    case FileKind::symlink:
      return "symbolic link";
    case FileKind::fifo:
      return "FIFO";
    case FileKind::socket:
      return "socket";
    case FileKind::block_device:
      return "block device";
    case FileKind::char_device:
      return "character device";
    case FileKind::unknown:
      break;
  }
  return "unknown";
}

StatResult stat_at(int directory_fd, const char* name) {
  struct stat found;
  if (::fstatat(directory_fd, name, &found, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) return {{}, errno};
  return {convert(found), 0};
}

StatResult stat_fd(int fd) {
  struct stat found;
  if (::fstat(fd, &found) != 0) return {{}, errno};
  return {convert(found), 0};
}

std::uint64_t raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

}  // namespace dalil::files
