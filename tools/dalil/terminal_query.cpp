#include "terminal_query.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace dalil::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPatience{700};
constexpr std::size_t kLongestAnswer = 4096;

/// What is typed is neither shown nor held back until the line ends, as long as this lives.
class SilentInput {
 public:
  SilentInput() : good_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!good_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    silent.c_cc[VMIN] = 0;
    silent.c_cc[VTIME] = 0;
    good_ = tcsetattr(STDIN_FILENO, TCSADRAIN, &silent) == 0;
  }
  ~SilentInput() {
    // An answer that came too late is not left for the shell to read.
    if (good_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  SilentInput(const SilentInput&) = delete;
  SilentInput& operator=(const SilentInput&) = delete;
  bool good() const { return good_; }

 private:
  termios before_{};
  bool good_;
};

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// False: nothing more comes in time.
bool read_more(std::string& answers, Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd waiting{STDIN_FILENO, POLLIN, 0};
  if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
  char piece[256];
  const ssize_t got = read(STDIN_FILENO, piece, sizeof piece);
  if (got <= 0) return false;
  answers.append(piece, static_cast<std::size_t>(got));
  return answers.size() <= kLongestAnswer;
}

}  // namespace

PictureProtocol ask_terminal() {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return PictureProtocol::none;
  if (tcgetpgrp(STDIN_FILENO) != getpgrp()) return PictureProtocol::none;  // in the background
  const SilentInput silent;
  if (!silent.good() || !write_all(kPictureQuestion)) return PictureProtocol::none;
  const auto deadline = Clock::now() + kPatience;
  std::string answers;
  while (read_more(answers, deadline))
    if (const auto protocol = protocol_from(answers)) return *protocol;
  return PictureProtocol::none;
}

std::uint32_t terminal_width_pixels() {
  constexpr std::uint32_t kColumn = 8, kColumns = 80;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return kColumns * kColumn;
  if (size.ws_xpixel > 0) return size.ws_xpixel;
  return (size.ws_col > 0 ? size.ws_col : kColumns) * kColumn;
}

}  // namespace dalil::cli
