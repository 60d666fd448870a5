#include "dalil/ledger/keyring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"

namespace dalil::ledger {

namespace {
constexpr std::string_view kHeader = "dalil-keyring-1";
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

namespace {
/// The name stands on a line of its own in the keyring and in lists that people read.
bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 200 && is_utf8(name) && escape_for_display(name) == name;
}
std::string checked_name(std::string name) {
  if (!is_name(name))
    throw Error(ErrorCode::invalid, fmt::format("'{}' cannot be an actor's name", escape_for_display(name)),
                "use 1 to 200 bytes of text without control characters and backslashes");
  return name;
}
}  // namespace

Keyring Keyring::generate(std::string actor_name) {
  Keyring ring(crypto::random_array<16>(), Role::archivist, checked_name(std::move(actor_name)),
               crypto::SigningKey::generate());
  for (const SealClass c : kSealClasses)
    ring.keys_.emplace(std::pair(c, 1U), crypto::random_secret(kKeySize));
  return ring;
}

Keyring Keyring::derive(Role role, std::string actor_name) const {
  Keyring ring(archive_id_, role, checked_name(std::move(actor_name)), crypto::SigningKey::generate());
  ring.epoch_ = epoch_;
  for (const auto& [which, key] : keys_)
    if (may_read(role, which.first)) ring.keys_.emplace(which, key.clone());
  return ring;
}

Keyring Keyring::clone() const {
  Keyring ring(archive_id_, role_, actor_name_, crypto::SigningKey::from_seed(signing_.seed().view()));
  ring.epoch_ = epoch_;
  for (const auto& [which, key] : keys_) ring.keys_.emplace(which, key.clone());
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

crypto::Secret Keyring::encode() const {
  std::string text = fmt::format("{}\narchive {}\nrole {}\nactor {}\nepoch {}\n", kHeader,
                                 to_hex(archive_id_), name_of(role_), actor_name_, epoch_);
  text.reserve(text.size() + 128 * (keys_.size() + 1));  // no reallocation that would leave keys behind
  for (const auto& [which, key] : keys_) {
    std::string hex = to_hex(key.view());
    text += fmt::format("key {} {} ", name_of(which.first), which.second);
    text += hex;
    text += '\n';
    crypto::wipe(hex);
  }
  std::string seed = to_hex(signing_.seed().view());
  text += "sign ";
  text += seed;
  text += '\n';
  crypto::wipe(seed);
  crypto::Secret secret(as_bytes(text));
  crypto::wipe(text);
  return secret;
}

namespace {

[[noreturn]] void bad_keyring() {
  throw Error(ErrorCode::corrupt, "key slot does not hold a keyring that this version understands",
              "restore the file under keys/ from a backup, or use a newer Dalil");
}

/// Cuts the next word (or line) off.
std::string_view cut(std::string_view& text, char at) {
  const auto end = text.find(at);
  if (end == std::string_view::npos) return std::exchange(text, {});
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end + 1);
  return head;
}

crypto::Secret secret_from_hex(std::string_view hex) {
  auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != kKeySize) bad_keyring();
  crypto::Secret secret{ByteView(*bytes)};
  crypto::wipe(*bytes);
  return secret;
}

std::uint32_t number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) bad_keyring();
  return value;
}

}  // namespace

Keyring Keyring::decode(ByteView bytes) {
  std::string_view text = as_chars(bytes);
  if (cut(text, '\n') != kHeader) bad_keyring();
  std::optional<ArchiveId> id;
  std::optional<Role> role;
  std::optional<crypto::SigningKey> signing;
  std::string actor;
  std::uint32_t epoch = 0;
  std::map<std::pair<SealClass, std::uint32_t>, crypto::Secret> keys;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    const std::string_view word = cut(line, ' ');
    if (word == "archive") {
      const auto raw = dalil::from_hex(line);
      if (!raw || raw->size() != 16) bad_keyring();
      id.emplace();
      std::copy(raw->begin(), raw->end(), id->begin());
    } else if (word == "role") {
      role = role_from(line);
    } else if (word == "actor") {
      actor = line;
    } else if (word == "epoch") {
      epoch = number(line);
    } else if (word == "key") {
      const auto seal_class = seal_class_from(cut(line, ' '));
      if (!seal_class) bad_keyring();
      const std::uint32_t key_epoch = number(cut(line, ' '));
      keys.emplace(std::pair(*seal_class, key_epoch), secret_from_hex(line));
    } else if (word == "sign") {
      signing = crypto::SigningKey::from_seed(secret_from_hex(line).view());
    } else {
      bad_keyring();
    }
  }
  if (!id || !role || !signing || epoch == 0 || !is_name(actor)) bad_keyring();
  Keyring ring(*id, *role, std::move(actor), std::move(*signing));
  ring.epoch_ = epoch;
  ring.keys_ = std::move(keys);
  return ring;
}

}  // namespace dalil::ledger
