#pragma once

#include <cstdarg>

#include "preload.hpp"

// Every way in which the C library opens a file, for one library to stand in. Included once in each.

namespace preload {

/// What the library makes of it.
long open_file(int directory, const char* path, int flags, mode_t mode);

}  // namespace preload

extern "C" {

int openat(int directory, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return static_cast<int>(preload::open_file(directory, path, flags, mode));
}
int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return static_cast<int>(preload::open_file(AT_FDCWD, path, flags, mode));
}
int open64(const char*, int, ...) __attribute__((alias("open")));
int openat64(int, const char*, int, ...) __attribute__((alias("openat")));
int __open_2(const char* path, int flags) {
  return static_cast<int>(preload::open_file(AT_FDCWD, path, flags, 0));
}
int __open64_2(const char*, int) __attribute__((alias("__open_2")));
int __openat_2(int directory, const char* path, int flags) {
  return static_cast<int>(preload::open_file(directory, path, flags, 0));
}
int __openat64_2(int, const char*, int) __attribute__((alias("__openat_2")));

}  // extern "C"
