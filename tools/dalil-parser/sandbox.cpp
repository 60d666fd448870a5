#include "sandbox.hpp"

#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

namespace dalil::parser {
namespace {

constexpr rlim_t kAddressSpace = rlim_t{1} << 30;
/// Seconds of processor time in a worker's whole life; the main process limits each file by the wall clock. A
/// worker that dies of this at an innocent file is no loss: that file is tried again in the next one.
constexpr rlim_t kProcessorSeconds = 300;
constexpr rlim_t kDescriptors = 32;

// Sanitizers reserve terabytes of address space; that of addresses probes memory by writing it into pipes.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DALIL_UNDER_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DALIL_UNDER_SANITIZER 1
#endif
#if defined(DALIL_UNDER_SANITIZER)
constexpr bool kUnderSanitizer = true;
#else
constexpr bool kUnderSanitizer = false;
#endif

/// errno, or the one that was there before; all limits are tried.
int limit(__rlimit_resource resource, rlim_t value, int error_before) {
  const rlimit both{value, value};
  return setrlimit(resource, &both) == 0 ? error_before : errno;
}

int limit_resources() {
  int error = limit(RLIMIT_CPU, kProcessorSeconds, 0);
  error = limit(RLIMIT_NOFILE, kDescriptors, error);
  error = limit(RLIMIT_NPROC, 0, error);
  error = limit(RLIMIT_FSIZE, 0, error);
  error = limit(RLIMIT_CORE, 0, error);
  if (!kUnderSanitizer) error = limit(RLIMIT_AS, kAddressSpace, error);
  return error;
}

/// landlock_ruleset_attr as newer kernels know it: they take a longer one as long as what they do not know is
/// zero.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;  ///< since version 4
  std::uint64_t scope = 0;    ///< since version 6
};

/// Everything that this version can forbid.
Ruleset all_of(long version) {
  constexpr unsigned kFilesOf[] = {13, 14, 15, 15, 16};  // accesses to files that versions 1 to 5 know
  Ruleset all;
  const auto row = static_cast<std::size_t>(version < 5 ? version - 1 : 4);
  all.files = (std::uint64_t{1} << kFilesOf[row]) - 1;
  if (version >= 4) all.network = 3;  // to bind and to connect TCP
  if (version >= 6) all.scope = 3;    // abstract sockets, and signals to whoever is outside
  return all;
}

/// A rule set that handles every access and allows none.
int deny_files(unsigned& version_used) {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return version < 0 ? errno : ENOSYS;
  const Ruleset ruleset = all_of(version);
  const long rules = syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);
  if (rules < 0) return errno;
  const int error = syscall(SYS_landlock_restrict_self, rules, 0) == 0 ? 0 : errno;
  close(static_cast<int>(rules));
  if (error == 0) version_used = static_cast<unsigned>(version);
  return error;
}

/// Without side effects outside of this process.
constexpr std::array kAllowed = {
    SCMP_SYS(read),         SCMP_SYS(pread64),      SCMP_SYS(lseek),          SCMP_SYS(munmap),
    SCMP_SYS(madvise),      SCMP_SYS(brk),          SCMP_SYS(futex),          SCMP_SYS(exit),
    SCMP_SYS(exit_group),   SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),    SCMP_SYS(close),          SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),  SCMP_SYS(recvmsg),      SCMP_SYS(fstat),          SCMP_SYS(getpid),
    SCMP_SYS(gettid),       SCMP_SYS(mremap),       SCMP_SYS(sigaltstack),
};

/// What libraries try in passing and can do without: refused, where everything else kills.
constexpr std::array kRefused = {
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(getcwd),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrlimit),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(ioctl),
    SCMP_SYS(fcntl),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(getrusage),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(getdents64),
    SCMP_SYS(unlink),
    SCMP_SYS(mkdir),
    SCMP_SYS(prctl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(socket),
    SCMP_SYS(times),
    SCMP_SYS(clock_getres),
    SCMP_SYS(writev),
};

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};

/// Rules that look at arguments.
bool add_narrow_rules(scmp_filter_ctx filter, int socket) {
  const auto fd = static_cast<scmp_datum_t>(socket);
  bool good = true;
  if (kUnderSanitizer) {
    for (const int call : {SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(write)}) {
      good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0 && good;
    }
  }
  for (const int call : {SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(write)}) {
    if (kUnderSanitizer && call == SCMP_SYS(write)) continue;
    good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, fd)) == 0 && good;
    good = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 1, SCMP_A0(SCMP_CMP_NE, fd)) == 0 && good;
  }
  // Private memory that is not executable: neither new code, nor writing to a file through a mapping.
  good =
      seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                       SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED, 0)) == 0 &&
      good;
  good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                          SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
         good;
  // abort() signals its own process.
  good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                          SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid()))) == 0 &&
         good;
  return good;
}

int filter_calls(int socket) {
  const std::unique_ptr<void, ReleaseFilter> filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) return ENOMEM;
  seccomp_attr_set(filter.get(), SCMP_FLTATR_API_SYSRAWRC, 1);  // the kernel's own errors, not ECANCELED
  for (const int call : kAllowed) {
    if (seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) != 0) return EINVAL;
  }
  for (const int call : kRefused) {
    // A call that this architecture never had needs no rule.
    const int result = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EACCES), call, 0);
    if (result != 0 && result != -EDOM) return EINVAL;
  }
  if (!add_narrow_rules(filter.get(), socket)) return EINVAL;
  return -seccomp_load(filter.get());
}

}  // namespace

Locks lock_door(int socket) {
  Locks locks;
  locks.no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
  locks.closed_memory = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno;
  locks.landlock = deny_files(locks.landlock_version);
  locks.resource_limits = limit_resources();
  locks.seccomp = filter_calls(socket);
  return locks;
}

}  // namespace dalil::parser
