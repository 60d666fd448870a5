#include "signals.hpp"

#include <csignal>

namespace dalil::cli {
namespace {

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
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    // Whoever started us with the signal ignored (nohup) means it.
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

const jobs::StopFlag& stop_flag() {
  return stop;
}

}  // namespace dalil::cli
