#include "signals.hpp"

#include <poll.h>

#include <csignal>

namespace dalil::cli {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP};
jobs::StopFlag stop;

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
