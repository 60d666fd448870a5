#include "folders.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace dalil::drives {

namespace {
constexpr std::size_t kKeptOpen = 256;
}

std::pair<std::string, std::string> split_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {"", std::string(path)};
  return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

std::shared_ptr<const files::Fd> Folders::open(std::string_view path, int& error_number) {
  return walk(path, false, error_number);
}

std::shared_ptr<const files::Fd> Folders::make(std::string_view path, int& error_number) {
  return walk(path, true, error_number);
}

std::shared_ptr<const files::Fd> Folders::walk(std::string_view path, bool make, int& error_number) {
  error_number = 0;
  if (const auto known = open_.find(std::string(path)); known != open_.end()) return known->second;
  std::shared_ptr<const files::Fd> at;
  std::string_view rest = path;
  // The nearest ancestor that is open: siblings are many.
  for (std::size_t slash = path.rfind('/'); slash != path.npos && slash > 0;
       slash = path.rfind('/', slash - 1))
    if (const auto known = open_.find(std::string(path.substr(0, slash))); known != open_.end()) {
      at = known->second;
      rest = path.substr(slash + 1);
      break;
    }
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string name(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (name == "..") {  // a drive's note may name it
      error_number = EXDEV;
      return nullptr;
    }
    const int parent = at ? at->get() : root_;
    int fd = ::openat(parent, name.c_str(), kFlags);
    if (fd < 0 && errno == ENOENT && make) {
      if (::mkdirat(parent, name.c_str(), 0777) != 0 && errno != EEXIST) {
        error_number = errno;
        return nullptr;
      }
      fd = ::openat(parent, name.c_str(), kFlags);
    }
    if (fd < 0) {
      error_number = errno;
      return nullptr;
    }
    at = std::make_shared<const files::Fd>(files::Fd(fd));
  }
  if (!at) at = std::make_shared<const files::Fd>(files::Fd(::openat(root_, ".", kFlags)));
  if (open_.size() >= kKeptOpen) open_.clear();
  open_.emplace(path, at);
  return at;
}

files::StatResult Folders::stat(std::string_view path) {
  const auto [directory, name] = split_path(path);
  int error_number = 0;
  const auto fd = open(directory, error_number);
  if (!fd) return {{}, error_number};
  return files::stat_at(fd->get(), name.c_str());
}

}  // namespace dalil::drives
