#pragma once

#include <map>
#include <string>
#include <vector>

#include "json_forms.hpp"
#include "policy_survey.hpp"
#include "printer.hpp"

namespace dalil::cli {

/// Where volumes are, as far as it is known: by row.
using Folders = std::map<archive::Row, std::string>;

/// The volume's folder as a word of a command, or what stands for one.
std::string folder_word(const Folders& folders, archive::Row volume, const char* otherwise);
/// What backups are made from, as words of a command: every working volume.
std::string source_words(const std::vector<archive::Volume>& volumes);

/// What falls short of the policy, and which commands would change that.
void print_policy(Printer& out, const PolicySurvey& survey, const std::vector<archive::Volume>& volumes,
                  const Folders& folders);
Json policy_json(const PolicySurvey& survey);

}  // namespace dalil::cli
