#include "entry_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/archive/custody.hpp"
#include "dalil/base/error.hpp"

namespace dalil::archive {

namespace {

/// Names of the kinds, by number (docs/formats/entry.md). Persistent: proofs carry them.
struct KindName {
  unsigned number;
  const char* name;
};
constexpr KindName kKindNames[] = {
    {1, "archive_created"},
    {2, "volume_stated"},
    {3, "copy_seen"},
    {4, "symlink_seen"},
    {5, "copies_gone"},
    {6, "facts_stated"},
    {7, "incident_revised"},
    {8, "link_made"},
    {9, "link_withdrawn"},
    {10, "run"},
    {11, "scan_note"},
    {12, "directories_verified"},
    {13, "key_added"},
    {14, "key_removed"},
    {15, "keys_rotated"},
    {16, "entry_redacted"},
    {17, "source_stated"},
    {18, "source_identity"},
    {19, "source_assigned"},
    {20, "source_unassigned"},
    {21, "checkpoint_cosigned"},
    {22, "timestamp_attached"},
    {23, "rollback_accepted"},
    {24, "recovery_key_stated"},
    {25, "drive_stated"},
    {26, "report_imported"},
    {27, "repaired"},
    {28, "policy_stated"},
    {29, "verification_begun"},
    {30, "review_stated"},
    {31, "tags_changed"},
    {32, "vocabulary_stated"},
    {33, "query_saved"},
    {34, "fingerprints_stated"},
};

}  // namespace

unsigned kind_number(ByteView content) {
  try {
    const std::uint64_t tag = ByteReader(content).varint();
    return tag >> 3 <= UINT16_MAX ? static_cast<unsigned>(tag >> 3) : 0;
  } catch (const Error&) {
    return 0;
  }
}

std::string kind_name(unsigned number) {
  for (const KindName& kind : kKindNames)
    if (kind.number == number) return kind.name;
  return fmt::format("record {}", number);
}

std::vector<std::string> entry_kind_names() {
  std::vector<std::string> names;
  for (const KindName& kind : kKindNames) names.emplace_back(kind.name);
  return names;
}

std::optional<unsigned> entry_kind_from(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, '-', '_');
  for (const KindName& kind : kKindNames)
    if (text == kind.name) return kind.number;
  return std::nullopt;
}

}  // namespace dalil::archive
