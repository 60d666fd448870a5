#include "worker_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "dalil/base/error.hpp"

namespace dalil::media {
namespace {

using Clock = std::chrono::steady_clock;

/// Something may have killed it as it started, for want of memory for instance. Of one nursery two tries;
/// then it is ended, though others may have workers of it: they get new ones.
constexpr int kMostStarts = 8, kStartsOfNursery = 2;

enum class Heard { greeting, nothing_yet, nonsense };

/// The greeting, which comes whole or not at all: a stream socket does not cut what is sent at once and is so
/// short.
Heard hear_greeting(int stream, std::chrono::milliseconds limit, protocol::Greeting& greeting) {
  const auto deadline = Clock::now() + limit;
  while (true) {
    const ssize_t size = recv(stream, &greeting, sizeof greeting, 0);
    if (size == sizeof greeting)
      return greeting.magic == protocol::kGreetingMagic ? Heard::greeting : Heard::nonsense;
    if (size >= 0 || (errno != EAGAIN && errno != EINTR)) return Heard::nonsense;
    pollfd waiting{stream, POLLIN, 0};
    const int timeout = poll_timeout(deadline);
    if (timeout == 0) return Heard::nothing_yet;
    if (poll(&waiting, 1, timeout) < 0 && errno != EINTR) return Heard::nonsense;
  }
}

}  // namespace

int poll_timeout(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

bool WorkerProcess::ask() {
  launching_ = false;
  SocketPair pair = make_pair_of_sockets(SOCK_STREAM | SOCK_NONBLOCK);
  // The worker's end blocks: O_NONBLOCK belongs to each end's own description.
  fcntl(pair.theirs.get(), F_SETFL, 0);
  generation_ = nursery_.ask(slot_, libraries_, pair.theirs.get());
  stream_ = std::move(pair.ours);
  return generation_ != 0;
}

void WorkerProcess::launch(std::chrono::milliseconds limit) {
  if (ask())
    launching_ = true;
  else
    renew(limit);
}

bool WorkerProcess::await_launch(std::chrono::milliseconds limit) {
  protocol::Greeting greeting;
  const Heard heard = hear_greeting(stream_.get(), limit, greeting);
  if (heard == Heard::nothing_yet) return true;
  launching_ = false;
  greeting_ = greeting;
  return heard == Heard::greeting;
}

void WorkerProcess::renew(std::chrono::milliseconds limit) {
  for (int i = 1; i <= kMostStarts; ++i) {
    if (!ask()) continue;
    protocol::Greeting greeting;
    const Heard heard = hear_greeting(stream_.get(), limit, greeting);
    if (heard == Heard::greeting) {
      greeting_ = greeting;
      return;
    }
    if (heard == Heard::nothing_yet || i % kStartsOfNursery == 0) nursery_.end(generation_);
  }
  stream_.reset();
  throw Error(ErrorCode::io, "cannot start the parser '" + program() + "': it gave no sign of life",
              "run it under strace, or see whether its libraries are installed");
}

}  // namespace dalil::media
