#include "incident_forms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "dalil/formats/register.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

bool says_nothing(const Json& value) {
  return value.is_null() || ((value.is_array() || value.is_object() || value.is_string()) && value.empty());
}

std::string text_of(const Json& value) {
  if (says_nothing(value)) return {};
  const std::string text = value.is_string() ? value.get<std::string>()
                                             : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return escape_for_display(text);
}

}  // namespace

std::vector<FieldChange> differences(const archive::Incident& before, const archive::Incident& after) {
  const Json old_fields = json_of(before), new_fields = json_of(after);
  std::vector<FieldChange> changes;
  for (const auto& [name, value] : new_fields.items()) {
    const Json old_value = old_fields.contains(name) ? old_fields[name] : Json();
    if (old_value != value) changes.push_back({name, text_of(old_value), text_of(value)});
  }
  for (const auto& [name, value] : old_fields.items()) {
    if (!new_fields.contains(name)) changes.push_back({name, text_of(value), {}});
  }
  return changes;
}

void print_fields(Printer& out, const archive::Incident& incident) {
  const Json fields = json_of(incident);
  std::size_t width = 0;
  for (const auto& [name, value] : fields.items()) {
    if (!says_nothing(value)) width = std::max(width, display_width(name));
  }
  for (const auto& [name, value] : fields.items()) {
    if (says_nothing(value) || name == "id") continue;
    out.line("  " + out.styled(Style::dim, pad(name, width)) + "  " + text_of(value));
  }
}

void set_fields(archive::Incident& incident, const std::vector<std::string>& assignments) {
  for (const std::string& assignment : assignments) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos) {
      throw Error(ErrorCode::usage, in_quotes(assignment) + " is not of the form field=value");
    }
    const std::string field = assignment.substr(0, equals);
    const std::string problem = formats::set_incident_field(incident, field, assignment.substr(equals + 1));
    if (problem.empty()) continue;
    const auto names = formats::incident_field_names();
    const bool known = std::find(names.begin(), names.end(), field) != names.end();
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    throw Error(ErrorCode::usage, fmt::format("cannot set field {}: {}", in_quotes(field), problem),
                known ? "" : "the fields are: " + all);
  }
}

void require_valid(const archive::Incident& incident) {
  const auto problems = formats::validate(incident);
  if (problems.empty()) return;
  std::string all;
  for (const auto& problem : problems) {
    all += (all.empty() ? "" : "; ") + problem.text();
  }
  throw Error(ErrorCode::invalid,
              fmt::format("incident {} is not acceptable: {}", in_quotes(incident.id), all),
              "nothing was changed");
}

}  // namespace dalil::cli
