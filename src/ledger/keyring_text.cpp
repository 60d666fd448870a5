#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/ledger/keyring.hpp"
#include "keyring_name.hpp"

/// The texts of docs/formats/keyring.md: keyrings and grants, line by line. They consist of secrets, so they
/// are written into and read out of locked memory only.
namespace dalil::ledger {

namespace {

constexpr std::string_view kKeyringHeader = "dalil-keyring-1";
constexpr std::string_view kGrantHeader = "dalil-grant-1";
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kLargestText = 64 << 10;

/// A text that grows within locked memory.
class SecretText {
 public:
  void add(std::string_view text) {
    if (size_ + text.size() > kLargestText)
      throw Error(ErrorCode::unsupported, "too many keys for a keyring");
    std::copy(text.begin(), text.end(), text_.mutable_view().begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
  }
  void add_hex(ByteView bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
      const char pair[] = {kDigits[byte >> 4], kDigits[byte & 15]};
      add({pair, 2});
    }
  }
  ByteView view() const { return text_.view().first(size_); }

 private:
  crypto::Secret text_{kLargestText};
  std::size_t size_ = 0;
};

[[noreturn]] void bad_text(std::string_view header) {
  if (header == kGrantHeader)
    throw Error(ErrorCode::corrupt, "a grant of keys is not one that this version understands",
                "restore the file under keys/ from a backup, or ask an archivist for a new key");
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

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

/// Reads the lines of either text, naming nothing of them in errors.
class TextReader {
 public:
  TextReader(ByteView bytes, std::string_view header) : header_(header), text_(as_chars(bytes)) {
    if (cut(text_, '\n') != header) bad();
  }
  [[noreturn]] void bad() const { bad_text(header_); }
  bool next() {
    if (text_.empty()) return false;
    line_ = cut(text_, '\n');
    word_ = cut(line_, ' ');
    return true;
  }
  std::string_view word() const { return word_; }
  std::string_view rest() const { return line_; }
  const char* line_start() const { return word_.data(); }

  std::uint32_t number(char until = ' ') {
    const std::string_view text = until == 0 ? line_ : cut(line_, until);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0) bad();
    return value;
  }
  SealClass seal_class() {
    const auto found = seal_class_from(cut(line_, ' '));
    if (!found) bad();
    return *found;
  }
  /// The rest of the line as bytes in hexadecimal.
  crypto::Secret secret(std::size_t size = kKeySize) {
    crypto::Secret secret(size);
    hex_into(secret.mutable_view());
    return secret;
  }
  crypto::age::Identity identity() const {
    try {
      return crypto::age::Identity::parse(line_);
    } catch (const Error&) {
      bad();
    }
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out;
    hex_into(out);
    return out;
  }

 private:
  void hex_into(MutableByteView out) const {
    if (line_.size() != 2 * out.size()) bad();
    for (std::size_t i = 0; i < out.size(); ++i) {
      const int high = hex_value(line_[2 * i]), low = hex_value(line_[2 * i + 1]);
      if (high < 0 || low < 0) bad();
      out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
  }
  std::string_view header_, text_, line_, word_;
};

void add_key(SecretText& text, SealClass seal_class, std::uint32_t epoch, const crypto::Secret& key) {
  text.add(fmt::format("key {} {} ", name_of(seal_class), epoch));
  text.add_hex(key.view());
  text.add("\n");
}

void add_tag_key(SecretText& text, std::uint32_t epoch, const crypto::Secret& key) {
  text.add(fmt::format("tag {} ", epoch));
  text.add_hex(key.view());
  text.add("\n");
}

}  // namespace

crypto::Secret Keyring::encode() const {
  SecretText text;
  text.add(fmt::format("{}\narchive {}\nrole {}\nactor {}\nepoch {}\nroot {}\n", kKeyringHeader,
                       to_hex(archive_id_), name_of(role_), actor_name_, epoch_, to_hex(root_)));
  for (const auto& [which, key] : keys_) add_key(text, which.first, which.second, key);
  for (const auto& [epoch, key] : tag_keys_) add_tag_key(text, epoch, key);
  if (identity_) {
    text.add("identity ");
    text.add(as_chars(identity_->encode().view()));
    text.add("\n");
  }
  text.add("sign ");
  text.add_hex(signing_.seed().view());
  text.add("\n");
  return crypto::Secret(text.view());
}

Keyring Keyring::decode(ByteView bytes) {
  TextReader reader(bytes, kKeyringHeader);
  std::optional<ArchiveId> id;
  std::optional<Role> role;
  std::optional<crypto::SigningKey> signing;
  std::optional<crypto::PublicKey> root;
  std::optional<crypto::age::Identity> identity;
  std::string actor;
  std::uint32_t epoch = 0;
  std::map<std::pair<SealClass, std::uint32_t>, crypto::Secret> keys;
  std::map<std::uint32_t, crypto::Secret> tag_keys;
  while (reader.next()) {
    if (reader.word() == "archive") {
      id = reader.array<16>();
    } else if (reader.word() == "role") {
      role = role_from(reader.rest());
    } else if (reader.word() == "actor") {
      actor = reader.rest();
    } else if (reader.word() == "epoch") {
      epoch = reader.number(0);
    } else if (reader.word() == "root") {
      root = reader.array<32>();
    } else if (reader.word() == "key") {
      const SealClass seal_class = reader.seal_class();
      const std::uint32_t key_epoch = reader.number();
      keys.emplace(std::pair(seal_class, key_epoch), reader.secret());
    } else if (reader.word() == "tag") {
      const std::uint32_t tag_epoch = reader.number();
      tag_keys.emplace(tag_epoch, reader.secret());
    } else if (reader.word() == "identity") {
      identity = reader.identity();
    } else if (reader.word() == "sign") {
      signing = crypto::SigningKey::from_seed(reader.secret().view());
    } else {
      reader.bad();
    }
  }
  if (!id || !role || !signing || epoch == 0 || !is_actor_name(actor)) reader.bad();
  Keyring ring(*id, *role, std::move(actor), std::move(*signing));
  ring.epoch_ = epoch;
  ring.keys_ = std::move(keys);
  ring.tag_keys_ = std::move(tag_keys);
  ring.identity_ = std::move(identity);
  if (root) ring.root_ = *root;  // a keyring without one is the first archivist's, who is the root
  return ring;
}

Bytes Keyring::grant(const ActorId& to, Role role, const std::string& recipient) const {
  SecretText text;
  text.add(fmt::format("{}\narchive {}\nto {}\nepoch {}\n", kGrantHeader, to_hex(archive_id_), to_hex(to),
                       epoch_));
  for (const auto& [which, key] : keys_)
    if (which.second == epoch_ && may_read(role, which.first)) add_key(text, which.first, which.second, key);
  for (std::uint32_t earlier = 1; earlier < epoch_; ++earlier) add_tag_key(text, earlier, tag_key(earlier));
  text.add(fmt::format("by {}\n", to_hex(signing_.public_key())));
  const crypto::Signature signature = signing_.sign(text.view());
  text.add("signature ");
  text.add_hex(signature);
  text.add("\n");
  return crypto::age::encrypt_to(text.view(), {recipient});
}

void Keyring::take_grant(ByteView age_file) {
  if (!identity_) return;
  std::vector<crypto::age::Identity> identities;
  identities.push_back({identity_->scalar.clone()});
  const crypto::age::Opened opened = crypto::age::decrypt(age_file, identities, kLargestText);
  if (opened.failure != crypto::age::Failure::none) bad_text(kGrantHeader);
  const ByteView bytes = opened.plaintext.view();
  TextReader reader(bytes, kGrantHeader);
  std::optional<ArchiveId> id;
  std::optional<ActorId> to;
  std::optional<crypto::PublicKey> by;
  std::uint32_t epoch = 0;
  std::map<SealClass, crypto::Secret> keys;
  std::map<std::uint32_t, crypto::Secret> tag_keys;
  bool is_signed = false;
  while (reader.next()) {
    if (is_signed) reader.bad();
    if (reader.word() == "archive") {
      id = reader.array<16>();
    } else if (reader.word() == "to") {
      to = reader.array<8>();
    } else if (reader.word() == "epoch") {
      epoch = reader.number(0);
    } else if (reader.word() == "key") {
      const SealClass seal_class = reader.seal_class();
      if (reader.number() != epoch) reader.bad();
      keys.emplace(seal_class, reader.secret());
    } else if (reader.word() == "tag") {
      const std::uint32_t tag_epoch = reader.number();
      tag_keys.emplace(tag_epoch, reader.secret());
    } else if (reader.word() == "by") {
      by = reader.array<32>();
    } else if (reader.word() == "signature") {
      const auto before = static_cast<std::size_t>(reader.line_start() - as_chars(bytes).data());
      is_signed = by && crypto::verify_signature(*by, bytes.first(before), reader.array<64>());
      if (!is_signed) reader.bad();
    } else {
      reader.bad();
    }
  }
  if (!is_signed || id != archive_id_ || to != actor() || epoch == 0) reader.bad();
  for (auto& [seal_class, key] : keys) keys_.insert_or_assign({seal_class, epoch}, std::move(key));
  for (auto& [earlier, key] : tag_keys) tag_keys_.insert_or_assign(earlier, std::move(key));
  granted_by_[epoch] = *by;
}

}  // namespace dalil::ledger
