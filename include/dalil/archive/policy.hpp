#pragma once

#include <map>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"

/// How many copies, in how many places, looked at how often: what a group asks of its own archive.
namespace dalil::archive {

/// A policy as it was stated: for everything, or for one incident.
struct StatedPolicy {
  Policy policy;
  Row incident = ledger::kNoRow;  ///< kNoRow: for everything
  Seq seq = 0;
  UtcTime stated;
  std::string actor, reason;
};

/// All that were ever stated for everything, the newest last. Visible to every role.
std::vector<StatedPolicy> policy_history(View& view);
/// All that were ever stated for single incidents, in the order of their entries. Error(wrong_key) unless the
/// role may see evidence.
std::vector<StatedPolicy> incident_policy_history(View& view);

/// What holds for each incident that has a policy of its own, also where it asks for nothing any more.
/// Error(wrong_key) as above.
std::map<Row, Policy> incident_policies(View& view);

/// "3 copies in 2 places, read within 180 days"; "nothing" if it asks for nothing.
std::string text_of(const Policy& policy);

/// What holds for everything; asks for nothing if none was stated.
Policy policy_of(View& view);

/// Result of a run: the drive was in an older state than the one on record. Persistent.
inline constexpr std::string_view kOlderDrive = "OLDER";
/// Whether a verification with this result found something wrong with the volume.
inline bool is_bad_result(std::string_view result) {
  return result == "FAIL" || result == kOlderDrive;
}

}  // namespace dalil::archive
