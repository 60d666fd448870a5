#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/review.hpp"
#include "printer.hpp"

/// Items as a line of a list shows them.
namespace dalil::cli {

inline constexpr std::size_t kShortDigits = 12;

/// All cells are escaped for display.
struct ItemLine {
  std::string short_id;  ///< first digits of the digest
  std::string kind;      ///< "photo"; "-" if not visible or no media
  std::string time;      ///< as verified, else as claimed: with zone and origin as far as they are known
  std::string size;
  std::string incidents;  ///< joined by commas, candidates marked; empty if none, or not visible
  std::string path;       ///< of a live copy if there is one, "VOLUME:path", "(+2)" for further copies
};
ItemLine item_line(archive::View& view, archive::Row item);

/// What analysts verified of it; nothing for a role that cannot see reviews.
archive::Assessment assessment_of(archive::View& view, archive::Row item);
/// When it was made, as verified or else as the file or its name says: `origin` tells which. Null if neither.
Json time_json(archive::View& view, archive::Row item);

/// "depicts 00:12 to 00:40 (withdrawn)"
std::string link_text(const archive::Link& link);

/// An incident that an item is linked to now.
struct IncidentName {
  std::string id;
  bool candidate = false;  ///< by candidate links alone: to be looked at, and no evidence
};
/// Empty if this role cannot see links.
std::vector<IncidentName> incidents_of(archive::View& view, archive::Row item);
/// "A-1", "A-1 (candidate)", escaped for display.
std::string text_of(const IncidentName& incident);
/// "evidence of A-1", "may be evidence of A-1 (candidate)"
std::string evidence_text(const IncidentName& incident);
/// IDs as `incidents`, and those of candidates alone once more as `candidate_incidents`. Both are null if
/// this role cannot see links.
void put_incidents(Json& object, archive::View& view, archive::Row item);

/// Live copies first.
std::vector<archive::CopyInfo> copies_live_first(archive::View& view, archive::Row item);

}  // namespace dalil::cli
