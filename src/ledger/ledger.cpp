#include "dalil/ledger/ledger.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/volume.hpp"
#include "keys_directory.hpp"
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

std::string parent_of(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0) throw system_error("create", path, errno);
}

/// Removes what `create` had begun; it holds these files only.
struct Unfinished {
  std::string directory;
  std::vector<std::pair<std::string, Bytes>> slots;
  bool finished = false;
  ~Unfinished() {
    if (finished) return;
    for (const auto& [name, content] : slots)
      unlink(fmt::format("{}/{}/{}", directory, kKeysDirectory, name).c_str());
    rmdir(fmt::format("{}/{}", directory, kKeysDirectory).c_str());
    for (const char* name : {"data.mdb", "lock.mdb", "writer.lock"}) unlink((directory + "/" + name).c_str());
    rmdir(directory.c_str());
  }
};

void refuse_network(const std::string& path) {
  if (const auto network = files::network_file_system(path))
    throw Error(
        ErrorCode::unsupported,
        fmt::format("archive '{}' lies on a network file system ({})", escape_for_display(path), *network),
        "keep the archive on a local disk: locks and memory maps cannot be trusted over a network");
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
  struct stat status {};
  if (lstat(directory.c_str(), &status) == 0)
    throw Error(ErrorCode::conflict, fmt::format("'{}' exists already", escape_for_display(directory)),
                "choose a new directory for the archive");
  const std::string parent = parent_of(directory);
  if (stat(parent.c_str(), &status) != 0) throw system_error("create archive in", parent, errno);
  refuse_network(parent);

  std::string trimmed = directory;
  while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
  Unfinished made{fmt::format("{}.new-{}", trimmed, to_hex(crypto::random_array<6>())), slots};
  make_directory(made.directory);
  write_first_state(made.directory, keyring, schema, first_entries, clock);
  const std::string keys = made.directory + "/" + kKeysDirectory;
  make_directory(keys);
  for (const auto& [name, content] : slots) files::write_atomically(keys + "/" + name, content, 0600);
  files::sync_directory(keys);
  files::sync_directory(made.directory);
  if (rename(made.directory.c_str(), trimmed.c_str()) != 0)
    throw system_error("create archive", directory, errno);
  made.finished = true;
  files::sync_directory(parent);
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
