#include <fmt/format.h>

#include "convert.hpp"
#include "dalil/archive/archive.hpp"
#include "dalil/base/error.hpp"
#include "derive.hpp"
#include "permissions.hpp"
#include "schema.hpp"
#include "thumbnail_record.hpp"
#include "workshop.hpp"

/// Operations that make the whole database anew: `rebuild`, `rotate_keys`, `redact`. Each writes a second
/// database beside the first and puts it in its place with one rename, so that at any moment one of them is
/// there, whole.
namespace dalil::archive {

namespace {

using ledger::Ledger;

using Memory = std::shared_ptr<ledger::CheckpointMemory>;

/// Appends one entry to the database in the workshop: what is done is stated in the same database that it
/// changes. Returns the checkpoint that it then has.
std::string state_in(const std::string& path, const ledger::Keyring& keyring, const Clock& clock,
                     const records::Record& record) {
  Ledger fresh = Ledger::open(path, keyring.clone(), schema::kColumns, clock);
  ledger::Writer writer = fresh.write();
  Deriver deriver(writer);
  refuse_beyond_role(keyring.role(), record);
  const Seq seq = writer.append({ledger::SealClass::inventory, serialize_text(record)});
  deriver.apply(seq, record);
  deriver.flush();
  writer.commit();
  return fresh.read().checkpoint();
}

/// The workshop's database takes the archive's place; then, as after any commit, its checkpoint is
/// remembered.
void put_in_place(const std::string& directory, const std::string& fresh, const Memory& memory,
                  const std::string& checkpoint) {
  ledger::replace_database(directory, fresh);
  if (memory) memory->remember(checkpoint);
}

/// What sources consented to is not among them, nor what came from whom: without such an entry an earlier,
/// wider consent would hold again.
bool can_be_redacted(const records::Record& record) {
  using K = records::Record;
  switch (record.kind_case()) {
    case K::kCopySeen:
    case K::kSymlinkSeen:
    case K::kFactsStated:
    case K::kFingerprintsStated:
    case K::kIncidentRevised:
    case K::kLinkMade:
    case K::kScanNote:
    case K::kSourceIdentity:
    case K::kRepaired:
    case K::kReviewStated:
      return true;
    case K::kTagsChanged:  // without its removal a tag would hold again
      return !record.tags_changed().removed();
    case K::kQuerySaved:  // without its removal it would stand again
      return !record.query_saved().text().empty();
    default:
      return false;
  }
}

void refuse_irredactable(ledger::Writer& writer, Seq seq) {
  const ledger::Entry entry = writer.entry(seq);  // Error(not_found)
  if (entry.state == ledger::Entry::State::redacted)
    throw Error(ErrorCode::not_found, fmt::format("the content of entry {} is destroyed already", seq));
  if (!can_be_redacted(parse_record(entry.content, seq)))
    throw Error(
        ErrorCode::invalid, fmt::format("entry {} cannot be destroyed: other entries stand on it", seq),
        "copies, metadata, incidents, links, reviews, tags, queries, identities of sources and remarks can; "
        "'dalil log' "
        "lists them");
}

}  // namespace

Rebuilt rebuild(const std::string& directory, ledger::Keyring keyring, const Clock& clock, Memory memory,
                Thumbnails thumbnails) {
  refuse_partial_role(keyring, "rebuilding");
  const Workshop workshop(directory);
  Ledger old = Ledger::open(directory, std::move(keyring), schema::kColumns, clock, Ledger::For::ledger_only,
                            std::move(memory));
  const ledger::Writer lock = old.write();  // nobody writes meanwhile, the replacement included
  ledger::copy_ledger(old, workshop.path(), old.keyring());
  derive_all(workshop.path(), old.keyring(), clock);
  Rebuilt rebuilt;
  if (thumbnails == Thumbnails::keep)
    rebuilt = carry_thumbnails(old, workshop.path(), old.keyring(), clock);
  else
    rebuilt.thumbnails_dropped = old.read().record_count(schema::kThumbnails);
  ledger::replace_database(directory, workshop.path());
  return rebuilt;
}

std::uint32_t rotate_keys(const std::string& directory, ledger::Keyring keyring, const std::string& why,
                          const Clock& clock, const Memory& memory) {
  refuse_partial_role(keyring, "sealing everything anew");
  const Workshop workshop(directory);
  Ledger old =
      Ledger::open(directory, std::move(keyring), schema::kColumns, clock, Ledger::For::everything, memory);
  const ledger::Writer lock = old.write();
  const ledger::Keyring next = old.keyring().next_epoch();
  const auto signers = old.read().signers();
  // What opens the new database is there before it is, and what opened the old one until it is not.
  ledger::write_grants(directory, next, signers);
  ledger::copy_ledger(old, workshop.path(), next);
  derive_all(workshop.path(), next, clock);
  carry_thumbnails(old, workshop.path(), next, clock);
  records::Record record;
  record.mutable_keys_rotated()->set_epoch(next.epoch());
  record.mutable_keys_rotated()->set_why(why);
  const std::string checkpoint = state_in(workshop.path(), next, clock, record);
  put_in_place(directory, workshop.path(), memory, checkpoint);
  ledger::remove_stale_grants(directory, next.epoch(), signers);
  return next.epoch();
}

void redact(const std::string& directory, ledger::Keyring keyring, const std::vector<Seq>& entries,
            const std::string& why, const Clock& clock, const Memory& memory) {
  refuse_partial_role(keyring, "destroying contents");
  const Workshop workshop(directory);
  Ledger old =
      Ledger::open(directory, std::move(keyring), schema::kColumns, clock, Ledger::For::everything, memory);
  ledger::Writer lock = old.write();
  std::set<Digest> forgotten;
  for (const Seq seq : entries) {
    refuse_irredactable(lock, seq);
    add_item_shown(parse_record(lock.entry(seq).content, seq), forgotten);
  }
  const std::set<Seq> destroyed(entries.begin(), entries.end());
  ledger::copy_ledger(old, workshop.path(), old.keyring(), destroyed);
  derive_all(workshop.path(), old.keyring(), clock, destroyed);
  carry_thumbnails(old, workshop.path(), old.keyring(), clock, forgotten);
  records::Record record;
  for (const Seq seq : destroyed) record.mutable_entry_redacted()->add_entries(seq);
  record.mutable_entry_redacted()->set_why(why);
  const std::string checkpoint = state_in(workshop.path(), old.keyring(), clock, record);
  put_in_place(directory, workshop.path(), memory, checkpoint);
}

}  // namespace dalil::archive
