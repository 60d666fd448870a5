#include "dalil/ledger/keyring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "keyring_name.hpp"

namespace dalil::ledger {

namespace {
constexpr std::size_t kKeySize = 32;

template <typename Enum, std::size_t N>
std::optional<Enum> by_name(const Enum (&values)[N], std::string_view name) {
  for (const Enum value : values)
    if (name == name_of(value)) return value;
  return std::nullopt;
}
constexpr Role kRoles[] = {Role::archivist, Role::investigator, Role::auditor};
}  // namespace

const char* name_of(SealClass seal_class) {
  switch (seal_class) {
    case SealClass::inventory:
      return "inventory";
    case SealClass::evidence:
      return "evidence";
    case SealClass::source:
      return "source";
  }
  return "unknown";
}
std::optional<SealClass> seal_class_from(std::string_view name) {
  return by_name(kSealClasses, name);
}

const char* name_of(Role role) {
  switch (role) {
    case Role::archivist:
      return "archivist";
    case Role::investigator:
      return "investigator";
    case Role::auditor:
      return "auditor";
  }
  return "unknown";
}
std::optional<Role> role_from(std::string_view name) {
  return by_name(kRoles, name);
}

bool may_read(Role role, SealClass seal_class) {
  switch (role) {
    case Role::archivist:
      return true;
    case Role::investigator:
      return seal_class != SealClass::source;
    case Role::auditor:
      return seal_class == SealClass::inventory;
  }
  return false;
}

ActorId actor_id(const crypto::PublicKey& key) {
  const Digest digest = crypto::sha256(key);
  ActorId id;
  std::copy_n(digest.bytes.begin(), id.size(), id.begin());
  return id;
}

bool is_actor_name(const std::string& name) {
  return !name.empty() && name.size() <= 200 && is_utf8(name) && escape_for_display(name) == name;
}

namespace {
std::string checked_name(std::string name) {
  if (!is_actor_name(name))
    throw Error(ErrorCode::invalid, fmt::format("'{}' cannot be an actor's name", escape_for_display(name)),
                "use 1 to 200 bytes of text without control characters and backslashes");
  return name;
}
}  // namespace

Keyring::Keyring(ArchiveId id, Role role, std::string actor_name, crypto::SigningKey signing)
    : archive_id_(id),
      role_(role),
      actor_name_(std::move(actor_name)),
      root_(signing.public_key()),
      signing_(std::move(signing)) {}

Keyring Keyring::generate(std::string actor_name) {
  Keyring ring(crypto::random_array<16>(), Role::archivist, checked_name(std::move(actor_name)),
               crypto::SigningKey::generate());
  for (const SealClass c : kSealClasses)
    ring.keys_.emplace(std::pair(c, 1U), crypto::random_secret(kKeySize));
  ring.identity_ = crypto::age::Identity::generate();
  return ring;
}

Keyring Keyring::derive(Role role, std::string actor_name) const {
  Keyring ring(archive_id_, role, checked_name(std::move(actor_name)), crypto::SigningKey::generate());
  ring.epoch_ = epoch_;
  ring.root_ = root_;
  for (const SealClass c : kSealClasses)
    if (may_read(role, c)) ring.keys_.emplace(std::pair(c, epoch_), class_key(c, epoch_).clone());
  for (std::uint32_t earlier = 1; earlier < epoch_; ++earlier)
    ring.tag_keys_.emplace(earlier, tag_key(earlier));
  ring.identity_ = crypto::age::Identity::generate();
  return ring;
}

Keyring Keyring::clone() const {
  Keyring ring(archive_id_, role_, actor_name_, crypto::SigningKey::from_seed(signing_.seed().view()));
  ring.epoch_ = epoch_;
  ring.root_ = root_;
  for (const auto& [which, key] : keys_) ring.keys_.emplace(which, key.clone());
  for (const auto& [epoch, key] : tag_keys_) ring.tag_keys_.emplace(epoch, key.clone());
  ring.granted_by_ = granted_by_;
  if (identity_) ring.identity_ = crypto::age::Identity{identity_->scalar.clone()};
  return ring;
}

bool Keyring::can_read(SealClass seal_class) const {
  return keys_.contains({seal_class, epoch_});
}

const crypto::Secret& Keyring::class_key(SealClass seal_class, std::uint32_t epoch) const {
  const auto found = keys_.find({seal_class, epoch});
  if (found == keys_.end())
    throw Error(
        ErrorCode::wrong_key,
        fmt::format("'{}' content is not visible to this role ({})", name_of(seal_class), name_of(role_)),
        "open the archive with a key whose role may see it");
  return found->second;
}

crypto::Secret Keyring::tag_key(std::uint32_t epoch) const {
  if (const auto found = tag_keys_.find(epoch); found != tag_keys_.end()) return found->second.clone();
  return crypto::hkdf_sha256(class_key(SealClass::inventory, epoch).view(), "dalil1 chunk tags", kKeySize);
}

Keyring Keyring::next_epoch() const {
  Keyring next = clone();
  next.tag_keys_.emplace(epoch_, tag_key(epoch_));
  next.keys_.clear();
  next.epoch_ = epoch_ + 1;
  for (const SealClass c : kSealClasses)
    if (may_read(role_, c)) next.keys_.emplace(std::pair(c, next.epoch_), crypto::random_secret(kKeySize));
  return next;
}

std::string Keyring::grant_recipient() const {
  return identity_ ? identity_->recipient() : std::string();
}

std::optional<crypto::PublicKey> Keyring::granted_by(std::uint32_t epoch) const {
  const auto found = granted_by_.find(epoch);
  if (found == granted_by_.end()) return std::nullopt;
  return found->second;
}

void Keyring::use_epoch(std::uint32_t epoch) {
  if (!keys_.contains({SealClass::inventory, epoch}))
    throw Error(
        ErrorCode::wrong_key,
        fmt::format("the archive's keys were changed (epoch {}), and this key was not given them", epoch),
        "ask an archivist for a new key: 'dalil key add'");
  std::erase_if(keys_, [epoch](const auto& one) { return one.first.second != epoch; });
  epoch_ = epoch;
}

}  // namespace dalil::ledger
