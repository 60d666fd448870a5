#include <fcntl.h>

#include "dalil/drives/drive.hpp"
#include "dalil/files/handle.hpp"
#include "layout.hpp"

/// Where a folder lies, by identity.
namespace dalil::drives {

namespace {

/// Visits a directory and all that it lies in, up to the root or until it is told that this is enough.
template <typename Found>
bool any_above(int directory_fd, const Found& found) {
  files::Fd at(::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (at) {
    if (found(at.get())) return true;
    files::Fd above(::openat(at.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!above) return false;
    const files::FileStat stat = files::stat_fd(at.get()).stat, next = files::stat_fd(above.get()).stat;
    if (next.device == stat.device && next.inode == stat.inode) return false;  // the root is its own parent
    at = std::move(above);
  }
  return false;
}

}  // namespace

bool lies_in(int directory_fd, int in_fd) {
  const files::FileStat wanted = files::stat_fd(in_fd).stat;
  return any_above(directory_fd, [&](int fd) {
    const files::FileStat stat = files::stat_fd(fd).stat;
    return stat.device == wanted.device && stat.inode == wanted.inode;
  });
}

bool lies_in_a_drive(int directory_fd) {
  return any_above(directory_fd, [](int fd) { return files::stat_at(fd, layout::kNote).error_number == 0; });
}

}  // namespace dalil::drives
