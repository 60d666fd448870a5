#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dalil/archive/condition.hpp"

namespace dalil::archive {

/// A date, month or year, or a time of a day to the hour, minute or second; or two joined by "..", of which
/// one may be missing and the second may lack its date:
///     2017, 2017-09, 2017-09-11, 2017-09-11T06, 2017-09-11T06:30, 2017-09-11T06:00..07:30, 2017-09-11T03:30Z
/// Without Z or an offset the local clock is meant; an offset at one end of a span holds for both. From the
/// begin of the first to the end of the second. Absent if ill-formed or reversed.
std::optional<TimeSpan> parse_time_span(std::string_view text, const LocalClock& local);

/// 90s, 30m (or min), 2h, 3d, or a timecode (1:30), in milliseconds.
std::optional<std::int64_t> parse_duration(std::string_view text);

/// 500m, 5km, 1.5km
std::optional<double> parse_distance_m(std::string_view text);

}  // namespace dalil::archive
