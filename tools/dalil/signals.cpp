#include "signals.hpp"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

#include "exit_code.hpp"

namespace dalil::cli {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP};
jobs::StopFlag stop;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr std::string_view kFault =
    "dalil: error: a read outside of memory: the archive's database is damaged, or its disk failing\n"
    "dalil: hint: copy the archive, and then run 'dalil rebuild' or restore a snapshot; if 'dalil check' "
    "finds nothing wrong, this is a defect in dalil\n";

/// Of a memory fault. Nothing of the program can be relied on any more.
[[noreturn]] void on_fault(int) {
  const ssize_t told = ::write(STDERR_FILENO, kFault.data(), kFault.size());
  _exit(told < 0 ? kExitFailure : kExitDamaged);
}
#endif

void on_stop_signal(int) {
  stop.request();
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  // No SA_RESTART: a prompt that waits for a passphrase has to notice.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (const int signal : kStopSignals) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    // Whoever started us with the signal ignored (nohup) means it.
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

void catch_memory_faults() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  struct sigaction action {};
  action.sa_handler = on_fault;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGSEGV, SIGBUS}) sigaction(signal, &action, nullptr);
#endif
}

void wait_for_input(int fd) {
  sigset_t stops, before;
  sigemptyset(&stops);
  for (const int signal : kStopSignals) sigaddset(&stops, signal);
  pthread_sigmask(SIG_BLOCK, &stops, &before);
  pollfd wanted{fd, POLLIN, 0};
  if (!stop.requested()) ppoll(&wanted, 1, nullptr, &before);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

const jobs::StopFlag& stop_flag() {
  return stop;
}

}  // namespace dalil::cli
