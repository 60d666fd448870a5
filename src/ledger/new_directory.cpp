#include "new_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/secret.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/volume.hpp"
#include "keys_directory.hpp"

namespace dalil::ledger {

namespace {

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0) throw system_error("create", path, errno);
}

/// The files in a directory, and then the directory; those below it stay, and it with them.
void remove_directory(const std::string& path) {
  if (const std::unique_ptr<DIR, int (*)(DIR*)> handle(opendir(path.c_str()), closedir); handle)
    while (const dirent* entry = readdir(handle.get())) unlinkat(dirfd(handle.get()), entry->d_name, 0);
  rmdir(path.c_str());
}

Error exists(const std::string& directory) {
  return Error(ErrorCode::conflict, fmt::format("'{}' exists already", escape_for_display(directory)),
               "choose a new directory for the archive");
}

}  // namespace

void refuse_network(const std::string& path) {
  if (const auto network = files::network_file_system(path))
    throw Error(
        ErrorCode::unsupported,
        fmt::format("archive '{}' lies on a network file system ({})", escape_for_display(path), *network),
        "keep the archive on a local disk: locks and memory maps cannot be trusted over a network");
}

NewDirectory::NewDirectory(const std::string& directory) : place_(without_slash(directory)) {
  struct stat status {};
  if (lstat(place_.c_str(), &status) == 0) throw exists(directory);
  const std::string parent = parent_of(place_);
  if (stat(parent.c_str(), &status) != 0) throw system_error("create archive in", parent, errno);
  refuse_network(parent);
  path_ = fmt::format("{}.new-{}", place_, to_hex(crypto::random_array<6>()));
  make_directory(path_);
  try {
    make_directory(path_ + "/" + kKeysDirectory);
  } catch (...) {
    remove_directory(path_);
    throw;
  }
}

NewDirectory::~NewDirectory() {
  if (finished_) return;
  remove_directory(path_ + "/" + kKeysDirectory);
  remove_directory(path_);
}

void NewDirectory::put_in_place() {
  files::sync_directory(path_ + "/" + kKeysDirectory);
  files::sync_directory(path_);
  if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, place_.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) throw exists(place_);
    // Some file systems cannot rename so; an empty directory in the way is all that this would replace.
    if (errno != EINVAL || rename(path_.c_str(), place_.c_str()) != 0)
      throw system_error("create archive", place_, errno);
  }
  path_ = place_;  // until its name is durable, a failure still takes it away
  files::sync_directory(parent_of(place_));
  finished_ = true;
}

}  // namespace dalil::ledger
