#include "worker_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "dalil/base/error.hpp"
#include "passing.hpp"

namespace dalil::media {
namespace {

using Clock = std::chrono::steady_clock;

struct SocketPair {
  files::Fd ours, theirs;
};

SocketPair make_pair_of_sockets(int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) throw system_error("create", "socket", errno);
  return {files::Fd(ends[0]), files::Fd(ends[1])};
}

/// Owns what posix_spawn is told.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  /// The control socket under its number, nothing else; default signals; a process group of its own, so that
  /// Ctrl-C reaches the main process alone, which then ends in good order.
  void prepare(int control) {
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, control, protocol::kNurserySocket);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }

  int run(const std::string& program, pid_t& pid) {
    char* const arguments[] = {const_cast<char*>(program.c_str()), nullptr};
    char* const environment[] = {nullptr};
    return posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments, environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// Something may have killed it as it started, for want of memory for instance.
constexpr int kMostStarts = 4;

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

std::string beside_this_program() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return {};
  const std::string whole(path, static_cast<std::size_t>(size));
  return whole.substr(0, whole.rfind('/') + 1) + "dalil-parser";
}

}  // namespace

int poll_timeout(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

void WorkerProcess::start_nursery() {
  SocketPair pair = make_pair_of_sockets(SOCK_SEQPACKET);
  // dup2 onto itself would keep close-on-exec in old C libraries: move out of the way.
  if (pair.theirs.get() == protocol::kNurserySocket) {
    pair.theirs = files::Fd(fcntl(pair.theirs.get(), F_DUPFD_CLOEXEC, protocol::kNurserySocket + 1));
  }
  SpawnPlan plan;
  plan.prepare(pair.theirs.get());
  pid_t pid = -1;
  const int error = plan.run(program_, pid);
  if (error != 0) throw system_error("start", program_, error);
  nursery_ = pid;
  control_ = std::move(pair.ours);
}

bool WorkerProcess::request_worker() {
  SocketPair pair = make_pair_of_sockets(SOCK_STREAM | SOCK_NONBLOCK);
  // The worker's end blocks: O_NONBLOCK belongs to each end's own description.
  fcntl(pair.theirs.get(), F_SETFL, 0);
  const std::uint8_t message = protocol::kSpawn;
  const int theirs = pair.theirs.get();
  if (send_with_fds(control_.get(), {&message, 1}, {&theirs, 1}) != 0) return false;
  stream_ = std::move(pair.ours);
  return true;
}

bool WorkerProcess::spawn_worker(std::chrono::milliseconds limit) {
  protocol::Greeting greeting;
  if (request_worker() && hear_greeting(stream_.get(), limit, greeting) == Heard::greeting) {
    greeting_ = greeting;
    return true;
  }
  stream_.reset();
  return false;
}

void WorkerProcess::launch(std::chrono::milliseconds limit) {
  stop();
  start_nursery();
  launching_ = request_worker();
  if (!launching_) renew(limit);
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
  stream_.reset();
  launching_ = false;
  if (nursery_ > 0 && spawn_worker(limit)) return;
  for (int i = 0; i < kMostStarts; ++i) {
    stop();
    start_nursery();
    if (spawn_worker(limit)) return;
  }
  stop();
  throw Error(ErrorCode::io, "cannot start the parser '" + program_ + "': it gave no sign of life",
              "run it under strace, or see whether its libraries are installed");
}

void WorkerProcess::stop() {
  launching_ = false;
  stream_.reset();
  control_.reset();
  if (nursery_ <= 0) return;
  kill(nursery_, SIGKILL);  // its worker dies with it
  while (waitpid(nursery_, nullptr, 0) < 0 && errno == EINTR) {
  }
  nursery_ = -1;
}

std::string find_parser(const std::string& option) {
  if (!option.empty()) return option;
  if (const char* named = std::getenv("DALIL_PARSER"); named != nullptr && *named != '\0') return named;
  for (const std::string& path : {beside_this_program(), std::string(DALIL_LIBEXEC_DIR "/dalil-parser")}) {
    if (!path.empty() && access(path.c_str(), X_OK) == 0) return path;
  }
  throw Error(ErrorCode::io, "cannot find the program 'dalil-parser'",
              "install it beside 'dalil', or name it in the environment variable DALIL_PARSER");
}

}  // namespace dalil::media
