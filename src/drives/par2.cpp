#include "par2.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"

namespace dalil::drives {

namespace {

constexpr const char* kProgram = "par2";
constexpr int kNotStarted = 127;
constexpr auto kLookEvery = std::chrono::milliseconds(20);
constexpr std::size_t kMostSaid = 2000, kLongestLine = 200;
constexpr std::uint64_t kEveryWriting = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                        LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                        LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                        LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                        LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

/// Between fork and exec: system calls only.
void lock_in(int writable_fd, int null_fd) {
  (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const landlock_ruleset_attr attributes{.handled_access_fs = kEveryWriting};
  const int rules =
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
  if (rules < 0) return;  // a kernel without it
  const landlock_path_beneath_attr below{.allowed_access = kEveryWriting, .parent_fd = writable_fd};
  const landlock_path_beneath_attr null{.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE,
                                        .parent_fd = null_fd};
  if (::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) == 0 &&
      ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &null, 0) == 0)
    (void)::syscall(SYS_landlock_restrict_self, rules, 0);
}

/// Looked for before the fork, since `execvp` may need memory.
std::string find_program() {
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "/usr/bin:/bin" : path;
  rest += ':';
  for (std::size_t begin = 0, end; (end = rest.find(':', begin)) != rest.npos; begin = end + 1) {
    const std::string full = rest.substr(begin, end - begin) + "/" + kProgram;
    if (end > begin && ::access(full.c_str(), X_OK) == 0) return full;
  }
  throw Error(ErrorCode::not_found, "the program 'par2' is not installed", "on Debian: apt install par2");
}

/// The last line of it.
std::string last_line(int fd) {
  std::string text(kMostSaid, '\0');
  const off_t size = ::lseek(fd, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(text.size()));
  const ssize_t got = ::pread(fd, text.data(), text.size(), from);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const std::size_t begin = text.rfind('\n');
  text = text.substr(begin == text.npos ? 0 : begin + 1, kLongestLine);
  return escape_for_display(text);
}

int wait_for(pid_t child, const jobs::StopFlag& stop, bool& killed) {
  int status = 0;
  while (true) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return status;
    if (stop.requested() && !killed) killed = ::kill(child, SIGKILL) == 0;
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace

void require_par2() {
  (void)find_program();
}

Par2 run_par2(int folder_fd, const std::vector<std::string>& arguments, int writable_fd,
              const jobs::StopFlag& stop) {
  const std::string program = find_program();
  std::vector<char*> argv{const_cast<char*>(kProgram)};
  for (const std::string& one : arguments) argv.push_back(const_cast<char*>(one.c_str()));
  argv.push_back(nullptr);
  // Its threads would otherwise spin while they wait: on a busy machine that costs ten times the time.
  char passive[] = "OMP_WAIT_POLICY=PASSIVE";
  char* environment[] = {passive, nullptr};
  const files::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const files::Fd complaints(::memfd_create("complaints", MFD_CLOEXEC));
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);  // Ctrl-C is for the one who waits
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(null.get(), STDIN_FILENO);
    ::dup2(null.get(), STDOUT_FILENO);
    ::dup2(complaints ? complaints.get() : null.get(), STDERR_FILENO);
    lock_in(writable_fd, null.get());
    files::keep_standard_descriptors_only();
    if (::fchdir(folder_fd) == 0 && ::getppid() == parent)
      ::execve(program.c_str(), argv.data(), environment);
    ::_exit(kNotStarted);
  }
  if (child < 0) throw system_error("run", program, errno);
  bool killed = false;
  const int status = wait_for(child, stop, killed);
  Par2 result{Par2::Answer::failed, complaints ? last_line(complaints.get()) : std::string()};
  if (killed)
    result.answer = Par2::Answer::stopped;
  else if (WIFEXITED(status) && WEXITSTATUS(status) <= 2)
    result.answer = static_cast<Par2::Answer>(WEXITSTATUS(status));
  else if (result.said.empty() && WIFSIGNALED(status))
    result.said = "it was ended by a signal: too little memory?";
  return result;
}

}  // namespace dalil::drives
