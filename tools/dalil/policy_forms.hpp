#pragma once

#include <vector>

#include "json_forms.hpp"
#include "policy_survey.hpp"
#include "printer.hpp"

namespace dalil::cli {

/// What falls short of the policy, and which commands would change that.
void print_policy(Printer& out, const PolicySurvey& survey, const std::vector<archive::Volume>& volumes);
Json policy_json(const PolicySurvey& survey);

}  // namespace dalil::cli
