#include "nursery.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/base/program.hpp"
#include "dalil/media/parser_client.hpp"
#include "passing.hpp"

namespace dalil::media {
namespace {

/// All that is in the parser's environment, and only until it has started: for the C library's allocator. A
/// worker has one file after the other with pieces of the same sizes, so what it frees it will want again,
/// and need neither give back to the kernel nor join with its neighbours. (Saves an eighth of its processor
/// time.)
constexpr char kEnvironment[] =
    "GLIBC_TUNABLES=glibc.malloc.tcache_count=4000:glibc.malloc.top_pad=1048576:"
    "glibc.malloc.trim_threshold=16777216:glibc.malloc.mmap_threshold=8388608";

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
    char* const environment[] = {const_cast<char*>(kEnvironment), nullptr};
    return posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments, environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

bool send_order(int control, const protocol::Order& order, std::span<const int> fds) {
  return send_with_fds(control, {reinterpret_cast<const std::uint8_t*>(&order), sizeof order}, fds) == 0;
}

}  // namespace

SocketPair make_pair_of_sockets(int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) throw system_error("create", "socket", errno);
  return {files::Fd(ends[0]), files::Fd(ends[1])};
}

std::string find_parser(const std::string& option) {
  if (!option.empty()) return option;
  if (const char* named = std::getenv("DALIL_PARSER"); named != nullptr && *named != '\0') return named;
  const std::string folder = folder_of_program();
  for (const char* name : {"/dalil-parser", "/" DALIL_LIBEXEC_FROM_BIN "/dalil-parser"})
    if (!folder.empty() && access((folder + name).c_str(), X_OK) == 0) return folder + name;
  throw Error(ErrorCode::io, "cannot find the program 'dalil-parser'",
              "install it beside 'dalil', or name it in the environment variable DALIL_PARSER");
}

std::shared_ptr<Nursery> make_nursery(const std::string& program) {
  return std::make_shared<Nursery>(program);
}

Nursery::Nursery(const std::string& program) : pictures_(program), all_(program) {}

NurseryProcess& Nursery::with(protocol::Libraries libraries) {
  return libraries == protocol::Libraries::all ? all_ : pictures_;
}

NurseryProcess::~NurseryProcess() {
  stop();
}

const std::string& NurseryProcess::find_program() {
  if (program_.empty()) program_ = find_parser(option_);
  return program_;
}

std::string NurseryProcess::program() {
  const std::lock_guard lock(mutex_);
  return find_program();
}

std::uint16_t NurseryProcess::take_slot() {
  const std::lock_guard lock(mutex_);
  const auto free = std::ranges::find(slots_, false);
  const auto slot = static_cast<std::uint16_t>(free - slots_.begin());
  if (free == slots_.end())
    slots_.push_back(true);
  else
    *free = true;
  return slot;
}

void NurseryProcess::release_slot(std::uint16_t slot) {
  const std::lock_guard lock(mutex_);
  slots_[slot] = false;
  if (pid_ > 0 && !send_order(control_.get(), {protocol::Order::Kind::end, {}, slot}, {})) stop();
}

NurseryProcess::Generation NurseryProcess::ask(std::uint16_t slot, protocol::Libraries libraries,
                                               int theirs) {
  const std::lock_guard lock(mutex_);
  if (!runs()) start();
  if (send_order(control_.get(), {protocol::Order::Kind::spawn, libraries, slot}, {&theirs, 1}))
    return generation_;
  stop();
  return 0;
}

bool NurseryProcess::lives(Generation generation) {
  const std::lock_guard lock(mutex_);
  return generation == generation_ && runs();
}

void NurseryProcess::end(Generation generation) {
  const std::lock_guard lock(mutex_);
  if (generation == generation_) stop();
}

/// Its workers hear of its death before anyone can miss them, so that an answer that will not come because of
/// that is known as such.
bool NurseryProcess::runs() {
  if (pid_ <= 0) return false;
  pid_t ended;
  do {
    ended = waitpid(pid_, nullptr, WNOHANG);
  } while (ended < 0 && errno == EINTR);
  if (ended == 0) return true;
  pid_ = -1;
  control_.reset();
  return false;
}

void NurseryProcess::start() {
  SocketPair pair = make_pair_of_sockets(SOCK_SEQPACKET);
  // dup2 onto itself would keep close-on-exec in old C libraries: move out of the way.
  if (pair.theirs.get() == protocol::kNurserySocket) {
    pair.theirs = files::Fd(fcntl(pair.theirs.get(), F_DUPFD_CLOEXEC, protocol::kNurserySocket + 1));
  }
  // One that does not listen is not waited for; their end still blocks.
  fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);
  SpawnPlan plan;
  plan.prepare(pair.theirs.get());
  pid_t pid = -1;
  const int error = plan.run(find_program(), pid);
  if (error != 0) throw system_error("start", program_, error);
  pid_ = pid;
  control_ = std::move(pair.ours);
  ++generation_;
}

void NurseryProcess::stop() {
  control_.reset();
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);  // its workers die with it
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace dalil::media
