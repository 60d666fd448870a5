#pragma once

#include <map>
#include <string>
#include <string_view>

#include "dalil/formats/register.hpp"

namespace dalil::formats {

/// Gathers a register row by row, whatever it is written in, and knows where everything stands in the file.
class RowSink {
 public:
  explicit RowSink(Register& out) : out_(out) {}

  void begin_row(std::size_t line);
  /// Where a field of this row stands. A second time is a problem; returns false then.
  bool begin_field(std::string_view name, std::size_t line);
  /// Of a field of this row; nothing if `problem` is empty.
  void field_problem(std::string_view field, std::string problem);
  /// `stated_precision` is the row's `date_precision`, if any.
  void end_row(archive::Incident incident, std::string_view stated_precision);

  void row_problem(std::size_t line, std::string problem);
  /// A problem of no row.
  void file_problem(std::size_t line, std::string problem);
  std::size_t rows() const { return row_; }

 private:
  void add(RegisterProblem problem);

  Register& out_;
  std::size_t row_ = 0;
  std::size_t row_line_ = 0;
  std::map<std::string, std::size_t, std::less<>> lines_;  ///< of this row's fields
  struct Place {
    std::size_t row, line;
  };
  std::map<std::string, Place> ids_;
};

std::string too_many_rows();

/// Adds a problem and returns false if the file is too large or no UTF-8 text; drops a byte order mark.
bool accept_text(std::string_view& text, RowSink& sink);

}  // namespace dalil::formats
