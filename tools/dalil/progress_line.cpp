#include "progress_line.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>

#include "forms.hpp"
#include "printer.hpp"

namespace dalil::cli {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(200);
/// Opening a file costs about as much as reading so many bytes: without it the estimate would be off by far
/// in a tree of many small files and a few videos.
constexpr double kFileCostBytes = 64 << 10;

double work(std::uint64_t files, std::uint64_t bytes) {
  return static_cast<double>(bytes) + kFileCostBytes * static_cast<double>(files);
}

std::size_t terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// A signal is for the thread that waits for it (a prompt, a read), never for the one that draws.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

std::string progress_text(const std::string& what, const ProgressMoment& moment) {
  std::string text = fmt::format("{}  {} of {}{} files  {} of {}", what, number_text(moment.files_done),
                                 number_text(moment.files_expected), moment.walk_finished ? "" : "+",
                                 bytes_text(moment.bytes_done), bytes_text(moment.bytes_expected));
  const double done = work(moment.files_done, moment.bytes_done);
  const double all = work(moment.files_expected, moment.bytes_expected);
  if (moment.walk_finished && all > 0) text += fmt::format("  {:.0f}%", 100 * std::min(done / all, 1.0));
  if (moment.elapsed_s > 0) {
    text += fmt::format(
        "  {}/s",
        bytes_text(static_cast<std::uint64_t>(static_cast<double>(moment.bytes_done) / moment.elapsed_s)));
  }
  if (moment.walk_finished && done > 0 && all > done && moment.elapsed_s >= 1) {
    text += fmt::format("  {} left",
                        duration_text(static_cast<std::int64_t>(moment.elapsed_s * (all - done) / done)));
  }
  if (moment.problems > 0) text += "  " + count_text(moment.problems, "problem", "problems");
  return text;
}

ProgressLine::ProgressLine(std::string what, const jobs::Progress& progress, bool shown)
    : what_(std::move(what)), progress_(progress) {
  if (shown) thread_ = std::thread([this] { draw_until_stopped(); });
}

ProgressLine::~ProgressLine() {
  stop();
}

void ProgressLine::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
  write_all(STDERR_FILENO, "\r\x1b[K");
}

void ProgressLine::draw_until_stopped() {
  block_signals();
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kRedraw, [this] { return stopped_; })) {
    std::string text = progress_text(what_, now());
    const std::size_t columns = terminal_columns();
    if (text.size() >= columns) text.resize(columns - 1);  // ASCII only: a byte is a column
    write_all(STDERR_FILENO, "\r" + text + "\x1b[K");
  }
}

ProgressMoment ProgressLine::now() const {
  ProgressMoment moment;
  moment.files_done = progress_.files_done;
  moment.files_expected = std::max(progress_.files_expected.load(), moment.files_done);
  moment.bytes_done = progress_.bytes_done;
  moment.bytes_expected = std::max(progress_.bytes_expected.load(), moment.bytes_done);
  moment.problems = progress_.problems;
  moment.walk_finished = progress_.walk_finished;
  moment.elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  return moment;
}

}  // namespace dalil::cli
