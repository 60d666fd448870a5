#pragma once

#include <memory>
#include <span>

#include "dalil/base/bytes.hpp"
#include "dalil/base/digest.hpp"

namespace dalil::crypto {

/// SHA-256 of one message (FIPS 180-4).
Digest sha256(ByteView message);
/// SHA-256 of the concatenation of two or three parts, without joining them in memory.
Digest sha256(ByteView first, ByteView second);
Digest sha256(ByteView first, ByteView second, ByteView third);

/// SHA-256 of a message that arrives in pieces. Reusable after `finish`. Not for use by two threads at once.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void update(ByteView piece);
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of many messages at once, in whichever way is fastest on this processor.
///
/// One per thread. Messages up to a back end's limit go through several SIMD lanes side by side; longer ones and
/// machines without such lanes use OpenSSL. The answer is the same bit for bit (tests/unit/crypto proves it).
class Sha256Batch {
 public:
  Sha256Batch();
  ~Sha256Batch();
  Sha256Batch(Sha256Batch&&) noexcept;
  /// `digests` has as many elements as `messages`.
  void hash(std::span<const ByteView> messages, std::span<Digest> digests);
  /// "openssl" or "ipsec-mb avx512x16" and the like, for reports.
  const char* backend() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dalil::crypto
