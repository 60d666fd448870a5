#include "register_rows.hpp"

#include "dalil/base/text.hpp"
#include "register_fields.hpp"

namespace dalil::formats {

std::string RegisterProblem::text() const {
  std::string place;
  if (row != 0) place = "row " + std::to_string(row);
  if (line != 0) place += row != 0 ? " (line " + std::to_string(line) + ")" : "line " + std::to_string(line);
  if (!field.empty()) place += (place.empty() ? "field '" : ", field '") + escape_for_display(field) + "'";
  return place.empty() ? problem : place + ": " + problem;
}

void RowSink::begin_row(std::size_t line) {
  ++row_;
  row_line_ = line;
  lines_.clear();
}

bool RowSink::begin_field(std::string_view name, std::size_t line) {
  const auto [place, is_new] = lines_.emplace(name, line);
  if (is_new) return true;
  add({row_, line, std::string(name), "appears twice; first in line " + std::to_string(place->second)});
  return false;
}

void RowSink::field_problem(std::string_view field, std::string problem) {
  if (problem.empty()) return;
  const auto place = lines_.find(field);
  add({row_, place == lines_.end() ? row_line_ : place->second, std::string(field), std::move(problem)});
}

void RowSink::end_row(archive::Incident incident, std::string_view stated_precision) {
  for (RegisterProblem& problem : validate(incident))
    field_problem(problem.field, std::move(problem.problem));
  field_problem("date_precision", precision_problem(incident, stated_precision));
  if (!incident.id.empty()) {
    // Two spellings of one Arabic or Latin letter would be two incidents that nobody can tell apart.
    const std::string id = to_nfc(incident.id).value_or(incident.id);
    const auto [first, is_new] = ids_.emplace(id, Place{row_, row_line_});
    if (!is_new) {
      field_problem("id", "'" + escape_for_display(incident.id) + "' is also the id of row " +
                              std::to_string(first->second.row) + " (line " +
                              std::to_string(first->second.line) + ")");
    }
  }
  out_.incidents.push_back(std::move(incident));
}

void RowSink::row_problem(std::size_t line, std::string problem) {
  add({row_, line, {}, std::move(problem)});
}

void RowSink::file_problem(std::size_t line, std::string problem) {
  add({0, line, {}, std::move(problem)});
}

void RowSink::add(RegisterProblem problem) {
  if (out_.problems.size() + 1 < kMaxRegisterProblems) {
    out_.problems.push_back(std::move(problem));
  } else if (out_.problems.size() + 1 == kMaxRegisterProblems) {
    out_.problems.push_back({0, 0, {}, "there are more problems; they are not listed"});
  }
}

std::string too_many_rows() {
  return "there are more than " + std::to_string(kMaxRegisterRows) + " incidents; divide the register";
}

bool accept_text(std::string_view& text, RowSink& sink) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.size() > kMaxRegisterBytes) {
    sink.file_problem(0, "the file is larger than 64 MiB");
    return false;
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    sink.file_problem(1, "the file is UTF-16; save it as UTF-8");
    return false;
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (is_utf8(text)) return true;
  std::size_t line = 1;
  for (std::string_view rest = text; !rest.empty(); ++line) {
    const std::size_t end = rest.find('\n');
    if (!is_utf8(rest.substr(0, end)) || end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  sink.file_problem(line, "the file is not UTF-8 from here on; save it as UTF-8");
  return false;
}

}  // namespace dalil::formats
