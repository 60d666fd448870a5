#include "dalil/crypto/sign.hpp"

#include "openssl.hpp"

namespace dalil::crypto {
namespace {

constexpr std::size_t kSeedSize = 32;

Key private_key(ByteView seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  require(key != nullptr, "load an Ed25519 key");
  return key;
}

PublicKey public_of(EVP_PKEY* key) {
  PublicKey out;
  std::size_t size = out.size();
  const bool done = EVP_PKEY_get_raw_public_key(key, out.data(), &size) == 1 && size == out.size();
  require(done, "derive an Ed25519 public key");
  return out;
}

}  // namespace

SigningKey SigningKey::generate() {
  return from_seed(random_secret(kSeedSize).view());
}

SigningKey SigningKey::from_seed(ByteView seed) {
  if (seed.size() != kSeedSize) throw Error(ErrorCode::invalid, "an Ed25519 seed has 32 bytes");
  return SigningKey(Secret(seed), public_of(private_key(seed).get()));
}

Signature SigningKey::sign(ByteView message) const {
  const Key key = private_key(seed_.view());
  const DigestContext context(EVP_MD_CTX_new());
  Signature signature;
  std::size_t size = signature.size();
  const bool done =
      context != nullptr && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1;
  require(done && size == signature.size(), "sign");
  return signature;
}

bool verify_signature(const PublicKey& key, ByteView message, ByteView signature) {
  if (signature.size() != Signature().size()) return false;
  const Key loaded(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const DigestContext context(EVP_MD_CTX_new());
  require(loaded != nullptr && context != nullptr, "load an Ed25519 public key");
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, loaded.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace dalil::crypto
