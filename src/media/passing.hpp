#pragma once

#include <sys/types.h>
#include <span>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/files/handle.hpp"

namespace dalil::media {

/// Descriptors that one message may carry.
inline constexpr std::size_t kMostPassed = 16;

/// Sends these bytes together with duplicates of the descriptors, at most kMostPassed of them; 0 or errno.
/// All or nothing.
int send_with_fds(int socket, ByteView bytes, std::span<const int> fds);

struct Received {
  ssize_t size = -1;           ///< as recvmsg: 0 at the end of the stream, -1 on error (errno)
  std::vector<files::Fd> fds;  ///< as sent with the message
};
/// Descriptors beyond kMostPassed are dropped by the kernel.
Received recv_with_fds(int socket, MutableByteView into);

}  // namespace dalil::media
