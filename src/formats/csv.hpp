#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Tables as spreadsheets write them (RFC 4180).
namespace dalil::formats {

struct CsvCell {
  std::string text;
  std::size_t line = 0;  ///< 1-based, where it begins
};
struct CsvRecord {
  std::vector<CsvCell> cells;
  std::size_t line = 0;
};

/// Splits a text into records. Lines end with CRLF, LF or CR; a quoted cell may hold any of them.
class CsvReader {
 public:
  CsvReader(std::string_view text, char delimiter, std::size_t first_line = 1)
      : rest_(text), delimiter_(delimiter), line_(first_line) {}

  /// Absent at the end, and after a problem. Lines that hold nothing at all are passed over.
  std::optional<CsvRecord> next();
  /// Empty unless the quoting is wrong; then nothing more can be told apart.
  const std::string& problem() const { return problem_; }
  std::size_t problem_line() const { return problem_line_; }

 private:
  std::string quoted_cell();
  std::string plain_cell();
  bool at_line_end() const { return rest_.empty() || rest_.front() == '\n' || rest_.front() == '\r'; }
  /// Takes one line break off the front, if there is one; returns it.
  std::string_view take_line_break();

  std::string_view rest_;
  char delimiter_;
  std::size_t line_;
  std::string problem_;
  std::size_t problem_line_ = 0;
};

}  // namespace dalil::formats
