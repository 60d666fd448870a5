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
  std::optional<ledger::SealClass> seal_class{};  ///< that all of them are of
};
constexpr KindName kKindNames[] = {
    {1, "archive_created", ledger::SealClass::inventory},
    {2, "volume_stated", ledger::SealClass::inventory},
    {3, "copy_seen", ledger::SealClass::inventory},
    {4, "symlink_seen", ledger::SealClass::inventory},
    {5, "copies_gone", ledger::SealClass::inventory},
    {6, "facts_stated", ledger::SealClass::evidence},
    {7, "incident_revised", ledger::SealClass::evidence},
    {8, "link_made", ledger::SealClass::evidence},
    {9, "link_withdrawn", ledger::SealClass::evidence},
    {10, "run", ledger::SealClass::inventory},
    {11, "scan_note", ledger::SealClass::source},
    {12, "directories_verified", ledger::SealClass::inventory},
    {13, "key_added", ledger::SealClass::inventory},
    {14, "key_removed", ledger::SealClass::inventory},
    {15, "keys_rotated", ledger::SealClass::inventory},
    {16, "entry_redacted"},
    {17, "source_stated", ledger::SealClass::evidence},
    {18, "source_identity", ledger::SealClass::source},
    {19, "source_assigned", ledger::SealClass::evidence},
    {20, "source_unassigned", ledger::SealClass::evidence},
    {21, "checkpoint_cosigned", ledger::SealClass::inventory},
    {22, "timestamp_attached", ledger::SealClass::inventory},
    {23, "rollback_accepted", ledger::SealClass::inventory},
    {24, "recovery_key_stated"},
    {25, "drive_stated", ledger::SealClass::inventory},
    {26, "report_imported", ledger::SealClass::inventory},
    {27, "repaired", ledger::SealClass::inventory},
    {28, "policy_stated"},
    {29, "verification_begun", ledger::SealClass::inventory},
    {30, "review_stated", ledger::SealClass::evidence},
    {31, "tags_changed", ledger::SealClass::evidence},
    {32, "vocabulary_stated", ledger::SealClass::evidence},
    {33, "query_saved", ledger::SealClass::evidence},
    {34, "fingerprints_stated", ledger::SealClass::evidence},
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

std::optional<ledger::SealClass> class_of_kind(unsigned number) {
  for (const KindName& kind : kKindNames)
    if (kind.number == number) return kind.seal_class;
  return std::nullopt;
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
