#pragma once

#include <optional>

#include "dalil/archive/suggest.hpp"

/// What times and places are worth. Pure; docs/review.md has the numbers.
namespace dalil::archive {

/// A stretch of time in UTC milliseconds, both ends inclusive.
struct Interval {
  std::int64_t from_ms = 0, to_ms = 0;
  bool operator==(const Interval&) const = default;
};

enum class Basis : std::uint8_t { verified, embedded, named };

/// When and where an item was made, as far as it is known.
struct ItemClue {
  std::optional<Interval> time;
  Basis time_basis = Basis::embedded;
  bool zone_known = true;
  std::optional<Circle> place;
  bool place_verified = false;
};

struct IncidentClue {
  std::optional<Interval> time;
  std::optional<Circle> place;
};

/// A clock's reading of unknown zone, as the stretch of UTC in which it may have been: zones reach from
/// -12:00 to +14:00.
Interval of_unknown_zone(std::int64_t local_first_ms, std::int64_t local_last_ms);
/// The days or the minute that a register gives, in its zone, or else in that of Syria in summer (+03:00).
IncidentClue clue_of(const Incident& incident);

/// Farther from an incident than this, time alone suggests nothing.
inline constexpr std::int64_t kLongestBeforeMs = 12 * 3'600'000, kLongestAfterMs = 48 * 3'600'000;
inline constexpr double kFarthestKm = 25;

std::optional<Reason> time_reason(const ItemClue& item, const IncidentClue& incident);
std::optional<Reason> place_reason(const ItemClue& item, const IncidentClue& incident);

/// `linked` of the folder's files are evidence of some incident, `of_it` of this one.
Reason folder_reason(std::uint32_t of_it, std::uint32_t linked);
/// Absent if they were made too far apart.
std::optional<Reason> camera_reason(std::int64_t apart_ms, const std::string& camera);
std::optional<Reason> source_reason(std::int64_t apart_ms, const std::string& alias);
/// What of the incident stands in the path.
enum class Named : std::uint8_t { id, day_and_place, place, day };
Reason path_reason(Named named);
Reason likeness_reason(const std::string& short_digest, const std::string& how);

}  // namespace dalil::archive
