#include <algorithm>
#include <set>

#include "csv.hpp"
#include "dalil/base/text.hpp"
#include "dalil/formats/register.hpp"
#include "register_fields.hpp"
#include "register_rows.hpp"

namespace dalil::formats {
namespace {

/// As many as there are register fields and fields of the group's own, and some.
constexpr std::size_t kMaxColumns = 320;

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Register names are lower case; spreadsheets like to change that. Names of the group's own stay as they
/// are.
std::string column_name(std::string_view cell) {
  const std::string_view given = trim(cell);
  std::string lower(given);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return is_known_name(lower) ? lower : std::string(given);
}

struct Dialect {
  char delimiter = ',';
  std::string_view body;  ///< without a line that names the delimiter
  std::size_t first_line = 1;
};

/// The delimiter under which most columns are fields that a register has, then the one that makes most
/// columns.
Dialect sniff(std::string_view text) {
  constexpr std::string_view kNamed = "sep=";  // what Excel writes and reads
  if (text.starts_with(kNamed) && text.size() > kNamed.size()) {
    const std::size_t end = text.find('\n');
    const std::string_view body = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    return {text[kNamed.size()], body, 2};
  }
  Dialect best{',', text, 1};
  std::pair<std::size_t, std::size_t> best_score{0, 0};
  for (const char delimiter : {',', ';', '\t'}) {
    const std::optional<CsvRecord> header = CsvReader(text, delimiter).next();
    if (!header || header->cells.size() > kMaxColumns) continue;
    const auto known = std::count_if(header->cells.begin(), header->cells.end(), [](const CsvCell& cell) {
      return is_known_name(column_name(cell.text));
    });
    const std::pair score{static_cast<std::size_t>(known), header->cells.size()};
    if (score > best_score) {
      best_score = score;
      best.delimiter = delimiter;
    }
  }
  return best;
}

/// Empty names stay in the list, so that cells find their column.
std::vector<std::string> read_columns(const CsvRecord& header, RowSink& sink) {
  std::vector<std::string> columns;
  std::set<std::string> seen;
  for (const CsvCell& cell : header.cells) {
    columns.push_back(column_name(cell.text));
    if (!columns.back().empty() && !seen.insert(columns.back()).second) {
      sink.file_problem(cell.line, "column '" + escape_for_display(columns.back()) + "' appears twice");
    }
  }
  for (const CsvCell& cell : header.cells)
    if (const std::string problem = misspelling_problem(column_name(cell.text)); !problem.empty())
      sink.file_problem(cell.line, "column '" + escape_for_display(trim(cell.text)) + "': " + problem);
  if (!seen.contains("id")) sink.file_problem(header.line, "there is no column 'id'");
  if (columns.size() > kMaxColumns) sink.file_problem(header.line, "there are too many columns");
  return columns;
}

/// An apostrophe keeps spreadsheets from reading "+03:00" or "-" as a formula; it is no part of the text.
std::string_view unguarded(std::string_view text) {
  constexpr std::string_view kFormulaStarts = "=+-@\t\r";
  const bool guarded =
      text.size() > 1 && text[0] == '\'' && kFormulaStarts.find(text[1]) != std::string_view::npos;
  return guarded ? text.substr(1) : text;
}

void fill_row(const CsvRecord& record, const std::vector<std::string>& columns, RowSink& sink) {
  sink.begin_row(record.line);
  if (record.cells.size() != columns.size()) {
    sink.row_problem(record.line, "has " + std::to_string(record.cells.size()) +
                                      " cells, but the header has " + std::to_string(columns.size()));
    return;
  }
  Incident incident;
  std::string_view precision;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const CsvCell& cell = record.cells[i];
    const std::string_view text = unguarded(cell.text);
    if (text.empty()) continue;
    if (columns[i].empty()) {
      sink.row_problem(cell.line, "a cell stands below a column without a name");
      continue;
    }
    sink.begin_field(columns[i], cell.line);
    sink.field_problem(columns[i], assign_cell(incident, columns[i], text));
    if (columns[i] == "date_precision") precision = text;
  }
  sink.end_row(std::move(incident), precision);
}

/// Rows of empty cells are what remains where somebody has deleted.
bool is_blank(const CsvRecord& record) {
  return std::all_of(record.cells.begin(), record.cells.end(),
                     [](const CsvCell& cell) { return trim(cell.text).empty(); });
}

}  // namespace

Register read_register_csv(std::string_view text) {
  Register result;
  RowSink sink(result);
  if (!accept_text(text, sink)) return result;
  const Dialect dialect = sniff(text);
  CsvReader reader(dialect.body, dialect.delimiter, dialect.first_line);
  if (const std::optional<CsvRecord> header = reader.next()) {
    const std::vector<std::string> columns = read_columns(*header, sink);
    if (!result.problems.empty()) return result;
    while (const std::optional<CsvRecord> record = reader.next()) {
      if (is_blank(*record)) continue;
      if (sink.rows() >= kMaxRegisterRows) {
        sink.file_problem(record->line, too_many_rows());
        break;
      }
      fill_row(*record, columns, sink);
    }
  } else if (reader.problem().empty()) {
    sink.file_problem(1, "there is no header line");
  }
  if (!reader.problem().empty()) sink.file_problem(reader.problem_line(), reader.problem());
  return result;
}

}  // namespace dalil::formats
