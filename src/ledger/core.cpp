#include "core.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/text.hpp"

namespace dalil::ledger {

namespace {
constexpr const char* kRestoreHint = "restore the archive from a backup drive; do not write to this one";
}

std::string origin_of(const ArchiveId& id) {
  return "dalil/" + to_hex(id);
}

namespace {

void refuse_foreign(const Core& core, const lmdb::Txn& txn) {
  const std::string shown = escape_for_display(core.directory);
  const auto format = txn.get(core.meta, as_bytes(layout::kMetaFormat));
  if (!format || as_chars(*format) != layout::kFormat)
    throw Error(ErrorCode::unsupported, fmt::format("archive '{}' has another format", shown),
                "use the version of Dalil that made it, or a newer one");
  const auto id = txn.get(core.meta, as_bytes(layout::kMetaArchiveId));
  if (!id || !std::ranges::equal(*id, core.keyring.archive_id()))
    throw Error(ErrorCode::wrong_key, fmt::format("the key belongs to another archive than '{}'", shown),
                "use a key that was made for this archive");
}

/// The state is sealed under the epoch's inventory key, which somebody who was shut out by a rotation lacks:
/// an epoch put back by them does not open.
void choose_epoch(Core& core, const lmdb::Txn& txn) {
  refuse_foreign(core, txn);
  const auto sealed = txn.get(core.meta, as_bytes(layout::kMetaState));
  if (!sealed) throw Error(ErrorCode::corrupt, "the archive's state is missing", kRestoreHint);
  core.keyring.use_epoch(SealBox::epoch_of(*sealed));
}

}  // namespace

std::shared_ptr<Core> Core::open(const std::string& directory, Keyring keyring, Schema schema,
                                 const Clock& clock, bool create) {
  auto core = std::make_shared<Core>(Core{.directory = directory,
                                          .env = lmdb::Env(directory, layout::kTableCount),
                                          .keyring = std::move(keyring),
                                          .schema = schema,
                                          .clock = &clock});
  core->origin = origin_of(core->keyring.archive_id());
  if (!create) core->env.check_lock_file();
  lmdb::Txn txn(core->env, !create);
  const std::pair<const char*, MDB_dbi Core::*> tables[] = {
      {layout::kMeta, &Core::meta},       {layout::kEntries, &Core::entries},
      {layout::kTiles, &Core::tiles},     {layout::kCheckpoints, &Core::checkpoints},
      {layout::kBlocks, &Core::blocks},   {layout::kRecords, &Core::records},
      {layout::kLookups, &Core::lookups},
  };
  for (const auto& [name, table] : tables) (*core).*table = txn.open_table(name, create);
  if (!create) choose_epoch(*core, txn);
  txn.commit();  // handles opened by an aborted transaction are lost
  return core;
}

layout::State read_state(const Core& core, const lmdb::Txn& txn, SealBox& seals) {
  const auto sealed = txn.get(core.meta, as_bytes(layout::kMetaState));
  if (!sealed) throw Error(ErrorCode::corrupt, "the archive's state is missing", kRestoreHint);
  Bytes plain;
  seals.open(plain, SealClass::inventory, layout::Place::meta, as_bytes(layout::kMetaState), *sealed);
  return layout::State::decode(plain);
}

Entry read_entry(const Core& core, const lmdb::Txn& txn, SealBox& seals, Seq seq, Bytes& scratch) {
  const auto key = layout::seq_key(seq);
  const auto value = txn.get(core.entries, key);
  if (!value) throw Error(ErrorCode::corrupt, fmt::format("entry {} is missing", seq), kRestoreHint);
  Entry entry;
  entry.line = layout::parse_public(seq, *value);
  const ByteView sealed = value->subspan(layout::kEntryPublicSize);
  if (sealed.empty()) {
    entry.state = Entry::State::redacted;
    return entry;
  }
  if (!seals.can_read(entry.line.seal_class)) return entry;
  seals.open(scratch, entry.line.seal_class, layout::Place::entry, key, sealed,
             value->first(layout::kEntryPublicSize));
  if (scratch.size() < entry.salt.size())
    throw Error(ErrorCode::corrupt, fmt::format("entry {} is too short", seq));
  std::copy_n(scratch.begin(), entry.salt.size(), entry.salt.begin());
  entry.content.assign(scratch.begin() + entry.salt.size(), scratch.end());
  entry.state = Entry::State::open;
  return entry;
}

Bytes read_tile(const Core& core, const lmdb::Txn& txn, unsigned level, std::uint64_t index) {
  const auto value = txn.get(core.tiles, layout::tile_key(level, index));
  if (!value || value->size() % Digest::kSize != 0)
    throw Error(ErrorCode::corrupt, fmt::format("tree tile {}/{} is missing", level, index), kRestoreHint);
  return {value->begin(), value->end()};
}

Token TokenMaker::make(const TokenKind& kind, ByteView value, ByteView more) {
  auto found = keyed_.find(kind.seal_class);
  if (found == keyed_.end())
    found = keyed_.emplace(kind.seal_class, crypto::KeyedToken(token_key(*keyring_, kind.seal_class).view()))
                .first;
  scratch_.clear();
  append_block(scratch_, as_bytes(kind.name));
  append_block(scratch_, value);
  return found->second.of(scratch_, more);
}

std::uint64_t token_mask(const Token& token) {
  return load_u64(token.data() + layout::kTokenKeySize);
}

Error not_committed(const std::string& what) {
  return Error(ErrorCode::corrupt, what, kRestoreHint);
}

}  // namespace dalil::ledger
