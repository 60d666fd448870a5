// Memory runs out: the allocation number DALIL_OOM_AT of the process (from 1 on, counted from the first
// thing that main does) gets
// none, and with DALIL_OOM_STAYS=N also the N - 1 after it. DALIL_OOM_LOG gets the number of allocations when
// the process ends by itself, with "! " before it if one failed. Only the program of the name
// DALIL_OOM_PROGRAM is meant, not what it starts.

#include <sys/prctl.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>

#include "preload.hpp"

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
extern char* program_invocation_short_name;
}

namespace {

std::atomic<long> allocations{0};
std::atomic<bool> counts{false}, failed{false};
long first = 0, last = 0;

long number(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}

void begin() {
  const char* program = std::getenv("DALIL_OOM_PROGRAM");
  if (program == nullptr || std::string_view(program) != program_invocation_short_name) return;
  first = number("DALIL_OOM_AT");
  last = first + (std::getenv("DALIL_OOM_STAYS") == nullptr ? 0 : number("DALIL_OOM_STAYS") - 1);
  counts = true;
}

bool none_left() {
  if (!counts.load(std::memory_order_relaxed)) return false;
  const long now = ++allocations;
  if (first == 0 || now < first || now > last) return false;
  failed = true;
  errno = ENOMEM;
  return true;
}

__attribute__((destructor)) void end() {
  const char* log = std::getenv("DALIL_OOM_LOG");
  if (!counts.exchange(false) || log == nullptr) return;
  char line[40];
  const int size = std::snprintf(line, sizeof line, "%s%ld\n", failed ? "! " : "", allocations.load());
  const long out =
      preload::kernel(SYS_openat, AT_FDCWD, preload::word(log), O_WRONLY | O_TRUNC | O_CREAT, 0600);
  if (out >= 0) preload::kernel(SYS_write, out, preload::word(line), size);
}

}  // namespace

extern "C" {

/// The first thing that main does is to forbid others to look into the process.
int prctl(int what, ...) {
  va_list more;
  va_start(more, what);
  long a[4];
  for (long& one : a) one = va_arg(more, long);
  va_end(more);
  if (what == PR_SET_DUMPABLE) begin();
  return static_cast<int>(preload::kernel(SYS_prctl, what, a[0], a[1], a[2], a[3]));
}

void* malloc(size_t size) {
  return none_left() ? nullptr : __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  return none_left() ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  return none_left() ? nullptr : __libc_realloc(old, size);
}
void* memalign(size_t alignment, size_t size) {
  return none_left() ? nullptr : __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return memalign(alignment, size);
}
int posix_memalign(void** to, size_t alignment, size_t size) {
  if (none_left()) return ENOMEM;
  *to = __libc_memalign(alignment, size);
  return *to == nullptr ? ENOMEM : 0;
}

}  // extern "C"
