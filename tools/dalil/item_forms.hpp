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
  std::string incidents;  ///< joined by commas; empty if none, or not visible
  std::string path;       ///< of a live copy if there is one, "VOLUME:path", "(+2)" for further copies
};
ItemLine item_line(archive::View& view, archive::Row item);

/// What analysts verified of it; nothing for a role that cannot see reviews.
archive::Assessment assessment_of(archive::View& view, archive::Row item);
/// When it was made, as verified or else as the file or its name says: `origin` tells which. Null if neither.
Json time_json(archive::View& view, archive::Row item);

/// "depicts 00:12 to 00:40 (withdrawn)"
std::string link_text(const archive::Link& link);

/// Ids of the incidents that the item is linked to now; empty if this role cannot see links.
std::vector<std::string> incidents_of(archive::View& view, archive::Row item);

/// Live copies first.
std::vector<archive::CopyInfo> copies_live_first(archive::View& view, archive::Row item);

}  // namespace dalil::cli
