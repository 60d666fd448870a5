#include "swap_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "dalil/base/error.hpp"

namespace dalil::ledger {

SwapLock::SwapLock(const std::string& directory, For purpose)
    : fd_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!fd_) throw system_error("open", directory, errno);
  const int operation = purpose == For::opening ? LOCK_SH : LOCK_EX;
  while (flock(fd_.get(), operation) != 0)
    if (errno != EINTR) throw system_error("lock", directory, errno);
}

}  // namespace dalil::ledger
