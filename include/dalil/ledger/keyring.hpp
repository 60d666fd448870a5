#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/crypto/age.hpp"
#include "dalil/crypto/secret.hpp"
#include "dalil/crypto/sign.hpp"

namespace dalil::ledger {

/// Who may read a content. Persistent, never renumber.
enum class SealClass : std::uint8_t {
  inventory = 1,  ///< volumes, copies, paths, sizes, digests, verdicts
  evidence = 2,   ///< media facts, fingerprints, incidents, links
  source = 3,     ///< who it came from
};
inline constexpr SealClass kSealClasses[] = {SealClass::inventory, SealClass::evidence, SealClass::source};
const char* name_of(SealClass seal_class);
std::optional<SealClass> seal_class_from(std::string_view name);

/// A role is the set of classes that its keyring opens. Persistent, never renumber.
enum class Role : std::uint8_t { archivist = 1, investigator = 2, auditor = 3 };
const char* name_of(Role role);
std::optional<Role> role_from(std::string_view name);
bool may_read(Role role, SealClass seal_class);

using ArchiveId = std::array<std::uint8_t, 16>;
using ActorId = std::array<std::uint8_t, 8>;
/// First 8 bytes of SHA-256 of the public key: names an actor in every entry's public line.
ActorId actor_id(const crypto::PublicKey& key);

/// The keys of one actor: a key per class that the role may read, and a signing key.
///
/// Class keys belong to an epoch: `dalil key rotate` begins a new one, and hands its keys to each actor in a
/// *grant*, encrypted to an age identity that every keyring has. The text form (docs/formats/keyring.md) is
/// what a key slot holds, encrypted as an age file, so that stock `age` recovers it. Move-only; all keys are
/// in locked memory.
class Keyring {
 public:
  /// Fresh keys of every class: the first archivist of a new archive, and its root of trust.
  static Keyring generate(std::string actor_name);
  /// The part of these class keys that `role` may hold, with a signing key and an identity of its own.
  Keyring derive(Role role, std::string actor_name) const;
  Keyring clone() const;

  crypto::Secret encode() const;
  /// Error(corrupt) unless it is a keyring; nothing of it appears in the message.
  static Keyring decode(ByteView text);

  const ArchiveId& archive_id() const { return archive_id_; }
  Role role() const { return role_; }
  const std::string& actor_name() const { return actor_name_; }
  ActorId actor() const { return actor_id(signing_.public_key()); }
  const crypto::SigningKey& signing_key() const { return signing_; }
  /// The first archivist's: who may sign for the archive is vouched for in a chain that begins with it.
  const crypto::PublicKey& root() const { return root_; }
  bool can_read(SealClass seal_class) const;
  std::uint32_t epoch() const { return epoch_; }
  /// Error(wrong_key) "not visible to this role" if absent.
  const crypto::Secret& class_key(SealClass seal_class, std::uint32_t epoch) const;
  /// For the chunk tags of copies that were taken in during an epoch up to the present one. Those of earlier
  /// epochs stay, since tags are part of entries, which never change. Error(wrong_key) if it is not held.
  crypto::Secret tag_key(std::uint32_t epoch) const;

  // Rotation
  /// The same actor with fresh class keys, one epoch on.
  Keyring next_epoch() const;
  /// "age1...": where grants of later epochs go; empty in keyrings that were made before there were any.
  std::string grant_recipient() const;
  /// The present epoch's keys for another actor, signed by this one and encrypted to `recipient`: an age
  /// file.
  Bytes grant(const ActorId& to, Role role, const std::string& recipient) const;
  /// Adds a later epoch's keys. Error(corrupt) unless it is a grant of this archive to this actor.
  void take_grant(ByteView age_file);
  /// Who granted an epoch's keys; absent if they are the keyring's own.
  std::optional<crypto::PublicKey> granted_by(std::uint32_t epoch) const;
  /// From now on this epoch, and no class keys of others: what a removed actor may still know opens nothing
  /// and seals nothing. Error(wrong_key) if its keys were never granted.
  void use_epoch(std::uint32_t epoch);

 private:
  Keyring(ArchiveId id, Role role, std::string actor_name, crypto::SigningKey signing);
  ArchiveId archive_id_{};
  Role role_ = Role::archivist;
  std::string actor_name_;
  std::uint32_t epoch_ = 1;
  std::map<std::pair<SealClass, std::uint32_t>, crypto::Secret> keys_;
  std::map<std::uint32_t, crypto::Secret> tag_keys_;  ///< of epochs before the keyring's first
  std::map<std::uint32_t, crypto::PublicKey> granted_by_;
  crypto::PublicKey root_{};
  std::optional<crypto::age::Identity> identity_;
  crypto::SigningKey signing_;
};

}  // namespace dalil::ledger
