#include "signers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::ledger {

namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kLongestText = 1024;

Error bad_list(const char* how) {
  return Error(ErrorCode::corrupt, fmt::format("the archive's list of signers is not to be trusted: {}", how),
               "restore the archive from a backup drive, and find out who had access to this one");
}

template <std::size_t N>
std::array<std::uint8_t, N> array_of(ByteView bytes) {
  std::array<std::uint8_t, N> out;
  std::copy_n(bytes.begin(), N, out.begin());
  return out;
}

Signer decode_signer(ByteReader& reader, std::uint8_t version) {
  const auto key = merkle::NoteKey::parse(as_chars(reader.block(kLongestText)));
  if (!key) throw bad_list("a key is ill-formed");
  Signer signer;
  signer.key = *key;
  signer.role = static_cast<Role>(reader.u8());
  signer.actor_name = as_chars(reader.block(kLongestText));
  if (version == 1) return signer;
  signer.recipient = as_chars(reader.block(kLongestText));
  signer.admitted_by = array_of<32>(reader.take(32));
  signer.certificate = array_of<64>(reader.take(64));
  if (const std::uint64_t removed = reader.varint(); removed != 0) signer.removed_at = removed - 1;
  return signer;
}

bool is_vouched_for(const Signer& signer, const std::vector<Signer>& before) {
  return std::ranges::any_of(before, [&](const Signer& by) {
    return by.key.key == signer.admitted_by && by.role == Role::archivist &&
           crypto::verify_signature(by.key.key, as_bytes(certificate_text(signer)), signer.certificate);
  });
}

void refuse_all_but_archivist(const Keyring& keyring) {
  if (keyring.role() != Role::archivist)
    throw Error(ErrorCode::wrong_key, "only an archivist may say whose signature counts",
                "open the archive with an archivist's key");
}

}  // namespace

std::string certificate_text(const Signer& signer) {
  return fmt::format("dalil1 signer\n{}\n{}\n{}\n{}\n", signer.key.encode(), name_of(signer.role),
                     signer.actor_name, signer.recipient);
}

Bytes encode_signers(const std::vector<Signer>& signers) {
  Bytes out;
  append_u8(out, kVersion);
  append_varint(out, signers.size());
  for (const Signer& signer : signers) {
    append_block(out, as_bytes(signer.key.encode()));
    append_u8(out, static_cast<std::uint8_t>(signer.role));
    append_block(out, as_bytes(signer.actor_name));
    append_block(out, as_bytes(signer.recipient));
    append(out, signer.admitted_by);
    append(out, signer.certificate);
    append_varint(out, signer.removed_at ? *signer.removed_at + 1 : 0);
  }
  return out;
}

std::vector<Signer> decode_signers(ByteView bytes, const crypto::PublicKey& root) {
  ByteReader reader(bytes);
  const std::uint8_t version = reader.u8();
  if (version < 1 || version > kVersion)
    throw Error(ErrorCode::unsupported, "list of signers has another version", "use a newer Dalil");
  std::vector<Signer> signers;
  for (std::uint64_t left = reader.varint(); left > 0; --left) {
    Signer signer = decode_signer(reader, version);
    if (signers.empty() ? signer.key.key != root : !is_vouched_for(signer, signers))
      throw bad_list("it holds a key that no archivist admitted");
    signers.push_back(std::move(signer));
  }
  reader.expect_end();
  return signers;
}

std::vector<Signer> read_signers(const Core& core, const lmdb::Txn& txn, SealBox& seals) {
  const auto sealed = txn.get(core.meta, as_bytes(layout::kMetaSigners));
  if (!sealed) throw not_committed("the archive's list of signers is missing");
  Bytes plain;
  seals.open(plain, SealClass::inventory, layout::Place::meta, as_bytes(layout::kMetaSigners), *sealed);
  return decode_signers(plain, core.keyring.root());
}

Signer admit(const std::vector<Signer>& signers, const Keyring& admitted, const Keyring& by) {
  refuse_all_but_archivist(by);
  Signer signer;
  signer.key = {origin_of(by.archive_id()), merkle::NoteKeyType::ed25519,
                admitted.signing_key().public_key()};
  signer.role = admitted.role();
  signer.actor_name = admitted.actor_name();
  signer.recipient = admitted.grant_recipient();
  for (const Signer& other : signers)
    if (other.actor_name == signer.actor_name || other.key == signer.key)
      throw Error(ErrorCode::conflict,
                  fmt::format("there is or was an actor '{}'", escape_for_display(signer.actor_name)),
                  "choose another name: the ledger tells people apart by it");
  if (signers.empty()) return signer;  // the root vouches for itself
  signer.admitted_by = by.signing_key().public_key();
  signer.certificate = by.signing_key().sign(as_bytes(certificate_text(signer)));
  return signer;
}

crypto::PublicKey remove(std::vector<Signer>& signers, const ActorId& actor, std::uint64_t tree_size,
                         const Keyring& by) {
  refuse_all_but_archivist(by);
  const auto found = std::ranges::find_if(
      signers, [&](const Signer& signer) { return signer.actor() == actor && !signer.removed_at; });
  if (found == signers.end())
    throw Error(ErrorCode::not_found, fmt::format("there is no actor '{}'", to_hex(actor)),
                "see: dalil key list");
  const bool others = std::ranges::any_of(signers, [&](const Signer& signer) {
    return signer.actor() != actor && signer.role == Role::archivist && !signer.removed_at;
  });
  if (found->role == Role::archivist && !others)
    throw Error(ErrorCode::invalid, "the last archivist cannot be removed",
                "add another archivist before: dalil key add --role archivist");
  found->removed_at = tree_size;
  return found->key.key;
}

}  // namespace dalil::ledger
