#pragma once

#include <array>

#include "dalil/base/bytes.hpp"
#include "dalil/crypto/secret.hpp"

namespace dalil::crypto {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

/// Ed25519 (RFC 8032), pure.
class SigningKey {
 public:
  static SigningKey generate();
  static SigningKey from_seed(ByteView seed);  ///< 32 bytes
  SigningKey(SigningKey&&) noexcept = default;
  SigningKey& operator=(SigningKey&&) noexcept = default;
  const PublicKey& public_key() const { return public_; }
  const Secret& seed() const { return seed_; }
  Signature sign(ByteView message) const;

 private:
  SigningKey(Secret seed, PublicKey key) : seed_(std::move(seed)), public_(key) {}
  Secret seed_;
  PublicKey public_{};
};

/// False for anything but 64 bytes that fulfil the equation without cofactor (RFC 8032 section 5.1.7), as
/// OpenSSL checks it: S below the group order, R in its only encoding. Keys of low order and in a second
/// encoding are taken as they come (published edge cases, C2SP/CCTV); a key is trusted because somebody
/// compared it, never because it verifies.
bool verify_signature(const PublicKey& key, ByteView message, ByteView signature);

}  // namespace dalil::crypto
