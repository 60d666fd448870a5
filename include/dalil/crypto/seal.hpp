#pragma once

#include <memory>
#include <optional>

#include "dalil/base/bytes.hpp"

namespace dalil::crypto {

/// Authenticated encryption with AES-256-GCM (NIST SP 800-38D), random 96-bit nonces. One per thread.
/// By libipsec-mb where the processor suits it (0.1 microseconds for 300 bytes), else by OpenSSL; same bytes.
///
/// Sealed layout, persistent: nonce[12] || ciphertext || tag[16]. The plaintext that is encrypted is
/// length (u32 big-endian) || content || zeros up to a multiple of `pad_to`.
/// The caller changes the key before 2^30 seals (random nonces: SP 800-38D section 8.3).
class Sealer {
 public:
  explicit Sealer(ByteView key);  ///< 32 bytes
  ~Sealer();
  Sealer(Sealer&&) noexcept;
  Sealer& operator=(Sealer&&) noexcept;

  static constexpr std::size_t kOverhead = 12 + 4 + 16;

  /// Appends the sealed form to `out`. `pad_to` > 0. Content under 4 GiB.
  void seal(Bytes& out, ByteView associated, ByteView content, std::size_t pad_to = 64) const;
  /// Decrypts into `out` (replaced). False if the seal is broken in any way; `out` is then empty.
  [[nodiscard]] bool open(Bytes& out, ByteView associated, ByteView sealed) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dalil::crypto
