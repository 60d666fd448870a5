#pragma once

#include <string>
#include <string_view>

#include "dalil/files/handle.hpp"

namespace dalil::files {

struct OpenedFd {
  Fd fd;
  int error_number = 0;
};

/// openat(2) with O_CLOEXEC and, where it is allowed (owner or root), O_NOATIME: looking at evidence must not
/// change it.
OpenedFd open_quietly(int directory_fd, const char* name, int flags);

/// Opens a sub-directory for listing; a symbolic link is ELOOP or ENOTDIR, never followed.
OpenedFd open_subdirectory(int directory_fd, const char* name);

/// Opens the directory that a user named: links are followed here, and only here. Paths beyond PATH_MAX work.
OpenedFd open_root(const std::string& path);

/// Opens the directory `components`/... below `directory_fd`, one component at a time and without following
/// links. EXDEV for "..", EINVAL for an empty component or ".".
OpenedFd open_beneath(int directory_fd, std::string_view components);

}  // namespace dalil::files
