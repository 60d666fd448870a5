#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "dalil/formats/report.hpp"

namespace dalil::formats {

inline constexpr std::array kAllVerdicts{
    archive::Verdict::intact,  archive::Verdict::corrupt, archive::Verdict::unreadable,
    archive::Verdict::missing, archive::Verdict::extra,   archive::Verdict::moved,
    archive::Verdict::renamed, archive::Verdict::changed, archive::Verdict::not_checked};

std::optional<archive::Verdict> verdict_from(std::string_view name);

/// What a statement says, but for the verdicts of which it has the hash alone. Absent if it has not the form
/// of one; whether it is in the only form of its content is told by writing it again.
std::optional<CheckReport> report_from_statement(std::string_view text);

}  // namespace dalil::formats
