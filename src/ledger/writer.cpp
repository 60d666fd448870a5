#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "column_writer.hpp"
#include "core.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "rollback.hpp"
#include "signers.hpp"
#include "tree_tiles.hpp"
#include "writer_lock.hpp"

namespace dalil::ledger {

namespace {
using LookupKey = std::array<std::uint8_t, layout::kTokenKeySize>;
struct LookupHash {
  std::size_t operator()(const LookupKey& key) const { return load_u64(key.data()); }  // keyed, hence random
};
LookupKey lookup_key(const Token& token) {
  LookupKey key;
  std::copy_n(token.begin(), key.size(), key.begin());
  return key;
}
/// Random nonces of 96 bits: after so many a repetition has a probability of 2^-37.
constexpr std::uint64_t kMostSeals = std::uint64_t{1} << 30;
}  // namespace

struct Writer::State {
  explicit State(std::shared_ptr<const Core> shared)
      : core(std::move(shared)),
        lock(core->directory),
        txn(std::make_unique<lmdb::Txn>(core->env, false)),
        seals(core->keyring),
        tokens(core->keyring),
        sizes(read_state(*core, *txn, seals)),
        tree(sizes.tree_size,
             [this](unsigned level, std::uint64_t index) { return read_tile(*core, *txn, level, index); }),
        columns(*core, sizes),
        actor(core->keyring.actor()),
        actor_hex(to_hex(actor)) {}

  std::shared_ptr<const Core> core;
  WriterLock lock;
  std::unique_ptr<lmdb::Txn> txn;  // empty once the writer is dead, and between two transactions
  bool dead = false;
  SealBox seals;
  mutable TokenMaker tokens;
  layout::State sizes;
  TreeTiles tree;
  ColumnWriter columns;
  ActorId actor;
  std::string actor_hex;
  std::unordered_map<LookupKey, std::uint64_t, LookupHash> pending_lookups;  // value as stored
  std::uint64_t uncommitted = 0, counted_seals = 0;
  bool changed = false;
  bool accepts_rollback = false;
  UtcTime last_time{INT64_MIN};
  std::string last_time_text;
  std::string line;
  Bytes value, plain, scratch;

  lmdb::Txn& live() {
    if (dead)
      throw Error(ErrorCode::io, "the archive can no longer be written: an earlier commit failed",
                  "mend the cause (free space, the disk) and run the command again");
    if (!txn) txn = std::make_unique<lmdb::Txn>(core->env, false);
    return *txn;
  }

  void refuse_wrong_place() const {
    if (!core->env.in_place())
      throw Error(ErrorCode::conflict, "the archive was rebuilt since it was opened", "open it again");
  }

  /// A checkpoint that no known key signed would close the archive to everybody.
  void refuse_unknown_signer() {
    if (!txn->get(core->meta, as_bytes(layout::kMetaSigners))) return;  // it is just being made
    for (const Signer& signer : read_signers(*core, *txn, seals))
      if (signer.actor() == actor && !signer.removed_at) return;
    throw Error(ErrorCode::wrong_key, "this key is not among those that may sign for the archive",
                "have an archivist add it");
  }

  UtcTime now() {
    const UtcTime time = core->clock->now();
    if (time != last_time) {
      last_time = time;
      last_time_text = time.rfc3339_ms();
    }
    return time;
  }

  void write_tile(unsigned level, std::uint64_t index, ByteView hashes) {
    live().put(core->tiles, layout::tile_key(level, index), hashes);
  }

  void flush_lookups() {
    std::vector<std::pair<LookupKey, std::uint64_t>> sorted(pending_lookups.begin(), pending_lookups.end());
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [key, stored] : sorted) {
      Bytes bytes;
      append_u64(bytes, stored);
      live().put(core->lookups, key, bytes);
    }
    pending_lookups.clear();
    sizes.lookups = live().count(core->lookups);
  }

  void count_seals() {
    sizes.seals += seals.sealed() + 1 - counted_seals;  // and the state's own, which comes after
    counted_seals = seals.sealed() + 1;
    if (sizes.seals > kMostSeals)
      throw Error(ErrorCode::unsupported, "the archive's keys have sealed as much as they may",
                  "an archivist has to change them: 'dalil key rotate'; nothing is lost");
  }

  void put_meta_sealed(std::string_view key, const Bytes& content) {
    value.clear();
    seals.seal(value, SealClass::inventory, layout::Place::meta, as_bytes(key), content, 64);
    live().put(core->meta, as_bytes(key), value);
  }

  /// The note that the commit leaves as the newest. Who adds no entries (a rebuild) puts his name to none:
  /// the checkpoint stays with the actor whose entries it covers.
  std::string checkpoint() {
    if (uncommitted == 0)
      if (const auto note = live().get(core->meta, as_bytes(layout::kMetaCheckpoint)))
        return std::string(as_chars(*note));
    const merkle::Checkpoint checkpoint{core->origin, tree.size(),
                                        tree.root([this](unsigned level, std::uint64_t index) {
                                          return read_tile(*core, live(), level, index);
                                        })};
    return merkle::sign_checkpoint(checkpoint, core->keyring.signing_key()).encode();
  }

  /// After the commit: a crash in between leaves less remembered than there is, which is no reason for alarm.
  void remember(const std::string& note) {
    if (!core->memory) return;
    if (std::exchange(accepts_rollback, false)) return core->memory->replace(note);
    core->memory->remember(note);
  }

  std::string flush_all() {
    columns.flush(live(), seals);
    flush_lookups();
    tree.flush(
        [this](unsigned level, std::uint64_t index, ByteView hashes) { write_tile(level, index, hashes); });
    sizes.tree_size = tree.size();
    count_seals();
    put_meta_sealed(layout::kMetaState, sizes.encode());
    const std::string note = checkpoint();
    live().put(core->meta, as_bytes(layout::kMetaCheckpoint), as_bytes(note));
    live().put(core->checkpoints, layout::seq_key(tree.size()), as_bytes(note));
    return note;
  }
};

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer Writer::on(std::shared_ptr<const Core> core, OnRollback on_rollback) {
  if (core->rollback && on_rollback == OnRollback::refuse) throw refusal(*core->rollback);
  Writer writer(std::make_unique<State>(std::move(core)));
  writer.state_->refuse_wrong_place();
  writer.state_->refuse_unknown_signer();
  writer.state_->accepts_rollback = on_rollback == OnRollback::accept;
  return writer;
}

Seq Writer::append(const Draft& draft) {
  State& s = *state_;
  PublicLine line;
  line.seq = s.tree.size();
  line.time = s.now();
  line.actor = s.actor;
  line.seal_class = draft.seal_class;
  s.plain.resize(sizeof(Salt));
  crypto::random_bytes(s.plain);
  dalil::append(s.plain, draft.content);
  Salt salt;
  std::copy_n(s.plain.begin(), salt.size(), salt.begin());
  line.commitment = ledger::commit(salt, draft.content);

  const auto key = layout::seq_key(line.seq);
  s.value.clear();
  layout::append_public(s.value, line);
  std::array<std::uint8_t, layout::kEntryPublicSize> bound;
  std::copy(s.value.begin(), s.value.end(), bound.begin());
  s.seals.seal(s.value, draft.seal_class, layout::Place::entry, key, s.plain,
               layout::entry_padding(s.plain.size()), bound);
  s.live().put(s.core->entries, key, s.value, MDB_APPEND);

  s.line.clear();
  layout::append_line(s.line, line.seq, s.last_time_text, s.actor_hex, line.seal_class, line.commitment);
  s.tree.append(
      merkle::leaf_hash(as_bytes(s.line)),
      [&s](unsigned level, std::uint64_t index, ByteView hashes) { s.write_tile(level, index, hashes); });
  ++s.uncommitted;
  s.changed = true;
  return line.seq;
}

std::uint64_t Writer::size() const {
  return state_->tree.size();
}
std::uint64_t Writer::uncommitted() const {
  return state_->uncommitted;
}

Entry Writer::entry(Seq seq) {
  if (seq >= size()) throw Error(ErrorCode::not_found, fmt::format("there is no entry {}", seq));
  return read_entry(*state_->core, state_->live(), state_->seals, seq, state_->scratch);
}

bool Writer::can_read(SealClass seal_class) const {
  return state_->seals.can_read(seal_class);
}
Row Writer::rows(std::uint8_t table) const {
  return state_->columns.rows(table);
}

Row Writer::add_row(std::uint8_t table) {
  state_->changed = true;
  return state_->columns.add_row(table);
}

ByteView Writer::cell(const Column& column, Row row) {
  return state_->columns.cell(column, row, state_->live(), state_->seals);
}

void Writer::set(const Column& column, Row row, ByteView value) {
  state_->changed = true;
  state_->columns.set(column, row, value, state_->live(), state_->seals);
}

Token Writer::token(const TokenKind& kind, ByteView value, ByteView more) const {
  return state_->tokens.make(kind, value, more);
}

std::optional<Bytes> Writer::record(const RecordTable& table, const Token& token) {
  const auto key = layout::record_key(table.id, token);
  const auto sealed = state_->live().get(state_->core->records, key);
  if (!sealed) return std::nullopt;
  Bytes plain;
  state_->seals.open(plain, table.seal_class, layout::Place::record, key, *sealed);
  return plain;
}

void Writer::put_record(const RecordTable& table, const Token& token, ByteView content, std::size_t pad_to) {
  State& s = *state_;
  const auto key = layout::record_key(table.id, token);
  if (!s.live().get(s.core->records, key)) ++s.sizes.records[table.id];
  s.value.clear();
  s.seals.seal(s.value, table.seal_class, layout::Place::record, key, content, pad_to);
  s.live().put(s.core->records, key, s.value);
  s.changed = true;
}

std::optional<std::uint64_t> Writer::lookup(const Token& token) {
  const auto key = lookup_key(token);
  const auto pending = state_->pending_lookups.find(key);
  if (pending != state_->pending_lookups.end()) return pending->second ^ token_mask(token);
  const auto value = state_->live().get(state_->core->lookups, key);
  if (!value || value->size() != 8) return std::nullopt;
  return load_u64(value->data()) ^ token_mask(token);
}

void Writer::put_lookup(const Token& token, std::uint64_t value) {
  state_->pending_lookups[lookup_key(token)] = value ^ token_mask(token);
  state_->changed = true;
}

std::uint64_t Writer::counter(unsigned index) const {
  const auto found = state_->sizes.counters.find(index);
  return found == state_->sizes.counters.end() ? 0 : found->second;
}

void Writer::add_to_counter(unsigned index, std::int64_t change) {
  state_->sizes.counters[index] += static_cast<std::uint64_t>(change);
  state_->changed = true;
}

void Writer::add_signer(const Keyring& admitted) {
  State& s = *state_;
  std::vector<Signer> signers;
  if (s.live().get(s.core->meta, as_bytes(layout::kMetaSigners)))
    signers = read_signers(*s.core, s.live(), s.seals);
  signers.push_back(admit(signers, admitted, s.core->keyring));
  s.put_meta_sealed(layout::kMetaSigners, encode_signers(signers));
  s.changed = true;
}

crypto::PublicKey Writer::remove_signer(const ActorId& actor) {
  State& s = *state_;
  std::vector<Signer> signers = read_signers(*s.core, s.live(), s.seals);
  const crypto::PublicKey key = remove(signers, actor, size(), s.core->keyring);
  s.put_meta_sealed(layout::kMetaSigners, encode_signers(signers));
  s.changed = true;
  return key;
}

void Writer::mark_redacted(Seq seq, Seq by) {
  put_lookup(token(kTokenRedacted, layout::seq_key(seq)), by);
}

void Writer::commit() {
  State& s = *state_;
  lmdb::Txn& txn = s.live();
  if (!s.changed) return;
  std::string note;
  try {
    note = s.flush_all();
    txn.commit();
    s.txn.reset();  // the next one begins when it is needed: its failure would not be this commit's
  } catch (...) {
    s.txn.reset();
    s.dead = true;
    throw;
  }
  s.uncommitted = 0;
  s.changed = false;
  s.remember(note);
}

}  // namespace dalil::ledger
