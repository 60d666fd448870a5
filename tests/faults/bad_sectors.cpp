// A disk with bad sectors: reads that touch a bad range of a chosen file fail with EIO, for as long as the
// process lives, as a drive's do. DALIL_BAD names the file by the end of its path and the range in bytes:
// "video.mp4:4096-8192 other.jpg:0-1". With DALIL_BAD_TIMES only the first so many of such reads fail: a
// cable that was touched.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

/// Whether the fault is still there.
bool lasts() {
  static std::atomic<long> happened{0};
  const char* times = std::getenv("DALIL_BAD_TIMES");
  return times == nullptr || happened++ < std::strtol(times, nullptr, 10);
}

bool fails(int fd, std::uint64_t offset, std::uint64_t size) {
  const char* faults = std::getenv("DALIL_BAD");
  if (faults == nullptr) return false;
  char name[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = readlink(link.c_str(), name, sizeof name);
  if (length <= 0) return false;
  const std::string_view path(name, static_cast<std::size_t>(length));
  std::string_view rest(faults);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(' '));
    rest.remove_prefix(one.size() == rest.size() ? rest.size() : one.size() + 1);
    const auto colon = one.rfind(':'), dash = one.rfind('-');
    if (!path.ends_with(one.substr(0, colon))) continue;
    const std::uint64_t first = std::strtoull(std::string(one.substr(colon + 1)).c_str(), nullptr, 10);
    const std::uint64_t last = std::strtoull(std::string(one.substr(dash + 1)).c_str(), nullptr, 10);
    if (offset < last && first < offset + size) return lasts();
  }
  return false;
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
  if (fails(fd, static_cast<std::uint64_t>(offset), size)) return fault();
  static const auto function = real<ssize_t (*)(int, void*, size_t, off_t)>("pread");
  return function(fd, to, size, offset);
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
  if (fails(fd, static_cast<std::uint64_t>(offset), size)) return fault();
  static const auto function = real<ssize_t (*)(int, const iovec*, int, off_t, int)>("preadv2");
  return function(fd, to, count, offset, flags);
}
ssize_t preadv64v2(int fd, const iovec* to, int count, off64_t offset, int flags) {
  return preadv2(fd, to, count, offset, flags);
}

}  // extern "C"
