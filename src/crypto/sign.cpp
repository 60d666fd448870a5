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

bool verify(const PublicKey& key, ByteView message, ByteView signature) {
  if (signature.size() != Signature().size()) return false;
  const Key loaded(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const DigestContext context(EVP_MD_CTX_new());
  require(loaded != nullptr && context != nullptr &&
              EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, loaded.get()) == 1,
          "load an Ed25519 public key");
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

/// RFC 8032, section 7.1, test 1: the signature of nothing.
constexpr PublicKey kKnownKey = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
                                 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
                                 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
constexpr Signature kKnownSignature = {
    0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80, 0x6e, 0x82, 0x8a,
    0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73, 0xe0, 0x65, 0x22, 0x49, 0x01, 0x55,
    0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b, 0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b,
    0xd2, 0x5b, 0xf5, 0xf0, 0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b};

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
  return unless_out_of_memory([&] { return verify(key, message, signature); },
                              [] { return verify(kKnownKey, {}, kKnownSignature); });
}

}  // namespace dalil::crypto
