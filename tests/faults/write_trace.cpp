// Notes all that a process does to files below DALIL_TRACE_ROOT, in the order in which it was done, in the
// file DALIL_TRACE: what a simulation of power cuts replays (power_cuts.py). Everything is done as asked
// besides.
//
// A record is a line of fields, tabs between them, and for W, N and A that many bytes after it:
//   W inode offset size    bytes that were written
//   T inode size           the file was cut or lengthened to a size
//   S inode                the file, or the directory, is durable up to here
//   D inode offset size    what was just written there is durable (O_DSYNC)
//   Y path                 everything on the file system of this path is durable
//   C directory inode kind size   a name (the bytes) was made: kind f, d or l
//   L directory inode size        a further name for an inode
//   U directory size              a name was removed
//   R directory size directory size   a name became another, which may have replaced one
//   X directory size directory size   two names changed places
//   A size                 what the program told on its standard output
//
// DALIL_TRACE_PLANT makes a machine, or a program, with a defect, which a harness that is any good must find:
//   no_sync          fsync, fdatasync and syncfs do nothing and say that they did
//   no_data_sync     the same for files, and for O_DSYNC; directories are synced
//   no_name_sync     directories are not synced
//   rename_first     a temporary file is synced only after it was renamed, and its directory synced
// A call that a trace cannot hold ends the process with code 99.

#include "preload_open.hpp"

#include <sys/mman.h>
#include <sys/uio.h>

#include <cstdio>
#include <vector>

namespace {

using preload::absolute;
using preload::kernel;
using preload::path_of;
using preload::word;

std::string plant() {
  const char* name = std::getenv("DALIL_TRACE_PLANT");
  return name == nullptr ? "" : name;
}

bool traced(const std::string& path) {
  return preload::is_below("DALIL_TRACE_ROOT", path);
}

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "the trace cannot hold: %s\n", what);
  _exit(99);
}

void note(std::string line, std::string_view bytes = {}) {
  static const int out = [] {
    const char* name = std::getenv("DALIL_TRACE");
    return name == nullptr ? -1
                           : static_cast<int>(kernel(SYS_openat, AT_FDCWD, word(name),
                                                     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  }();
  if (out < 0) return;
  line += '\n';
  line += bytes;
  for (std::string_view rest = line; !rest.empty();) {
    const long put = syscall(SYS_write, out, rest.data(), rest.size());
    if (put <= 0) give_up("no room for the trace");
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
}

template <typename... Fields>
std::string fields(const Fields&... all) {
  std::string line;
  const auto add = [&line](const auto& one) {
    if (!line.empty()) line += '\t';
    if constexpr (std::is_convertible_v<decltype(one), std::string>)
      line += one;
    else
      line += std::to_string(one);
  };
  (add(all), ...);
  return line;
}

ino_t inode_of(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 ? status.st_ino : 0;
}
ino_t inode_of(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

/// A path as the inode of its directory and a name.
struct Place {
  explicit Place(const std::string& path) : whole(path) {
    while (whole.size() > 1 && whole.back() == '/') whole.pop_back();
    const auto slash = whole.rfind('/');
    directory = inode_of(slash == 0 ? "/" : whole.substr(0, slash));
    name = whole.substr(slash + 1);
    inode = inode_of(whole);
  }
  std::string whole, name;
  ino_t directory = 0, inode = 0;
};

void note_new(const Place& place, const char* kind) {
  note(fields("C", place.directory, inode_of(place.whole), kind, place.name.size()), place.name);
}

/// A written range; durable at once on a descriptor that says so.
void note_written(int fd, off_t offset, std::string_view bytes) {
  const ino_t inode = inode_of(fd);
  note(fields("W", inode, offset, bytes.size()), bytes);
  const auto flags = kernel(SYS_fcntl, fd, F_GETFL);
  const bool at_once = flags >= 0 && (flags & O_DSYNC) != 0;
  if (at_once && plant() != "no_sync" && plant() != "no_data_sync")
    note(fields("D", inode, offset, bytes.size()));
}

off_t position(int fd) {
  return kernel(SYS_lseek, fd, 0, SEEK_CUR);
}

std::string gathered(const iovec* from, int count, ssize_t size) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.append(static_cast<const char*>(from[i].iov_base), from[i].iov_len);
  bytes.resize(static_cast<std::size_t>(size));
  return bytes;
}

}  // namespace

long preload::open_file(int directory, const char* path, int flags, mode_t mode) {
  const std::lock_guard turn(preload::turn());
  if ((flags & O_TMPFILE) == O_TMPFILE) give_up("O_TMPFILE");
  const bool writes = (flags & (O_CREAT | O_TRUNC)) != 0;
  const std::string full = writes ? absolute(directory, path) : "";
  if (!writes || !traced(full)) return kernel(SYS_openat, directory, word(path), flags, mode);
  const bool was_there = Place(full).inode != 0;
  const long fd = kernel(SYS_openat, directory, word(path), flags, mode);
  if (fd < 0) return fd;
  if (!was_there)
    note_new(Place(full), "f");
  else if ((flags & O_TRUNC) != 0)
    note(fields("T", inode_of(static_cast<int>(fd)), 0));
  return fd;
}

namespace {

/// Files whose syncing was put off until a directory is synced.
std::vector<int>& put_off() {
  static std::vector<int> descriptors;
  return descriptors;
}

void sync_what_was_put_off() {
  for (const int fd : put_off()) {
    kernel(SYS_fsync, fd);
    note(fields("S", inode_of(fd)));
    kernel(SYS_close, fd);
  }
  put_off().clear();
}

int sync_file(long number, int fd) {
  const std::lock_guard turn(preload::turn());
  const std::string path = path_of(fd);
  if (!traced(path)) return static_cast<int>(kernel(number, fd));
  struct stat status {};
  fstat(fd, &status);
  if (plant() == "no_sync" || plant() == (S_ISDIR(status.st_mode) ? "no_name_sync" : "no_data_sync"))
    return 0;
  if (plant() == "rename_first" && path.ends_with(".tmp")) {
    put_off().push_back(static_cast<int>(kernel(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 100)));
    return 0;
  }
  const long done = kernel(number, fd);
  if (done == 0) note(fields("S", status.st_ino));
  if (S_ISDIR(status.st_mode)) sync_what_was_put_off();
  return static_cast<int>(done);
}

int rename_file(int from, const char* old_path, int to, const char* new_path, unsigned flags) {
  const std::lock_guard turn(preload::turn());
  const std::string a = absolute(from, old_path), b = absolute(to, new_path);
  const Place source(a), target(b);
  const long done = kernel(SYS_renameat2, from, word(old_path), to, word(new_path), flags);
  if (done == 0 && traced(a) && traced(b)) {
    note(fields((flags & RENAME_EXCHANGE) != 0 ? "X" : "R", source.directory, source.name.size(),
                target.directory, target.name.size()),
         source.name + target.name);
  }
  return static_cast<int>(done);
}

int remove_name(int directory, const char* path, int flags) {
  const std::lock_guard turn(preload::turn());
  const std::string full = absolute(directory, path);
  const Place place(full);
  const long done = kernel(SYS_unlinkat, directory, word(path), flags);
  if (done == 0 && traced(full)) note(fields("U", place.directory, place.name.size()), place.name);
  return static_cast<int>(done);
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* from, size_t size) {
  const std::lock_guard turn(preload::turn());
  if (fd == STDOUT_FILENO) {
    const ssize_t told = kernel(SYS_write, fd, word(from), size);
    if (told > 0) note(fields("A", told), {static_cast<const char*>(from), static_cast<std::size_t>(told)});
    return told;
  }
  if (!traced(path_of(fd))) return kernel(SYS_write, fd, word(from), size);
  const ssize_t put = kernel(SYS_write, fd, word(from), size);
  if (put > 0)
    note_written(fd, position(fd) - put, {static_cast<const char*>(from), static_cast<std::size_t>(put)});
  return put;
}
ssize_t pwrite(int fd, const void* from, size_t size, off_t offset) {
  const std::lock_guard turn(preload::turn());
  const ssize_t put = kernel(SYS_pwrite64, fd, word(from), size, offset);
  if (put > 0 && traced(path_of(fd)))
    note_written(fd, offset, {static_cast<const char*>(from), static_cast<std::size_t>(put)});
  return put;
}
ssize_t pwrite64(int, const void*, size_t, off64_t) __attribute__((alias("pwrite")));
ssize_t writev(int fd, const iovec* from, int count) {
  const std::lock_guard turn(preload::turn());
  const ssize_t put = kernel(SYS_writev, fd, word(from), count);
  if (put > 0 && traced(path_of(fd))) note_written(fd, position(fd) - put, gathered(from, count, put));
  return put;
}
ssize_t pwritev(int fd, const iovec* from, int count, off_t offset) {
  const std::lock_guard turn(preload::turn());
  const ssize_t put = kernel(SYS_pwritev, fd, word(from), count, offset, 0);
  if (put > 0 && traced(path_of(fd))) note_written(fd, offset, gathered(from, count, put));
  return put;
}
ssize_t pwritev64(int, const iovec*, int, off64_t) __attribute__((alias("pwritev")));

int ftruncate(int fd, off_t size) {
  const std::lock_guard turn(preload::turn());
  const long done = kernel(SYS_ftruncate, fd, size);
  if (done == 0 && traced(path_of(fd))) note(fields("T", inode_of(fd), size));
  return static_cast<int>(done);
}
int ftruncate64(int, off64_t) __attribute__((alias("ftruncate")));
int fallocate(int fd, int mode, off_t offset, off_t size) {
  const std::lock_guard turn(preload::turn());
  struct stat before {};
  fstat(fd, &before);
  const long done = kernel(SYS_fallocate, fd, mode, offset, size);
  if (done != 0 || !traced(path_of(fd))) return static_cast<int>(done);
  if (mode != 0) give_up("fallocate with a mode");
  if (offset + size > before.st_size) note(fields("T", before.st_ino, offset + size));
  return 0;
}
int fallocate64(int, int, off64_t, off64_t) __attribute__((alias("fallocate")));

int fsync(int fd) {
  return sync_file(SYS_fsync, fd);
}
int fdatasync(int fd) {
  return sync_file(SYS_fdatasync, fd);
}
int syncfs(int fd) {
  const std::lock_guard turn(preload::turn());
  const std::string path = path_of(fd);
  if (traced(path) && plant() == "no_sync") return 0;
  const long done = kernel(SYS_syncfs, fd);
  if (done == 0 && traced(path)) note(fields("Y", path));
  return static_cast<int>(done);
}

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
  const std::lock_guard turn(preload::turn());
  const long done = kernel(SYS_linkat, a, word(from), b, word(to), flags);
  const std::string full = absolute(b, to);
  if (done != 0 || !traced(full)) return static_cast<int>(done);
  const Place place(full);
  note(fields("L", place.directory, place.inode, place.name.size()), place.name);
  return 0;
}
int link(const char* from, const char* to) {
  return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int unlink(const char* path) {
  return remove_name(AT_FDCWD, path, 0);
}
int unlinkat(int directory, const char* path, int flags) {
  return remove_name(directory, path, flags);
}
int rmdir(const char* path) {
  return remove_name(AT_FDCWD, path, AT_REMOVEDIR);
}
int mkdirat(int directory, const char* path, mode_t mode) {
  const std::lock_guard turn(preload::turn());
  const std::string full = absolute(directory, path);
  const long done = kernel(SYS_mkdirat, directory, word(path), mode);
  if (done == 0 && traced(full)) note_new(Place(full), "d");
  return static_cast<int>(done);
}
int mkdir(const char* path, mode_t mode) {
  return mkdirat(AT_FDCWD, path, mode);
}

/// The program calls the kernel by itself where the C library had no name for it.
long syscall(long number, ...) {
  va_list more;
  va_start(more, number);
  long a[6];
  for (long& one : a) one = va_arg(more, long);
  va_end(more);
  if (number != SYS_renameat2) return kernel(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return rename_file(static_cast<int>(a[0]), reinterpret_cast<const char*>(a[1]), static_cast<int>(a[2]),
                     reinterpret_cast<const char*>(a[3]), static_cast<unsigned>(a[4]));
}

ssize_t copy_file_range(int, off64_t*, int, off64_t*, size_t, unsigned) {
  give_up("copy_file_range");
}
ssize_t sendfile(int, int, off_t*, size_t) {
  give_up("sendfile");
}

}  // extern "C"
