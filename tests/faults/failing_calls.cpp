// A disk on which one call fails. DALIL_FAIL_CALL names the call (write, pwrite, writev, fsync, fdatasync,
// syncfs, rename, link, unlink, truncate, allocate, create, mkdir, close, map), DALIL_FAIL_AT says which one
// of them, from 1 on, as long as it concerns what lies below DALIL_FAIL_BELOW; DALIL_FAIL_HOW is an errno's
// name, or "short": half of what was to be written is. With DALIL_FAIL_STAYS all later calls of that name
// fail, too. "any" counts all of these calls. With KILL for DALIL_FAIL_HOW the process is killed before the
// call is made, with TORN after half of what was to be written is. DALIL_FAIL_LOG names a file that gets a
// line for each call, "CALL PATH", with "! " before it if it was made to fail.

#include <sys/mman.h>
#include <sys/uio.h>

#include <array>
#include <csignal>
#include <cstring>

#include "preload_open.hpp"

namespace {

using preload::absolute;
using preload::kernel;
using preload::path_of;
using preload::word;

struct Errno {
  const char* name;
  int number;
};
constexpr Errno kErrnos[] = {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EINTR", EINTR}, {"ENOMEM", ENOMEM}};
constexpr int kShort = -1, kTorn = -2;

bool is(const char* variable, std::string_view value) {
  const char* set = std::getenv(variable);
  return set != nullptr && value == set;
}

int how() {
  for (const Errno& one : kErrnos)
    if (is("DALIL_FAIL_HOW", one.name)) return one.number;
  return is("DALIL_FAIL_HOW", "TORN") ? kTorn : kShort;
}

void end_now() {
  kernel(SYS_kill, kernel(SYS_getpid), SIGKILL);
}

void log_call(std::string_view call, const std::string& path, bool failed) {
  const char* log = std::getenv("DALIL_FAIL_LOG");
  if (log == nullptr) return;
  const std::string line = std::string(failed ? "! " : "") + std::string(call) + " " + path + "\n";
  const long out = kernel(SYS_openat, AT_FDCWD, word(log), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (out < 0 || kernel(SYS_write, out, word(line.data()), static_cast<long>(line.size())) < 0) std::abort();
  kernel(SYS_close, out);
}

/// 0, an errno, or kShort: what becomes of this call.
int fate(std::string_view call, const std::string& path) {
  const std::lock_guard turn(preload::turn());
  static long calls = 0;
  if (!preload::is_below("DALIL_FAIL_BELOW", path)) return 0;
  bool fails = false;
  if (is("DALIL_FAIL_CALL", call) || is("DALIL_FAIL_CALL", "any")) {
    const char* at = std::getenv("DALIL_FAIL_AT");
    const long chosen = at == nullptr ? 0 : std::strtol(at, nullptr, 10);
    ++calls;
    fails = chosen > 0 && (calls == chosen || (calls > chosen && std::getenv("DALIL_FAIL_STAYS") != nullptr));
  }
  log_call(call, path, fails);
  if (fails && is("DALIL_FAIL_HOW", "KILL")) end_now();
  return fails ? how() : 0;
}

int failure(int number) {
  errno = number;
  return -1;
}

/// Makes a call that writes so many bytes, all of them or half.
template <typename Write>
ssize_t write_some(int fate, size_t size, Write write) {
  if (fate > 0) return failure(fate);
  const ssize_t written = write(static_cast<long>(fate < 0 && size > 1 ? size / 2 : size));
  if (fate == kTorn) end_now();
  return written;
}

}  // namespace

long preload::open_file(int directory, const char* path, int flags, mode_t mode) {
  if ((flags & O_CREAT) != 0)
    if (const int error = fate("create", absolute(directory, path)); error > 0) return failure(error);
  return kernel(SYS_openat, directory, word(path), flags, static_cast<long>(mode));
}

namespace {

int on_descriptor(const char* call, long number, int fd) {
  if (const int error = fate(call, path_of(fd)); error > 0) return failure(error);
  return static_cast<int>(kernel(number, fd));
}

int rename_file(int from, const char* old_path, int to, const char* new_path, unsigned flags) {
  if (const int error = fate("rename", absolute(to, new_path)); error > 0) return failure(error);
  return static_cast<int>(kernel(SYS_renameat2, from, word(old_path), to, word(new_path), flags));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* from, size_t size) {
  return write_some(fate("write", path_of(fd)), size,
                    [&](long some) { return kernel(SYS_write, fd, word(from), some); });
}
ssize_t pwrite(int fd, const void* from, size_t size, off_t offset) {
  return write_some(fate("pwrite", path_of(fd)), size,
                    [&](long some) { return kernel(SYS_pwrite64, fd, word(from), some, offset); });
}
ssize_t pwrite64(int, const void*, size_t, off64_t) __attribute__((alias("pwrite")));
ssize_t writev(int fd, const iovec* from, int count) {
  return write_some(fate("writev", path_of(fd)), static_cast<size_t>(count),
                    [&](long some) { return kernel(SYS_writev, fd, word(from), some); });
}
ssize_t pwritev(int fd, const iovec* from, int count, off_t offset) {
  return write_some(fate("writev", path_of(fd)), static_cast<size_t>(count),
                    [&](long some) { return kernel(SYS_pwritev, fd, word(from), some, offset, 0); });
}
ssize_t pwritev64(int, const iovec*, int, off64_t) __attribute__((alias("pwritev")));

int fsync(int fd) {
  return on_descriptor("fsync", SYS_fsync, fd);
}
int fdatasync(int fd) {
  return on_descriptor("fdatasync", SYS_fdatasync, fd);
}
int syncfs(int fd) {
  return on_descriptor("syncfs", SYS_syncfs, fd);
}
/// A descriptor is closed even when closing it fails.
int close(int fd) {
  const int error = fate("close", path_of(fd));
  const int done = static_cast<int>(kernel(SYS_close, fd));
  return error > 0 ? failure(error) : done;
}
int ftruncate(int fd, off_t size) {
  if (const int error = fate("truncate", path_of(fd)); error > 0) return failure(error);
  return static_cast<int>(kernel(SYS_ftruncate, fd, size));
}
int ftruncate64(int, off64_t) __attribute__((alias("ftruncate")));
int fallocate(int fd, int mode, off_t offset, off_t size) {
  if (const int error = fate("allocate", path_of(fd)); error > 0) return failure(error);
  return static_cast<int>(kernel(SYS_fallocate, fd, mode, offset, size));
}
int fallocate64(int, int, off64_t, off64_t) __attribute__((alias("fallocate")));

int rename(const char* from, const char* to) {
  return rename_file(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int a, const char* from, int b, const char* to) {
  return rename_file(a, from, b, to, 0);
}
int renameat2(int a, const char* from, int b, const char* to, unsigned flags) {
  return rename_file(a, from, b, to, flags);
}
int linkat(int a, const char* from, int b, const char* to, int flags) {
  if (const int error = fate("link", absolute(b, to)); error > 0) return failure(error);
  return static_cast<int>(kernel(SYS_linkat, a, word(from), b, word(to), flags));
}
int link(const char* from, const char* to) {
  return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int unlinkat(int directory, const char* path, int flags) {
  if (const int error = fate("unlink", absolute(directory, path)); error > 0) return failure(error);
  return static_cast<int>(kernel(SYS_unlinkat, directory, word(path), flags));
}
int unlink(const char* path) {
  return unlinkat(AT_FDCWD, path, 0);
}
int rmdir(const char* path) {
  return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
int mkdirat(int directory, const char* path, mode_t mode) {
  if (const int error = fate("mkdir", absolute(directory, path)); error > 0) return failure(error);
  return static_cast<int>(kernel(SYS_mkdirat, directory, word(path), static_cast<long>(mode)));
}
int mkdir(const char* path, mode_t mode) {
  return mkdirat(AT_FDCWD, path, mode);
}
void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  if (fd >= 0)
    if (const int error = fate("map", path_of(fd)); error > 0) {
      errno = error;
      return MAP_FAILED;
    }
  return reinterpret_cast<void*>(
      kernel(SYS_mmap, word(at), static_cast<long>(size), protection, flags, fd, offset));
}
void* mmap64(void*, size_t, int, int, int, off64_t) __attribute__((alias("mmap")));

/// The program calls the kernel by itself where the C library had no name for it.
long syscall(long number, ...) {
  va_list more;
  va_start(more, number);
  std::array<long, 6> a;
  for (long& one : a) one = va_arg(more, long);
  va_end(more);
  if (number != SYS_renameat2) return kernel(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return rename_file(static_cast<int>(a[0]), reinterpret_cast<const char*>(a[1]), static_cast<int>(a[2]),
                     reinterpret_cast<const char*>(a[3]), static_cast<unsigned>(a[4]));
}

}  // extern "C"
