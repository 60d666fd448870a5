#pragma once

#include "dalil/base/bytes.hpp"
#include "dalil/files/handle.hpp"

namespace dalil::media {

/// Sends the bytes, which must fit at once, with one descriptor. 0 or errno; never raises SIGPIPE.
int send_with_fd(int socket, ByteView bytes, int fd);

/// What recv_with_fd got: `size` is 0 at the end of the stream and -1 on an error.
struct Received {
  long size = -1;
  files::Fd fd;
};
/// Receives up to that many bytes, and the first descriptor that comes along; it is closed on exec.
Received recv_with_fd(int socket, MutableByteView into);

}  // namespace dalil::media
