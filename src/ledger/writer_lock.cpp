#include "writer_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::ledger {

namespace {
std::string holder(int fd) {
  char text[32];
  const ssize_t size = pread(fd, text, sizeof text, 0);
  if (size <= 0) return "another process";
  std::string name(text, static_cast<std::size_t>(size));
  if (const auto end = name.find('\n'); end != std::string::npos) name.resize(end);
  return "process " + escape_for_display(name);
}
}  // namespace

WriterLock::WriterLock(const std::string& directory) {
  const std::string path = directory + "/writer.lock";
  fd_ = files::Fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd_) throw system_error("write to archive", directory, errno);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(fd_.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) throw system_error("lock", path, errno);
    throw Error(ErrorCode::locked,
                fmt::format("cannot write to archive '{}': locked by {}", escape_for_display(directory),
                            holder(fd_.get())),
                "wait until it is done; reading commands work meanwhile");
  }
  // For people only: the lock itself is what counts.
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(fd_.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(fd_.get(), pid.data(), pid.size(), 0);
  }
}

}  // namespace dalil::ledger
