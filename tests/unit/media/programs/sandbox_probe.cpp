// Locks itself in as the worker does, then tries one way out. Exit status: 0 refused, 1 it got out, 2 usage,
// 42 for "nothing"; or the kernel kills it with SIGSYS.

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "sandbox.hpp"

namespace {

constexpr int kSocket = 3;
constexpr int kOtherFile = 4;
constexpr int kOtherSocket = 5;

bool opens() {
  return open("/etc/passwd", O_RDONLY) >= 0;
}
bool creates() {
  return open("/tmp/dalil-sandbox-probe", O_WRONLY | O_CREAT, 0600) >= 0;
}
bool connects() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(80);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return fd >= 0 || connect(kSocket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}
bool forks() {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  return pid > 0;
}
bool executes() {
  char* const arguments[] = {const_cast<char*>("true"), nullptr};
  execv("/bin/true", arguments);
  return false;
}
bool writes_elsewhere() {
  return write(kOtherFile, "x", 1) == 1;
}
bool maps_shared() {
  return mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, kOtherFile, 0) != MAP_FAILED;
}
bool maps_code() {
  return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
bool makes_code() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}
bool traces() {
  return ptrace(PTRACE_ATTACH, getppid(), nullptr, nullptr) == 0;
}
bool reads_parent() {
  char buffer[8];
  iovec ours{buffer, sizeof buffer};
  iovec theirs{reinterpret_cast<void*>(0x400000), sizeof buffer};
  return process_vm_readv(getppid(), &ours, 1, &theirs, 1, 0) > 0;
}
bool signals() {
  return kill(getppid(), 0) == 0;
}
bool truncates() {
  return ftruncate(kOtherFile, 0) == 0;
}
bool duplicates() {
  return dup2(kOtherFile, kSocket) >= 0;
}
bool lifts_limits() {
  return syscall(SYS_setrlimit, 0, nullptr) == 0;
}
bool sends_elsewhere() {
  return send(kOtherSocket, "x", 1, 0) == 1;
}
bool opens_datagrams() {
  return socket(AF_INET, SOCK_DGRAM, 0) >= 0;
}
bool opens_local_socket() {
  int ends[2];
  return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0;
}
bool listens() {
  return listen(kOtherSocket, 1) == 0;
}
bool reads_parent_file() {
  return open(("/proc/" + std::to_string(getppid()) + "/mem").c_str(), O_RDONLY) >= 0;
}
bool reads_own_file() {
  return open("/proc/self/mem", O_RDWR) >= 0;
}
bool renames() {
  return rename("/tmp/dalil-sandbox-from", "/tmp/dalil-sandbox-to") == 0 || errno == ENOENT;
}
bool removes() {
  return unlink("/tmp/dalil-sandbox-probe") == 0 || errno == ENOENT;
}
bool makes_directory() {
  return mkdir("/tmp/dalil-sandbox-directory", 0700) == 0;
}
bool changes_mode() {
  return fchmod(kOtherFile, 0777) == 0;
}
bool makes_file_in_memory() {
  return syscall(SYS_memfd_create, "x", 0) >= 0;
}
bool submits_rings() {
  return syscall(SYS_io_uring_setup, 1, nullptr) >= 0 || errno == EFAULT;
}
bool makes_namespace() {
  return syscall(SYS_unshare, 0x10000000) == 0;
}
bool handles_faults() {
  return syscall(SYS_userfaultfd, 0) >= 0;
}
bool loads_programs() {
  return syscall(SYS_bpf, 0, nullptr, 0) >= 0 || errno == EFAULT;
}
bool starts_thread_elsewhere() {
  return syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr) > 0;
}
bool undoes_filter() {
  return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}
bool eats_memory() {
  void* page =
      mmap(nullptr, std::size_t{2} << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page != MAP_FAILED;
}

struct Attempt {
  const char* name;
  bool (*succeeds)();
};
constexpr Attempt kAttempts[] = {
    {"open", opens},
    {"create", creates},
    {"connect", connects},
    {"fork", forks},
    {"exec", executes},
    {"write", writes_elsewhere},
    {"map shared", maps_shared},
    {"map code", maps_code},
    {"make code", makes_code},
    {"ptrace", traces},
    {"read parent", reads_parent},
    {"signal", signals},
    {"truncate", truncates},
    {"dup2", duplicates},
    {"setrlimit", lifts_limits},
    {"send", sends_elsewhere},
    {"datagram", opens_datagrams},
    {"socketpair", opens_local_socket},
    {"listen", listens},
    {"parent's file", reads_parent_file},
    {"own file", reads_own_file},
    {"rename", renames},
    {"unlink", removes},
    {"mkdir", makes_directory},
    {"chmod", changes_mode},
    {"memfd", makes_file_in_memory},
    {"io_uring", submits_rings},
    {"unshare", makes_namespace},
    {"userfaultfd", handles_faults},
    {"bpf", loads_programs},
    {"clone", starts_thread_elsewhere},
    {"prctl", undoes_filter},
    {"memory", eats_memory},
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 2;
  const int other = open("/proc/self/exe", O_RDONLY);
  char name[] = "/tmp/dalil-probe-XXXXXX";
  const int writable = mkstemp(name);
  unlink(name);
  if (other < 0 || writable < 0 || ftruncate(writable, 4096) != 0) return 2;
  const int far = dup2(writable, 100), near = dup2(ends[0], 101);
  dup2(ends[1], 102);  // the far end stays open
  dup2(near, kSocket);
  dup2(far, kOtherFile);
  int others[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, others) != 0) return 2;
  const int third = dup2(others[0], 103);
  dup2(others[1], 104);
  dup2(third, kOtherSocket);
  dalil::parser::lock_door(kSocket);
  if (std::string_view(arguments[1]) == "nothing") _exit(write(kSocket, "x", 1) == 1 ? 42 : 1);
  for (const auto& attempt : kAttempts) {
    if (std::strcmp(attempt.name, arguments[1]) == 0) _exit(attempt.succeeds() ? 1 : 0);
  }
  return 2;
}
