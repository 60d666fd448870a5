#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dalil/archive/policy.hpp"

/// What the archive has, against what its policy asks for.
namespace dalil::cli {

struct IncidentShort {
  std::string id;
  archive::Policy policy;          ///< its own, if it has one, else the one for everything
  std::uint64_t items = 0;         ///< linked to it, candidates left out
  std::uint64_t below_policy = 0;  ///< of those, the ones that fall short of what is asked for them
};

/// A copy counts if it lies on a working or backup volume and was not found damaged. Being taken in or backed
/// up is being read. Volumes of which nobody said where they are kept count as one place together, and as
/// none beside others.
struct PolicySurvey {
  archive::Policy policy;                       ///< for everything
  std::map<archive::Row, archive::Policy> own;  ///< of incidents, where it asks for anything
  bool incidents_visible = false;               ///< false: policies of incidents could not be looked at
  std::uint64_t items = 0;                      ///< of which anything is asked
  std::uint64_t below_policy = 0;               ///< items with any of the following
  std::uint64_t too_few_copies = 0, too_few_places = 0, not_read_in_time = 0;
  /// By backup volume: items with too few copies that it lacks, by a volume that they can be copied from; of
  /// those that lie on sealed drives alone, kNoRow.
  std::map<archive::Row, std::map<archive::Row, std::uint64_t>> lacking;
  std::map<archive::Row, std::uint64_t> overdue;   ///< by volume: copies of items that were not read in time
  std::vector<archive::Row> without_place;         ///< volumes with counted copies, if places are asked for
  std::uint32_t most_copies = 0, most_places = 0;  ///< that any policy asks for
  std::size_t counted_volumes = 0, named_places = 0;
  std::vector<IncidentShort> incidents;  ///< the worst first
  bool asks_for_anything() const { return policy.asks_for_anything() || !own.empty(); }
};

PolicySurvey survey_policy(archive::View& view, const std::vector<archive::Volume>& volumes, UtcTime now);

}  // namespace dalil::cli
