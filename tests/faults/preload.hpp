#pragma once

// What the libraries that stand between the program and the kernel share. They call the kernel itself, so
// that nothing depends on the order in which libraries are loaded.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

namespace preload {

/// The kernel, asked without the C library: its own `syscall` is among what is replaced.
inline long kernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result = number;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}
inline long word(const void* pointer) {
  return reinterpret_cast<long>(pointer);
}

/// One call at a time: so the order that is recorded or counted is the order in which things happened.
inline std::recursive_mutex& turn() {
  static std::recursive_mutex mutex;
  return mutex;
}

/// Where a descriptor leads; empty if that cannot be told.
inline std::string path_of(int fd) {
  char name[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), name, sizeof name);
  return length <= 0 ? "" : std::string(name, static_cast<std::size_t>(length));
}

/// An absolute path, not resolved any further.
inline std::string absolute(int directory, std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  char cwd[4096];
  const std::string base =
      directory == AT_FDCWD ? (getcwd(cwd, sizeof cwd) == nullptr ? "" : cwd) : path_of(directory);
  return base + "/" + std::string(path);
}

/// Whether it lies in or below the directory that the variable names.
inline bool is_below(const char* variable, const std::string& path) {
  const char* root = std::getenv(variable);
  if (root == nullptr) return false;
  const std::string_view top(root);
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

}  // namespace preload
