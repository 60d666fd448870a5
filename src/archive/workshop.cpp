#include "workshop.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/error.hpp"
#include "derive.hpp"
#include "schema.hpp"

namespace dalil::archive {

namespace {
constexpr std::uint64_t kEntriesPerCommit = 10'000;
}

Workshop::Workshop(const std::string& archive_directory)
    : path_(ledger::path_for_fresh_database(archive_directory)) {}
Workshop::~Workshop() {
  ledger::remove_database(path_);
}

void refuse_partial_role(const ledger::Keyring& keyring, std::string_view what) {
  for (const ledger::SealClass seal_class : ledger::kSealClasses)
    if (!keyring.can_read(seal_class))
      throw Error(ErrorCode::wrong_key,
                  fmt::format("{} is for archivists, and this key is of an {}", what,
                              ledger::name_of(keyring.role())),
                  "open the archive with an archivist's key");
}

Derived derive_all(const std::string& path, const ledger::Keyring& keyring, const Clock& clock,
                   const std::set<Seq>& being_destroyed) {
  ledger::Ledger fresh = ledger::Ledger::open(path, keyring.clone(), schema::kColumns, clock);
  ledger::Writer writer = fresh.write();
  Deriver deriver(writer);
  for (Seq seq = 0; seq < writer.size(); ++seq) {
    const ledger::Entry entry = writer.entry(seq);
    if (entry.state == ledger::Entry::State::redacted) {
      deriver.pass_over_redacted(seq);
    } else {
      if (ledger::commit(entry.salt, entry.content) != entry.line.commitment)
        throw Error(ErrorCode::corrupt, fmt::format("entry {} does not match its commitment", seq),
                    "restore the archive from a backup drive");
      deriver.apply_content(seq, entry.content);
    }
    if (seq % kEntriesPerCommit != kEntriesPerCommit - 1) continue;
    deriver.flush();
    writer.commit();
  }
  for (const Seq seq : deriver.unexplained())
    if (!being_destroyed.contains(seq))
      throw Error(ErrorCode::corrupt, fmt::format("the content of entry {} was cut off", seq),
                  "restore the archive from a backup drive");
  deriver.flush();
  writer.commit();
  return {deriver.unresolved()};
}

}  // namespace dalil::archive
