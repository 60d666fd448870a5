// A disk with bad sectors: reads that touch a bad range of a chosen file fail with EIO, for as long as the
// process lives, as a drive's do. DALIL_BAD names the file by the end of its path and the range in bytes:
// "video.mp4:4096-8192 other.jpg:0-1". DALIL_FLIP, in the same form, flips the range's bits as they are read.
// DALIL_BAD_TIMES and DALIL_FLIP_TIMES end that after so many reads: a fault that goes away. DALIL_READ_LOG
// names a file to which a line is added for each file that is read from its start. DALIL_READ_DELAY_MS makes
// a slow disk.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

std::string path_of(int fd) {
  char name[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = readlink(link.c_str(), name, sizeof name);
  return length <= 0 ? "" : std::string(name, static_cast<std::size_t>(length));
}

struct Range {
  std::uint64_t first = 0, last = 0;
};

/// The first range of the variable's that a read of this file touches.
std::optional<Range> touched(const char* variable, int fd, std::uint64_t offset, std::uint64_t size) {
  const char* faults = std::getenv(variable);
  if (faults == nullptr) return std::nullopt;
  const std::string path = path_of(fd);
  std::string_view rest(faults);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(' '));
    rest.remove_prefix(one.size() == rest.size() ? rest.size() : one.size() + 1);
    const auto colon = one.rfind(':'), dash = one.rfind('-');
    if (!path.ends_with(one.substr(0, colon))) continue;
    const std::uint64_t first = std::strtoull(std::string(one.substr(colon + 1)).c_str(), nullptr, 10);
    const std::uint64_t last = std::strtoull(std::string(one.substr(dash + 1)).c_str(), nullptr, 10);
    if (offset < last && first < offset + size) return Range{first, last};
  }
  return std::nullopt;
}

/// Whether the fault has not gone away yet.
bool still(const char* variable, std::atomic<long>& reads) {
  const char* times = std::getenv(variable);
  return times == nullptr || reads++ < std::strtol(times, nullptr, 10);
}

std::atomic<long> bad_reads{0}, flipped_reads{0};

bool fails(int fd, std::uint64_t offset, std::uint64_t size) {
  return touched("DALIL_BAD", fd, offset, size) && still("DALIL_BAD_TIMES", bad_reads);
}

void flip(int fd, void* to, std::uint64_t offset, std::uint64_t size) {
  const auto range = touched("DALIL_FLIP", fd, offset, size);
  if (!range || !still("DALIL_FLIP_TIMES", flipped_reads)) return;
  auto* bytes = static_cast<unsigned char*>(to);
  for (std::uint64_t at = std::max(offset, range->first); at < std::min(offset + size, range->last); ++at)
    bytes[at - offset] ^= 0xFF;
}

void log_reading(int fd, std::uint64_t offset) {
  const char* log = std::getenv("DALIL_READ_LOG");
  if (log == nullptr || offset != 0) return;
  const std::string line = path_of(fd) + "\n";
  const int out = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (out < 0) return;
  if (write(out, line.data(), line.size()) < 0) std::abort();
  close(out);
}

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

ssize_t fault() {
  errno = EIO;
  return -1;
}

}  // namespace

extern "C" {

ssize_t pread(int fd, void* to, size_t size, off_t offset) {
  log_reading(fd, static_cast<std::uint64_t>(offset));
  if (const char* delay = std::getenv("DALIL_READ_DELAY_MS"); delay != nullptr)
    usleep(static_cast<useconds_t>(1000 * std::strtol(delay, nullptr, 10)));
  if (fails(fd, static_cast<std::uint64_t>(offset), size)) return fault();
  static const auto function = real<ssize_t (*)(int, void*, size_t, off_t)>("pread");
  const ssize_t got = function(fd, to, size, offset);
  if (got > 0) flip(fd, to, static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(got));
  return got;
}
ssize_t pread64(int fd, void* to, size_t size, off64_t offset) {
  return pread(fd, to, size, offset);
}
ssize_t __pread_chk(int fd, void* to, size_t size, off_t offset, size_t) {
  return pread(fd, to, size, offset);
}
ssize_t __pread64_chk(int fd, void* to, size_t size, off64_t offset, size_t) {
  return pread(fd, to, size, offset);
}
ssize_t preadv2(int fd, const iovec* to, int count, off_t offset, int flags) {
  std::uint64_t size = 0;
  for (int i = 0; i < count; ++i) size += to[i].iov_len;
  if (touched("DALIL_BAD", fd, static_cast<std::uint64_t>(offset), size)) return fault();
  static const auto function = real<ssize_t (*)(int, const iovec*, int, off_t, int)>("preadv2");
  return function(fd, to, count, offset, flags);
}
ssize_t preadv64v2(int fd, const iovec* to, int count, off64_t offset, int flags) {
  return preadv2(fd, to, count, offset, flags);
}

}  // extern "C"
