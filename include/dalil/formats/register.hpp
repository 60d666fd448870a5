#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/model.hpp"

/// Registers of incidents as groups keep them.
namespace dalil::formats {

/// Every way in which a register is not acceptable, each with its place: "row 7 (line 212), field 'killed': ...".
struct RegisterProblem {
  std::size_t row = 0;   ///< 1-based, of the incident
  std::size_t line = 0;  ///< 1-based, in the file
  std::string field;
  std::string problem;
};

struct Register {
  std::vector<archive::Incident> incidents;
  std::vector<RegisterProblem> problems;  ///< when there are any, nothing may be imported
  std::string published_totals_json;      ///< the report's own totals if the file carries them; else empty
};

/// {"incidents": [...]} or a bare array. UTF-8, with or without a byte order mark. Never throws for bad content.
Register read_register_json(std::string_view text);
/// RFC 4180 with a header line of the same field names (nested ones with dots: source.report); `,` or `;` or TAB.
Register read_register_csv(std::string_view text);

/// One incident in the same JSON that read_register_json takes.
std::string incident_to_json(const archive::Incident& incident, int indent = -1);

/// Sets one field by its register name. Empty text clears it. Returns the problem, or nothing.
std::string set_incident_field(archive::Incident& incident, std::string_view field, std::string_view text);
std::vector<std::string> incident_field_names();
/// Problems of one incident (missing id, impossible date, negative count ...).
std::vector<RegisterProblem> validate(const archive::Incident& incident);

}  // namespace dalil::formats
