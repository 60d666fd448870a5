#include "passing.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dalil::media {
namespace {

union Control {
  cmsghdr align;
  char bytes[CMSG_SPACE(kMostPassed * sizeof(int))];
};

/// A message of one part. `control` and `part` must outlive it.
msghdr message_of(iovec& part, Control& control, std::size_t control_size) {
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control_size > 0 ? control.bytes : nullptr;
  message.msg_controllen = control_size;
  return message;
}

}  // namespace

int send_with_fds(int socket, ByteView bytes, std::span<const int> fds) {
  if (fds.size() > kMostPassed) return EINVAL;
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  Control control{};
  const msghdr message = message_of(part, control, fds.empty() ? 0 : CMSG_SPACE(fds.size_bytes()));
  if (!fds.empty()) {
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return errno;
  return static_cast<std::size_t>(sent) == bytes.size() ? 0 : EMSGSIZE;
}

Received recv_with_fds(int socket, MutableByteView into) {
  iovec part{into.data(), into.size()};
  Control control{};
  msghdr message = message_of(part, control, sizeof control.bytes);
  Received received;
  do {
    received.size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (received.size < 0 && errno == EINTR);
  if (received.size <= 0) return received;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
    return received;
  const std::size_t count = std::min(kMostPassed, (header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  int fds[kMostPassed];
  std::memcpy(fds, CMSG_DATA(header), count * sizeof(int));
  for (std::size_t i = 0; i < count; ++i) received.fds.emplace_back(fds[i]);
  return received;
}

}  // namespace dalil::media
