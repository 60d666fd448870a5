// A clock that is wrong. DALIL_CLOCK_OFFSET: seconds that are added to the time of day. DALIL_CLOCK_AT:
// seconds since 1970 at which it stands still. DALIL_CLOCK_JUMP: seconds that are added to every second look,
// so that it jumps there and back. Clocks that count from the start of the machine are right.

#include <sys/time.h>
#include <time.h>

#include <atomic>

#include "preload.hpp"

namespace {

constexpr time_t kYear = 365 * 86400;

long long number(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

timespec now() {
  static std::atomic<unsigned> looks{0};
  timespec time{};
  preload::kernel(SYS_clock_gettime, CLOCK_REALTIME, preload::word(&time));
  if (std::getenv("DALIL_CLOCK_AT") != nullptr) return {number("DALIL_CLOCK_AT"), 0};
  time.tv_sec += number("DALIL_CLOCK_OFFSET");
  const unsigned look = looks++;
  if (look % 2 == 1) time.tv_sec += number("DALIL_CLOCK_JUMP");
  if (const long long after = number("DALIL_CLOCK_BACK_AFTER"); after > 0 && look > after)
    time.tv_sec -= kYear;
  return time;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* to) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
    return static_cast<int>(preload::kernel(SYS_clock_gettime, clock, preload::word(to)));
  *to = now();
  return 0;
}
time_t time(time_t* to) {
  const time_t seconds = now().tv_sec;
  if (to != nullptr) *to = seconds;
  return seconds;
}
int gettimeofday(timeval* to, void*) {
  const timespec time = now();
  *to = {time.tv_sec, time.tv_nsec / 1000};
  return 0;
}

}  // extern "C"
