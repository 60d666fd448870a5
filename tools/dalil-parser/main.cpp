// The worker that looks at foreign files, so that the main process need not. See docs/metadata.md.
//
// Started as a nursery: it loads and initialises libraries, and then forks a worker each time that it is told
// to, one for each client. The nursery never sees a file; a worker sees nothing but files, and locks its door
// before the first.

#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>
#include <vector>

#include "dalil/media/parser_client.hpp"
#include "exiv.hpp"
#include "extract.hpp"
#include "ffmpeg.hpp"
#include "parser_protocol.hpp"
#include "passing.hpp"
#include "sandbox.hpp"

namespace {

using namespace dalil;
namespace protocol = media::protocol;

bool send_all(int socket, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

template <typename T>
ByteView bytes_of(const T& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

protocol::Greeting greeting_of(const parser::Locks& locks) {
  protocol::Greeting greeting;
  greeting.landlock_version = locks.landlock_version;
  greeting.no_new_privileges = locks.no_new_privileges;
  greeting.seccomp = locks.seccomp;
  greeting.landlock = locks.landlock;
  greeting.resource_limits = locks.resource_limits;
  greeting.closed_memory = locks.closed_memory;
  return greeting;
}

Bytes work_out(const protocol::Request& request, int fd, media::MediaKind kind) {
  const char* format = request.format.data();
  const auto work = static_cast<media::ParserWork>(request.work);
  const bool sound = request.sound != 0;
  switch (work) {
    case media::ParserWork::thumbnails:
      return media::encode(parser::look_at(fd, request.file_size, kind, format, work, sound).thumbnails);
    case media::ParserWork::fingerprints:
    case media::ParserWork::question:
    case media::ParserWork::looks:
      return protocol::encode_looks(parser::look_at(fd, request.file_size, kind, format, work, sound));
    case media::ParserWork::pixels:
      return media::encode(parser::pixels_in(fd, request.file_size));
    default:
      return media::encode(parser::extract(fd, request.file_size, kind, format));
  }
}

bool answer(int socket, const protocol::Request& request, int fd) {
  const auto kind = request.kind <= static_cast<std::uint8_t>(media::MediaKind::document)
                        ? static_cast<media::MediaKind>(request.kind)
                        : media::MediaKind::other;
  const Bytes result = work_out(request, fd, kind);
  protocol::Answer header;
  header.sequence = request.sequence;
  header.size = static_cast<std::uint32_t>(result.size());
  Bytes message;
  message.reserve(sizeof header + result.size());
  append(message, bytes_of(header));
  append(message, result);
  return send_all(socket, message);
}

/// Answers the requests of one message, each as soon as it is worked out. False: the conversation is over.
bool answer_message(int socket) {
  std::array<protocol::Request, media::kMostPassed> requests;
  const auto got =
      media::recv_with_fds(socket, {reinterpret_cast<std::uint8_t*>(requests.data()), sizeof requests});
  if (got.size <= 0 || static_cast<std::size_t>(got.size) != got.fds.size() * sizeof(protocol::Request))
    return false;
  for (std::size_t i = 0; i < got.fds.size(); ++i) {
    if (requests[i].magic != protocol::kRequestMagic) return false;
    requests[i].format.back() = '\0';
    if (!answer(socket, requests[i], got.fds[i].get())) return false;
  }
  return true;
}

/// A worker's whole life. Running out of memory ends it too: the main process tries the file again in a fresh
/// one.
void work(int socket) {
  const protocol::Greeting greeting = greeting_of(parser::lock_door(socket));
  if (!send_all(socket, bytes_of(greeting))) return;
  while (answer_message(socket)) {
  }
}

/// Dies with the nursery, even while it is stuck.
bool die_with(pid_t nursery) {
  return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == nursery;
}

void end_worker(pid_t worker) {
  if (worker <= 0) return;
  kill(worker, SIGKILL);
  while (waitpid(worker, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// -1 if it cannot be had now; then its client finds its socket closed, and asks again.
pid_t fork_worker(const files::Fd& socket) {
  const pid_t nursery = getpid();
  const pid_t worker = fork();
  if (worker != 0) return worker;
  close(protocol::kNurserySocket);
  if (die_with(nursery)) work(socket.get());
  _exit(0);
}

/// Ends when the main process closes its end of the socket, or dies. That no other process has it. The signal
/// of a parent's death would not do: the kernel sends it when the thread ends that started the program.
int run_nursery() {
  std::vector<pid_t> workers;  // by slot
  while (true) {
    protocol::Order order;
    const auto got = media::recv_with_fds(protocol::kNurserySocket,
                                          {reinterpret_cast<std::uint8_t*>(&order), sizeof order});
    if (got.size != sizeof order) return 0;
    if (order.slot >= workers.size()) workers.resize(std::size_t{order.slot} + 1, -1);
    pid_t& worker = workers[order.slot];
    end_worker(std::exchange(worker, -1));
    if (order.kind != protocol::Order::Kind::spawn) continue;
    if (order.libraries == protocol::Libraries::all && !parser::load_ffmpeg()) return 1;
    if (got.fds.size() == 1) worker = fork_worker(got.fds.front());
  }
}

}  // namespace

int main() {
  clearenv();
  close_range(protocol::kNurserySocket + 1, ~0u, 0);
  parser::initialise_exiv();
  return run_nursery();
}
