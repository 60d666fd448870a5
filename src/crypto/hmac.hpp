#pragma once

#include "dalil/crypto/secret.hpp"
#include "sha256_core.hpp"

namespace dalil::crypto {

/// HMAC-SHA256 (RFC 2104) with the key absorbed beforehand: a message costs two copies of a small state.
class HmacSha256 {
 public:
  explicit HmacSha256(ByteView key);
  ~HmacSha256();
  HmacSha256(const HmacSha256&) = delete;
  HmacSha256& operator=(const HmacSha256&) = delete;
  std::array<std::uint8_t, 32> of(ByteView first, ByteView second = {}, ByteView third = {}) const;

 private:
  Sha256Core inner_;  ///< after key xor 0x36...
  Sha256Core outer_;  ///< after key xor 0x5c...
};

}  // namespace dalil::crypto
