#include "printer.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "dalil/base/text.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kBufferSize = 64 << 10;
constexpr auto kLongestDelay = std::chrono::milliseconds(100);

bool wants_color(ColorWhen when, bool terminal) {
  if (when != ColorWhen::automatic) return when == ColorWhen::always;
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org: set and not empty
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  return terminal && term != nullptr && std::string_view(term) != "dumb";
}

const char* escape_of(Style style) {
  switch (style) {
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::good:
      return "\x1b[32m";
    case Style::bad:
      return "\x1b[1;31m";
    case Style::warning:
      return "\x1b[33m";
    case Style::plain:
      break;
  }
  return "";
}

}  // namespace

std::optional<std::size_t> Printer::columns() const {
  winsize size{};
  if (!output_terminal_ || ioctl(output_fd_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::string error_text(std::string_view message, std::string_view hint) {
  // Subjects inside come escaped; what a library said may not be. Only line breaks matter then: escaping the
  // whole text again would double every backslash.
  const auto one_line = [](std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '\n' || c == '\r' ? std::string("; ") : std::string(1, c);
    return out;
  };
  std::string text = "dalil: error: " + one_line(message) + "\n";
  if (!hint.empty()) text += "dalil: hint: " + one_line(hint) + "\n";
  return text;
}

Printer::Printer(const OutputOptions& options, int output_fd, int error_fd)
    : options_(options),
      output_fd_(output_fd),
      error_fd_(error_fd),
      output_terminal_(isatty(output_fd) == 1),
      error_terminal_(isatty(error_fd) == 1),
      color_(wants_color(options.color, output_terminal_)) {}

Printer::~Printer() {
  if (!failed_) write_all(output_fd_, buffer_);
}

void Printer::line(std::string_view text) {
  if (options_.json) return;
  const std::lock_guard lock(mutex_);
  buffer_.append(text);
  append("\n");
}

void Printer::object(std::string_view type, const Json& fields) {
  if (!options_.json) return;
  Json object = {{"type", type}, {"schema", kJsonSchema}};
  object.update(fields);
  const std::string text = object.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::lock_guard lock(mutex_);
  buffer_.append(text);
  append("\n");
}

void Printer::path(std::string_view raw) {
  if (options_.json) return;
  const std::lock_guard lock(mutex_);
  if (options_.nul_terminated) {
    buffer_.append(raw);
    append(std::string_view("\0", 1));
  } else {
    buffer_.append(escape_for_display(raw));
    append("\n");
  }
}

void Printer::note(std::string_view text) {
  if (!options_.quiet) write_error("dalil: " + std::string(text) + "\n");
}

void Printer::warn(std::string_view text) {
  write_error("dalil: warning: " + std::string(text) + "\n");
}

void Printer::flush() {
  const std::lock_guard lock(mutex_);
  write_out();
}

std::string Printer::styled(Style style, std::string_view text) const {
  if (!color_ || style == Style::plain) return std::string(text);
  return std::string(escape_of(style)).append(text).append("\x1b[0m");
}

void Printer::append(std::string_view text) {
  buffer_.append(text);
  // A terminal wants each line now; whoever follows the objects of a long job, soon; any other pipe wants
  // speed.
  const auto now = std::chrono::steady_clock::now();
  const bool due = output_terminal_ || (options_.json && now - last_write_ > kLongestDelay);
  if (due || buffer_.size() >= kBufferSize) {
    write_out();
    last_write_ = now;
  }
}

void Printer::write_out() {
  if (failed_) throw OutputClosed();
  const int error = write_all(output_fd_, buffer_);
  buffer_.clear();
  if (error == 0) return;
  failed_ = true;
  if (error == EPIPE) throw OutputClosed();
  throw system_error("write", "standard output", error);
}

void Printer::write_error(std::string_view text) {
  const std::lock_guard lock(mutex_);
  write_all(error_fd_, text);
}

}  // namespace dalil::cli
