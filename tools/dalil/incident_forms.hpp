#pragma once

#include <string>
#include <vector>

#include "dalil/archive/model.hpp"
#include "printer.hpp"

/// Incidents as people read and edit them.
namespace dalil::cli {

/// One field that two revisions state differently.
struct FieldChange {
  std::string field;
  std::string before, after;  ///< as register text; empty: not stated
};
std::vector<FieldChange> differences(const archive::Incident& before, const archive::Incident& after);

/// Lines "  field  value" of everything the register states.
void print_fields(Printer& out, const archive::Incident& incident);

/// Applies "field=value" texts. Error(usage) names the field and what is wrong.
void set_fields(archive::Incident& incident, const std::vector<std::string>& assignments);

/// Error(invalid) with all problems, unless there are none.
void require_valid(const archive::Incident& incident);

}  // namespace dalil::cli
