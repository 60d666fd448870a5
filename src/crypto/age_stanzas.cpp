#include "age_stanzas.hpp"

#include <openssl/kdf.h>

#include <algorithm>

#include "bech32.hpp"
#include "chacha.hpp"
#include "dalil/base/text.hpp"

namespace dalil::crypto::age {
namespace {

constexpr std::size_t kPointSize = 32;
constexpr std::size_t kScryptSaltSize = 16;
constexpr std::size_t kWrappedKeySize = kFileKeySize + ChaChaPoly::kTagSize;
constexpr std::string_view kX25519Label = "age-encryption.org/v1/X25519";
constexpr std::string_view kScryptLabel = "age-encryption.org/v1/scrypt";
constexpr std::string_view kRecipientPrefix = "age";

Secret x25519_wrap_key(const Secret& shared, ByteView share, ByteView recipient) {
  Bytes salt(share.begin(), share.end());
  append(salt, recipient);
  return hkdf_sha256(shared.view(), kX25519Label, ChaChaPoly::kKeySize, salt);
}

Secret scrypt_wrap_key(ByteView passphrase, ByteView salt, int log_n) {
  constexpr std::uint64_t kBlockSize = 8, kParallelism = 1;
  constexpr std::uint64_t kMemoryBeyondTable = 1 << 20;
  const std::uint64_t n = std::uint64_t{1} << log_n;
  Bytes labeled(kScryptLabel.begin(), kScryptLabel.end());
  append(labeled, salt);
  Secret key(ChaChaPoly::kKeySize);
  const auto* const chars = as_chars(passphrase).data();
  const int done = EVP_PBE_scrypt(
      passphrase.empty() ? "" : chars, passphrase.size(), labeled.data(), labeled.size(), n, kBlockSize,
      kParallelism, 128 * kBlockSize * n + kMemoryBeyondTable, key.mutable_view().data(), key.size());
  if (done != 1) {
    throw Error(ErrorCode::io, "cannot derive a key from the passphrase: not enough memory",
                "it takes " + std::to_string((128 * kBlockSize * n) >> 20) + " MiB; close other programs");
  }
  return key;
}

/// The wrap key is used once, and so the nonce is zero.
Bytes wrap(ByteView wrap_key, ByteView file_key) {
  Bytes body(kWrappedKeySize);
  ChaChaPoly(wrap_key).seal({}, {}, file_key, body.data());
  return body;
}

Unwrapped unwrap(ByteView wrap_key, ByteView body) {
  Secret file_key(kFileKeySize);
  if (!ChaChaPoly(wrap_key).open({}, {}, body, file_key.mutable_view().data()))
    return {Failure::no_match, {}};
  return {Failure::none, std::move(file_key)};
}

/// The only argument of a stanza, decoded, if there is one of this size.
std::optional<Bytes> decode_argument(const Stanza& stanza, std::size_t index, std::size_t count,
                                     std::size_t size) {
  if (stanza.arguments.size() != count) return std::nullopt;
  std::optional<Bytes> decoded = from_base64(stanza.arguments[index], Padding::without);
  if (!decoded || decoded->size() != size) return std::nullopt;
  return decoded;
}

/// Decimal without a leading zero or sign; absent otherwise. What is larger than anybody accepts becomes 99.
std::optional<int> parse_work_factor(const std::string& text) {
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || !digits || text.front() == '0') return std::nullopt;
  return text.size() > 2 ? 99 : std::stoi(text);
}

}  // namespace

std::array<std::uint8_t, 32> x25519_public(ByteView scalar) {
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, scalar.data(), scalar.size()));
  std::array<std::uint8_t, kPointSize> point{};
  std::size_t size = point.size();
  require(key != nullptr && EVP_PKEY_get_raw_public_key(key.get(), point.data(), &size) == 1,
          "load an X25519 key");
  return point;
}

namespace {

std::optional<Secret> shared_secret(ByteView scalar, ByteView point) {
  const Key mine(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, scalar.data(), scalar.size()));
  const Key theirs(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, point.data(), point.size()));
  require(mine != nullptr && theirs != nullptr, "load an X25519 key");
  const KeyContext context(EVP_PKEY_CTX_new(mine.get(), nullptr));
  require(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1, "set up X25519");
  Secret shared(kPointSize);
  std::size_t size = shared.size();
  if (EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1) return std::nullopt;
  if (EVP_PKEY_derive(context.get(), shared.mutable_view().data(), &size) != 1) return std::nullopt;
  return shared;
}

}  // namespace

std::optional<Secret> x25519(ByteView scalar, ByteView point) {
  constexpr std::array<std::uint8_t, kPointSize> kBase = {9};
  return unless_out_of_memory([&] { return shared_secret(scalar, point); },
                              [&] { return shared_secret(kBase, kBase); });
}

std::string format_recipient(ByteView public_key) {
  return bech32_encode(kRecipientPrefix, public_key);
}

Stanza wrap_to_recipient(ByteView file_key, const std::string& recipient) {
  const auto refuse = [&] {
    return Error(ErrorCode::invalid, "'" + escape_for_display(recipient) + "' is not an age recipient",
                 "an X25519 recipient starts with age1 and has 62 characters; age-keygen -y prints it");
  };
  const std::optional<Secret> point = bech32_decode(kRecipientPrefix, recipient);
  if (!point || point->size() != kPointSize) throw refuse();
  const Secret ephemeral = random_secret(kPointSize);
  const std::optional<Secret> shared = x25519(ephemeral.view(), point->view());
  if (!shared) throw refuse();
  const auto share = x25519_public(ephemeral.view());
  const Secret key = x25519_wrap_key(*shared, share, point->view());
  return {std::string(kX25519Type), {to_base64(share, Padding::without)}, wrap(key.view(), file_key)};
}

Stanza wrap_with_passphrase(ByteView file_key, ByteView passphrase, int log_n) {
  if (log_n < 1 || log_n > kScryptMaxLogN)
    throw Error(ErrorCode::invalid, "the scrypt work factor is out of range");
  const auto salt = random_array<kScryptSaltSize>();
  const Secret key = scrypt_wrap_key(passphrase, salt, log_n);
  return {std::string(kScryptType),
          {to_base64(salt, Padding::without), std::to_string(log_n)},
          wrap(key.view(), file_key)};
}

Unwrapped unwrap_with_identity(const Stanza& stanza, const Identity& identity) {
  const std::optional<Bytes> share = decode_argument(stanza, 0, 1, kPointSize);
  // The size is checked before decryption: a longer body could be made to open under several keys.
  if (!share || stanza.body.size() != kWrappedKeySize) return {Failure::header, {}};
  const std::optional<Secret> shared = x25519(identity.scalar.view(), *share);
  if (!shared) return {Failure::header, {}};
  const Secret key = x25519_wrap_key(*shared, *share, x25519_public(identity.scalar.view()));
  return unwrap(key.view(), stanza.body);
}

Unwrapped unwrap_with_passphrase(const Stanza& stanza, ByteView passphrase) {
  const std::optional<Bytes> salt = decode_argument(stanza, 0, 2, kScryptSaltSize);
  if (!salt || stanza.body.size() != kWrappedKeySize) return {Failure::header, {}};
  const std::optional<int> log_n = parse_work_factor(stanza.arguments[1]);
  if (!log_n) return {Failure::header, {}};
  if (*log_n > kScryptMaxLogN) return {Failure::work_factor, {}};
  return unwrap(scrypt_wrap_key(passphrase, *salt, *log_n).view(), stanza.body);
}

}  // namespace dalil::crypto::age
