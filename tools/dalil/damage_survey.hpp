#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"

/// What the latest verifications found damaged, and what that means.
namespace dalil::cli {

/// An incident with evidence of which a copy is damaged or none is left.
struct IncidentAtRisk {
  std::string id;
  std::uint64_t items = 0;    ///< linked to it, candidates left out
  std::uint64_t damaged = 0;  ///< of those, the ones with a damaged copy, or with none left
  std::uint64_t lost = 0;     ///< of those, the ones without an undamaged copy on any volume
};

struct DamagedCopy {
  archive::Row volume = ledger::kNoRow;
  std::string path;
  archive::Verdict verdict = archive::Verdict::not_checked;
};

/// Of a volume's live copies those that a verification ever looked at: what was read back when a backup wrote
/// it was read, and that is no verification.
struct VerifiedCopies {
  std::uint64_t live = 0, verified = 0;
  bool all() const { return verified == live; }
};

/// All copies, looked at once.
struct DamageSurvey {
  std::uint64_t items = 0, one_volume_only = 0;
  std::uint64_t lost = 0;            ///< items without an undamaged live copy
  std::uint64_t damaged_copies = 0;  ///< live, and not found whole when they were last looked at
  /// By volume and verdict.
  std::map<archive::Row, std::map<archive::Verdict, std::uint64_t>> by_volume;
  std::map<archive::Row, VerifiedCopies> verified;  ///< by volume
  std::vector<DamagedCopy> copies;                  ///< the first `limit` of them, by volume and path
  /// Those that have lost most first; empty if this role cannot see incidents.
  std::vector<IncidentAtRisk> incidents;
};
DamageSurvey survey_damage(archive::View& view, std::size_t limit);
/// Of one volume, or of all (kNoRow).
std::map<archive::Row, VerifiedCopies> verified_copies(archive::View& view, archive::Row volume);
/// Whether its PASS does not speak of every copy that the volume has now.
bool is_partly(const archive::Volume& volume, const VerifiedCopies& copies);

}  // namespace dalil::cli
