#include "open_directory.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "dalil/files/walk.hpp"

namespace dalil::files {

namespace {

/// Cuts the first component off; slashes after it are skipped.
std::string take_component(std::string_view& rest) {
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string component(rest.substr(0, slash));
  rest.remove_prefix(slash);
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  return component;
}

OpenedFd open_long_path(const std::string& path) {
  std::string_view rest = path;
  OpenedFd at = open_quietly(AT_FDCWD, rest.starts_with('/') ? "/" : ".", O_PATH | O_DIRECTORY);
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  while (at.fd && !rest.empty()) {
    const std::string component = take_component(rest);
    const int access = rest.empty() ? O_RDONLY : O_PATH;
    at = open_quietly(at.fd.get(), component.c_str(), access | O_DIRECTORY);
  }
  return at;
}

}  // namespace

OpenedFd open_quietly(int directory_fd, const char* name, int flags) {
  flags |= O_CLOEXEC;
  int fd = ::openat(directory_fd, name, (flags & O_PATH) != 0 ? flags : flags | O_NOATIME);
  // Only the owner may ask for O_NOATIME.
  if (fd < 0 && errno == EPERM) fd = ::openat(directory_fd, name, flags);
  return fd < 0 ? OpenedFd{Fd(), errno} : OpenedFd{Fd(fd), 0};
}

OpenedFd open_subdirectory(int directory_fd, const char* name) {
  return open_quietly(directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

OpenedFd open_root(const std::string& path) {
  OpenedFd opened = open_quietly(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY);
  return opened.error_number == ENAMETOOLONG ? open_long_path(path) : std::move(opened);
}

OpenedFd open_beneath(int directory_fd, std::string_view components) {
  if (components.empty() || components.ends_with('/')) return {Fd(), EINVAL};
  OpenedFd at;
  int parent = directory_fd;
  while (!components.empty()) {
    const std::size_t slash = std::min(components.find('/'), components.size());
    const std::string component(components.substr(0, slash));
    components.remove_prefix(std::min(slash + 1, components.size()));
    if (component.empty() || component == ".") return {Fd(), EINVAL};
    if (component == "..") return {Fd(), EXDEV};
    at = open_quietly(parent, component.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!at.fd) return at;
    parent = at.fd.get();
  }
  return at;
}

std::shared_ptr<const Fd> open_again(int directory_fd, std::string_view path) {
  OpenedFd opened =
      path.empty() ? open_quietly(directory_fd, ".", O_PATH | O_DIRECTORY) : open_beneath(directory_fd, path);
  return opened.fd ? std::make_shared<const Fd>(std::move(opened.fd)) : nullptr;
}

}  // namespace dalil::files
