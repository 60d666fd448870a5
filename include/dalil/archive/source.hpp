#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dalil/archive/model.hpp"

/// Who or what items came from (docs/roles-and-sources.md).
namespace dalil::archive {

/// What a source allowed to be done with what it gave. A greater number allows all that the lesser ones do.
/// Persistent, never renumber.
enum class Consent : std::uint8_t {
  archive_only = 1,  ///< kept, and shown to nobody outside; what holds unless more was allowed
  courts = 2,        ///< may be handed to courts and investigating bodies
  publish = 3,       ///< may be published
};
const char* name_of(Consent consent);  ///< "archive-only", "courts", "publish"
std::optional<Consent> consent_from(std::string_view name);

/// What everybody with the evidence class sees of a source.
struct Source {
  Row row = ledger::kNoRow;
  std::string alias;  ///< unique; never the real name
  Consent consent = Consent::archive_only;
  std::string note;
};

/// One state of a source: who made it so, when and why.
struct SourceRevision {
  Source source;
  Seq seq = 0;
  UtcTime time;
  std::string author;
  std::string reason;
};

/// Who stands behind an alias: class source, for archivists only.
struct SourceIdentity {
  std::string name, contact, note;
  bool empty() const { return name.empty() && contact.empty() && note.empty(); }
  bool operator==(const SourceIdentity&) const = default;
};

struct IdentityRevision {
  SourceIdentity identity;
  Seq seq = 0;
  UtcTime time;
  std::string author;
};

/// That an item came from a source. An item may have several.
struct Assignment {
  Row row = ledger::kNoRow;
  Row item = ledger::kNoRow;
  Row source = ledger::kNoRow;
  Seq seq = 0;  ///< the entry that made it
  std::string why;
  std::optional<Seq> withdrawn_seq;  ///< the entry that withdrew it
  std::string withdrawn_why;
  bool withdrawn() const { return withdrawn_seq.has_value(); }
};

}  // namespace dalil::archive
