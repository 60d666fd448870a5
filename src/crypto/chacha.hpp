#pragma once

#include <array>

#include "dalil/base/bytes.hpp"
#include "openssl.hpp"

namespace dalil::crypto {

/// ChaCha20-Poly1305 (RFC 8439) under one key. Sealed form: ciphertext || tag[16].
class ChaChaPoly {
 public:
  static constexpr std::size_t kKeySize = 32;
  static constexpr std::size_t kTagSize = 16;
  using Nonce = std::array<std::uint8_t, 12>;

  explicit ChaChaPoly(ByteView key);
  /// Writes `plain.size() + kTagSize` bytes.
  void seal(const Nonce& nonce, ByteView associated, ByteView plain, std::uint8_t* to);
  /// Writes `sealed.size() - kTagSize` bytes, not to be used when the answer is false.
  [[nodiscard]] bool open(const Nonce& nonce, ByteView associated, ByteView sealed, std::uint8_t* to);

 private:
  CipherContext sealer_;
  CipherContext opener_;
};

}  // namespace dalil::crypto
