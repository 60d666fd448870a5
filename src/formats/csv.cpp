#include "csv.hpp"

namespace dalil::formats {

std::string_view CsvReader::take_line_break() {
  const std::size_t size = rest_.starts_with("\r\n") ? 2 : !rest_.empty() && at_line_end() ? 1 : 0;
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  if (size > 0) ++line_;
  return taken;
}

std::string CsvReader::quoted_cell() {
  const std::size_t opened = line_;
  std::string text;
  rest_.remove_prefix(1);
  while (true) {
    const std::size_t stop = rest_.find_first_of("\"\r\n");
    if (stop == std::string_view::npos) {
      problem_ = "a quotation mark is opened here and never closed";
      problem_line_ = opened;
      return text;
    }
    text.append(rest_.substr(0, stop));
    rest_.remove_prefix(stop);
    if (rest_.front() != '"') {
      text.append(take_line_break());
    } else if (rest_.starts_with("\"\"")) {
      text += '"';
      rest_.remove_prefix(2);
    } else {
      rest_.remove_prefix(1);
      break;
    }
  }
  if (!at_line_end() && rest_.front() != delimiter_) {
    problem_ = "text follows a closing quotation mark; a quotation mark within a cell is written twice";
    problem_line_ = line_;
  }
  return text;
}

std::string CsvReader::plain_cell() {
  const char stops[] = {delimiter_, '\r', '\n'};
  const std::string_view text = rest_.substr(0, rest_.find_first_of(std::string_view(stops, sizeof stops)));
  rest_.remove_prefix(text.size());
  return std::string(text);
}

std::optional<CsvRecord> CsvReader::next() {
  if (!problem_.empty()) return std::nullopt;
  while (!rest_.empty() && at_line_end()) take_line_break();
  if (rest_.empty()) return std::nullopt;
  CsvRecord record;
  record.line = line_;
  while (true) {
    const std::size_t line = line_;
    std::string text = rest_.starts_with('"') ? quoted_cell() : plain_cell();
    if (!problem_.empty()) return std::nullopt;
    record.cells.push_back({std::move(text), line});
    if (at_line_end()) break;
    rest_.remove_prefix(1);  // the delimiter
  }
  take_line_break();
  return record;
}

}  // namespace dalil::formats
