#include "dalil/ledger/ledger.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "keys_directory.hpp"
#include "new_directory.hpp"
#include "rollback.hpp"
#include "swap_lock.hpp"
#include "writer_lock.hpp"

namespace dalil::ledger {

namespace {

/// Opens what lies there now, not one file of it and one of what takes its place.
std::shared_ptr<Core> open_pair(const std::string& directory, Keyring keyring, Schema schema,
                                const Clock& clock) {
  const SwapLock not_replaced(directory, SwapLock::For::opening);
  lmdb::check_file(directory + "/data.mdb");
  take_grants(keyring, directory);
  return Core::open(directory, std::move(keyring), schema, clock, false);
}

void write_first_state(const std::string& directory, const Keyring& keyring, Schema schema,
                       const std::vector<Draft>& first_entries, const Clock& clock) {
  const auto core = Core::open(directory, keyring.clone(), schema, clock, true);
  {
    lmdb::Txn txn(core->env, false);
    SealBox seals(core->keyring);
    txn.put(core->meta, as_bytes(layout::kMetaFormat), as_bytes(layout::kFormat));
    txn.put(core->meta, as_bytes(layout::kMetaArchiveId), core->keyring.archive_id());
    Bytes sealed;
    seals.seal(sealed, SealClass::inventory, layout::Place::meta, as_bytes(layout::kMetaState),
               layout::State{}.encode(), 64);
    txn.put(core->meta, as_bytes(layout::kMetaState), sealed);
    txn.commit();
  }
  Ledger ledger = Ledger::on(core);
  Writer writer = ledger.write();
  writer.add_signer(keyring);
  for (const Draft& draft : first_entries) writer.append(draft);
  writer.commit();
}

/// Keys that nobody but an archivist may hand out: what is sealed under others would be open to who made
/// them.
void refuse_stranger_grant(const Keyring& keyring, const std::vector<Signer>& signers) {
  const auto by = keyring.granted_by(keyring.epoch());
  if (!by || std::ranges::any_of(signers, [&](const Signer& signer) {
        return signer.key.key == *by && signer.role == Role::archivist;
      }))
    return;
  throw Error(ErrorCode::corrupt, "the archive's keys were handed out by somebody who is no archivist",
              "restore keys/ from a backup, and find out who had access to this archive");
}

std::vector<merkle::NoteKey> keys_of(const std::vector<Signer>& signers) {
  std::vector<merkle::NoteKey> keys;
  for (const Signer& signer : signers) keys.push_back(signer.key);
  return keys;
}

/// The tree must be the one that a known key signed, and the entries must be as many.
void check_against_checkpoint(Reader& reader, const Core& core) {
  const auto fail = [](const std::string& what) {
    return Error(ErrorCode::corrupt, fmt::format("the archive is damaged or was altered: {}", what),
                 "restore the archive from a backup drive, and find out who had access to this one");
  };
  const auto note = merkle::Note::parse(reader.checkpoint());
  if (!note) throw fail("its checkpoint is ill-formed");
  const auto checkpoint = merkle::Checkpoint::parse(note->text);
  std::vector<merkle::NoteKey> keys;
  const std::vector<Signer> signers = reader.signers();
  if (checkpoint)
    for (const Signer& signer : signers)
      if (signer.counts_at(checkpoint->size)) keys.push_back(signer.key);
  const auto result = merkle::check(*note, keys);
  if (!checkpoint || result.rejected || result.verified.empty())
    throw fail("its checkpoint is not signed by a known key");
  refuse_stranger_grant(core.keyring, signers);
  if (checkpoint->origin != core.origin) throw fail("its checkpoint belongs to another archive");
  if (checkpoint->size != reader.size()) throw fail("its checkpoint and its state differ in size");
  const Digest root =
      checkpoint->size == 0 ? merkle::empty_root() : merkle::root_at(checkpoint->size, reader.nodes());
  if (root != checkpoint->root) throw fail("its tree does not have the signed root");
  // Both numbers from one transaction: another process may have committed since the reader began.
  const lmdb::Txn txn(core.env, true);
  SealBox seals(core.keyring);
  if (txn.count(core.entries) != read_state(core, txn, seals).tree_size)
    throw fail("entries are missing or were added");
}

void refuse_old_tables(const Core& core) {
  const lmdb::Txn txn(core.env, true);
  SealBox seals(core.keyring);
  const std::uint32_t generation = read_state(core, txn, seals).generation;
  if (generation == layout::kDerivedGeneration) return;
  if (generation > layout::kDerivedGeneration)
    throw Error(ErrorCode::unsupported, "a newer Dalil made the archive's tables", "use that version");
  throw Error(
      ErrorCode::unsupported, "an older Dalil made the archive's tables, and they have another form now",
      "run 'dalil rebuild' with an archivist's key: it makes them anew from the ledger, and loses nothing");
}

}  // namespace

void Ledger::create(const std::string& directory, const Keyring& keyring, Schema schema,
                    const std::vector<std::pair<std::string, Bytes>>& slots,
                    const std::vector<Draft>& first_entries, const Clock& clock) {
  NewDirectory made(directory);
  write_first_state(made.path(), keyring, schema, first_entries, clock);
  for (const auto& [name, content] : slots)
    files::write_atomically(made.path() + "/" + kKeysDirectory + "/" + name, content, 0600);
  made.put_in_place();
}

Ledger Ledger::on(std::shared_ptr<const Core> core) {
  return Ledger(std::move(core));
}

Ledger Ledger::open(const std::string& directory, Keyring keyring, Schema schema, const Clock& clock,
                    For purpose, std::shared_ptr<CheckpointMemory> memory) {
  const std::string data = directory + "/data.mdb";
  if (access(data.c_str(), F_OK) != 0)
    throw Error(ErrorCode::no_archive,
                fmt::format("there is no archive in '{}'", escape_for_display(directory)),
                "name one with --archive or DALIL_ARCHIVE, or make one with 'dalil init'");
  refuse_network(directory);
  // Before the archive is looked at: who commits meanwhile remembers more than this look will show.
  const auto seen = memory ? memory->recall() : std::nullopt;
  const auto core = open_pair(directory, std::move(keyring), schema, clock);
  Reader reader = Reader::on(core);
  check_against_checkpoint(reader, *core);
  if (purpose == For::everything) refuse_old_tables(*core);
  if (seen) core->rollback = find_rollback(reader, *seen, keys_of(reader.signers()));
  if (memory && !core->rollback && (!seen || seen->checkpoint.size < reader.size()))
    memory->remember(reader.checkpoint());
  core->memory = std::move(memory);
  return Ledger(core);
}

Ledger::~Ledger() = default;
Ledger::Ledger(Ledger&&) noexcept = default;
Reader Ledger::read() const {
  return Reader::on(core_);
}
Writer Ledger::write() {
  return Writer::on(core_);
}
Writer Ledger::write_accepting_rollback() {
  return Writer::on(core_, Writer::OnRollback::accept);
}
void Ledger::accept_as_seen() {
  if (core_->memory) core_->memory->replace(Reader::on(core_).checkpoint());
}
const std::optional<Rollback>& Ledger::rollback() const {
  return core_->rollback;
}
const Keyring& Ledger::keyring() const {
  return core_->keyring;
}
const std::string& Ledger::directory() const {
  return core_->directory;
}

std::uint64_t Ledger::database_bytes() const {
  struct stat status {};
  if (stat((core_->directory + "/data.mdb").c_str(), &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

}  // namespace dalil::ledger
