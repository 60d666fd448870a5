#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "dalil/base/error.hpp"

namespace dalil::cli {

using Json = nlohmann::ordered_json;

/// Version of the shape of all JSON objects that this program prints; a change that breaks readers raises it.
inline constexpr const char* kJsonSchema = "dalil/1";

enum class ColorWhen { automatic, always, never };
enum class Style { plain, bold, dim, good, bad, warning };

struct OutputOptions {
  bool json = false;
  bool nul_terminated = false;
  bool quiet = false;
  bool verbose = false;
  ColorWhen color = ColorWhen::automatic;
};

/// Standard output was closed by its reader (`dalil find | head`): no failure, but nobody is left to talk to.
class OutputClosed : public std::runtime_error {
 public:
  OutputClosed() : std::runtime_error("standard output was closed") {}
};

/// Where a command's results go: text or JSON Lines on standard output, remarks on standard error.
///
/// Text calls print nothing in JSON mode and the other way round, so a command states both without asking
/// which. May be called from several threads. Error(io) if standard output cannot be written.
class Printer {
 public:
  explicit Printer(const OutputOptions& options, int output_fd = 1, int error_fd = 2);
  ~Printer();
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  bool json() const { return options_.json; }
  bool nul_terminated() const { return options_.nul_terminated; }
  bool quiet() const { return options_.quiet; }
  bool verbose() const { return options_.verbose; }
  /// Columns of the terminal that standard output is; absent if it is none, or does not say.
  std::optional<std::size_t> columns() const;
  bool progress_wanted() const { return error_terminal_ && !options_.quiet; }

  /// One line of text.
  void line(std::string_view text = {});
  /// One JSON object of this type; `fields` is an object.
  void object(std::string_view type, const Json& fields);
  /// A path on its own: raw with a NUL after it under -0, else escaped with a line feed. Text mode.
  void path(std::string_view raw);
  /// A remark on standard error, "dalil: <text>"; nothing when quiet.
  void note(std::string_view text);
  /// "dalil: warning: <text>"; also when quiet.
  void warn(std::string_view text);
  /// Hands everything on to the kernel.
  void flush();

  std::string styled(Style style, std::string_view text) const;

 private:
  void append(std::string_view text);
  void write_out();
  void write_error(std::string_view text);

  OutputOptions options_;
  int output_fd_;
  int error_fd_;
  bool output_terminal_;
  bool error_terminal_;
  bool color_;
  bool failed_ = false;
  std::string buffer_;
  std::chrono::steady_clock::time_point last_write_{};
  std::mutex mutex_;
};

/// "dalil: error: ..." and, if there is one, "dalil: hint: ...". Line feeds within come out escaped.
std::string error_text(std::string_view message, std::string_view hint);

/// Writes all of it, retrying when interrupted; errno or 0.
int write_all(int fd, std::string_view text);

}  // namespace dalil::cli
