#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"

/// Which incidents evidence may be of, each with its reasons (docs/review.md#suggestions has the points).
/// Nothing here is a finding: it says where to look. Class evidence.
namespace dalil::archive {

/// On what a suggestion rests.
enum class Ground : std::uint8_t { time, place, path, folder, camera, source, likeness };
const char* name_of(Ground ground);

struct Reason {
  Ground ground = Ground::time;
  int points = 0;    ///< below zero: it speaks against
  std::string text;  ///< for people
};

struct Suggestion {
  Row item = ledger::kNoRow;
  Row incident = ledger::kNoRow;
  int score = 0;                ///< 1 to 100: the sum of the points
  std::vector<Reason> reasons;  ///< the weightiest first
};

/// A circle on the earth.
struct Circle {
  double latitude = 0, longitude = 0;
  double radius_km = 0;
};

/// An item that looks like the one in question.
struct Alike {
  Row item = ledger::kNoRow;
  std::string how;  ///< "the same picture, cropped"
};

struct SuggestQuestion {
  std::vector<Row> items;       ///< empty: all that no link ties to an incident, candidates included
  std::optional<Row> incident;  ///< only this one
  int least_score = 25;
  std::size_t per_item = 3;  ///< the best ones
  /// Where an incident is whose register gives no coordinates; absent if nobody knows.
  std::function<std::optional<Circle>(const Incident&)> locate = {};
  /// What the incident's place is called otherwise; a path that names it with the incident's day names both.
  std::function<std::vector<std::string>(const Incident&)> place_names = {};
  /// Items that look like this one; asked for each item in question.
  std::function<std::vector<Alike>(Row item)> alike = {};
  /// Asked before each item; true ends it there.
  std::function<bool()> stopped = {};
};

/// Calls for each item that anything is suggested for, in ascending order, the best suggestion first. Pairs
/// that are linked, or were and were withdrawn, are never suggested. Returns how many items were looked at.
///
/// Takes one or two passes over the copy index and one over the columns; incidents are looked up by time and
/// by place, never each against each.
std::uint64_t suggest(View& view, const SuggestQuestion& question,
                      const std::function<void(const std::vector<Suggestion>&)>& visit);

/// "suggested (score 71): made 2 hours after it; 1.2 km from its place"
std::string why_of(const Suggestion& suggestion);

}  // namespace dalil::archive
