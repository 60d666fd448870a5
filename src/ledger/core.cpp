#include "core.hpp"

#include <fmt/format.h>

#include "dalil/base/text.hpp"

namespace dalil::ledger {

namespace {
constexpr const char* kRestoreHint = "restore the archive from a backup drive; do not write to this one";
}

std::string origin_of(const ArchiveId& id) {
  return "dalil/" + to_hex(id);
}

std::shared_ptr<Core> Core::open(const std::string& directory, Keyring keyring, Schema schema,
                                 const Clock& clock, bool create) {
  auto core = std::make_shared<Core>(
      Core{directory, lmdb::Env(directory, layout::kTableCount), std::move(keyring), schema, &clock, {}});
  core->origin = origin_of(core->keyring.archive_id());
  lmdb::Txn txn(core->env, !create);
  const std::pair<const char*, MDB_dbi Core::*> tables[] = {
      {layout::kMeta, &Core::meta},       {layout::kEntries, &Core::entries},
      {layout::kTiles, &Core::tiles},     {layout::kCheckpoints, &Core::checkpoints},
      {layout::kBlocks, &Core::blocks},   {layout::kRecords, &Core::records},
      {layout::kLookups, &Core::lookups},
  };
  for (const auto& [name, table] : tables) (*core).*table = txn.open_table(name, create);
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

Bytes encode_signers(const std::vector<Signer>& signers) {
  Bytes out;
  append_u8(out, 1);  // version
  append_varint(out, signers.size());
  for (const Signer& signer : signers) {
    append_block(out, as_bytes(signer.key.encode()));
    append_u8(out, static_cast<std::uint8_t>(signer.role));
    append_block(out, as_bytes(signer.actor_name));
  }
  return out;
}

std::vector<Signer> read_signers(const Core& core, const lmdb::Txn& txn, SealBox& seals) {
  const auto sealed = txn.get(core.meta, as_bytes(layout::kMetaSigners));
  if (!sealed) throw Error(ErrorCode::corrupt, "the archive's list of signers is missing", kRestoreHint);
  Bytes plain;
  seals.open(plain, SealClass::inventory, layout::Place::meta, as_bytes(layout::kMetaSigners), *sealed);
  ByteReader reader(plain);
  if (reader.u8() != 1)
    throw Error(ErrorCode::unsupported, "list of signers has another version", "use a newer Dalil");
  std::vector<Signer> signers;
  for (std::uint64_t left = reader.varint(); left > 0; --left) {
    const auto key = merkle::NoteKey::parse(as_chars(reader.block(1024)));
    if (!key) throw Error(ErrorCode::corrupt, "a signer's key is ill-formed", kRestoreHint);
    const auto role = static_cast<Role>(reader.u8());
    signers.push_back({*key, role, std::string(as_chars(reader.block(1024)))});
  }
  reader.expect_end();
  return signers;
}

Entry read_entry(const Core& core, const lmdb::Txn& txn, SealBox& seals, Seq seq, Bytes& scratch) {
  const auto key = layout::seq_key(seq);
  const auto value = txn.get(core.entries, key);
  if (!value) throw Error(ErrorCode::corrupt, fmt::format("entry {} is missing", seq), kRestoreHint);
  Entry entry;
  entry.line = layout::parse_public(seq, *value);
  const ByteView sealed = value->subspan(layout::kEntryPublicSize);
  if (sealed.empty())  // no content is destroyed without an entry that says so, and there is none of that
                       // kind yet
    throw Error(ErrorCode::corrupt, fmt::format("the content of entry {} was cut off", seq), kRestoreHint);
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

Token make_token(const crypto::KeyedToken& keyed, std::string_view kind, ByteView value, ByteView more,
                 Bytes& scratch) {
  scratch.clear();
  append_block(scratch, as_bytes(kind));
  append_block(scratch, value);
  return keyed.of(scratch, more);
}

std::uint64_t token_mask(const Token& token) {
  return load_u64(token.data() + layout::kTokenKeySize);
}

Error not_committed(const std::string& what) {
  return Error(ErrorCode::corrupt, what, kRestoreHint);
}

}  // namespace dalil::ledger
