#include "secrets.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/base/time.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/new_file.hpp"
#include "printer.hpp"
#include "signals.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kLongestPassphrase = 4096;
constexpr std::size_t kShortestPassphrase = 8;

/// Turns the echo off and, however the scope is left, on again.
class EchoOff {
 public:
  explicit EchoOff(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
    changed_ = tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  ~EchoOff() {
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

 private:
  int terminal_;
  termios before_{};
  bool changed_ = false;
};

/// Up to the first line feed or the end. Byte by byte, so that nothing lingers in a buffer of the C library.
crypto::Secret read_line(int fd, const char* what = "passphrase") {
  crypto::Secret line(kLongestPassphrase);
  std::size_t size = 0;
  for (;;) {
    std::uint8_t byte = 0;
    wait_for_input(fd);
    // Also where a byte came with the signal: the next question would wait for an answer that nobody gives.
    if (stop_flag().requested()) throw Error(ErrorCode::interrupted, "interrupted");
    const ssize_t got = read(fd, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("read", what, errno);
    if (got == 0 || byte == '\n') break;
    if (size == kLongestPassphrase)
      throw Error(ErrorCode::invalid, std::string("the ") + what + " is too long");
    line.mutable_view()[size++] = byte;
  }
  if (size > 0 && line.view()[size - 1] == '\r') --size;
  return crypto::Secret(line.view().first(size));
}

[[noreturn]] void become_shell(const std::string& command, int output) {
  dup2(output, STDOUT_FILENO);
  std::signal(SIGPIPE, SIG_DFL);  // what is ignored stays ignored over an exec
  execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
  _exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::vector<crypto::age::Identity> read_key_file(const std::string& path) {
  Bytes text = files::read_small_file(path, 1 << 20);
  try {
    auto identities = crypto::age::Identity::parse_file(as_chars(text));
    crypto::wipe(text);
    return identities;
  } catch (const Error& error) {
    crypto::wipe(text);
    throw Error(error.code(), "'" + escape_for_display(path) + "' is no key file: " + error.what(),
                "a key file holds a line that begins with AGE-SECRET-KEY-1");
  }
}

crypto::age::Identity make_key_file(const std::string& path) {
  std::vector<crypto::age::Identity> one;
  one.push_back(crypto::age::Identity::generate());
  const std::string head = "# created: " + system_clock().now().rfc3339() + "\n";
  files::write_new_file(path, key_file_text(head, one).view());
  return std::move(one.front());
}

crypto::Secret key_file_text(const std::string& head, const std::vector<crypto::age::Identity>& identities) {
  constexpr std::size_t kMostOfOne = 512;
  std::string text = head;
  text.reserve(head.size() + kMostOfOne * identities.size());  // no key stays behind where it grew
  for (const crypto::age::Identity& identity : identities) {
    const crypto::Secret key = identity.encode();
    text += "# public key: " + identity.recipient() + "\n";
    text += as_chars(key.view());
    text += '\n';
  }
  crypto::Secret whole(as_bytes(text));
  crypto::wipe(text);
  return whole;
}

crypto::Secret ask_passphrase(const std::string& prompt) {
  const files::Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) {
    throw Error(ErrorCode::usage, "no terminal to ask for the passphrase",
                "give --key-file FILE, or set DALIL_KEY_FILE or DALIL_PASSPHRASE_COMMAND");
  }
  // The echo goes off first: whoever sees the prompt may type at once.
  const EchoOff quiet(terminal.get());
  write_all(terminal.get(), prompt);
  try {
    crypto::Secret line = read_line(terminal.get());
    write_all(terminal.get(), "\n");
    return line;
  } catch (...) {
    write_all(terminal.get(), "\n");
    throw;
  }
}

crypto::Secret ask_line(const std::string& prompt) {
  const files::Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) throw system_error("open", "/dev/tty", errno);
  write_all(terminal.get(), prompt);
  return read_line(terminal.get(), "line");
}

crypto::Secret passphrase_from_command(const std::string& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw system_error("run", "DALIL_PASSPHRASE_COMMAND", errno);
  const files::Fd from(ends[0]);
  files::Fd to(ends[1]);
  const pid_t child = fork();
  if (child < 0) throw system_error("run", "DALIL_PASSPHRASE_COMMAND", errno);
  if (child == 0) become_shell(command, to.get());
  to.reset();
  crypto::Secret line = read_line(from.get());
  const int status = wait_for(child);
  if (status != 0) {
    throw Error(ErrorCode::io,
                "the command in DALIL_PASSPHRASE_COMMAND failed with status " + std::to_string(status),
                "run it by hand to see why; it has to print the passphrase on its first line");
  }
  return line;
}

crypto::Secret choose_passphrase(const SecretOptions& options) {
  const bool by_command = !options.passphrase_command.empty();
  crypto::Secret first =
      by_command ? passphrase_from_command(options.passphrase_command) : ask_passphrase("New passphrase: ");
  if (first.size() < kShortestPassphrase) {
    throw Error(ErrorCode::invalid, "the passphrase is shorter than 8 bytes",
                "five or six random words are easy to keep in mind and hard to guess");
  }
  if (by_command) return first;
  const crypto::Secret second = ask_passphrase("The same again: ");
  if (first.size() != second.size() || !crypto::equal_constant_time(first.view(), second.view())) {
    throw Error(ErrorCode::invalid, "the two passphrases differ", "nothing was made; try again");
  }
  return first;
}

}  // namespace dalil::cli
