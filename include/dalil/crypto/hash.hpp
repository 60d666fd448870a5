#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

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

/// Hashes that other people's manifests use. MD5 and SHA-1 find damage, and prove nothing against a forger.
enum class HashKind : std::uint8_t { md5, sha1, sha224, sha256, sha384, sha512 };
/// As manifests are called by it: "sha256".
const char* name_of(HashKind kind);
std::optional<HashKind> hash_kind_from(std::string_view name);
std::size_t digest_size(HashKind kind);  ///< bytes

/// Any of them, of a message that arrives in pieces. Reusable after `finish`. Not for two threads at once.
class HashStream {
 public:
  explicit HashStream(HashKind kind);
  ~HashStream();
  HashStream(HashStream&&) noexcept;
  HashStream& operator=(HashStream&&) noexcept;
  void update(ByteView piece);
  Bytes finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of many messages at once, in whichever way is fastest on this processor.
///
/// One per thread. Messages of 192 bytes to 60 KiB go through several SIMD lanes side by side; others, calls
/// with fewer than four messages, and machines without such lanes use OpenSSL. The answer is the same bit for
/// bit (tests/unit/crypto proves it). Sizes may be mixed: the lanes are filled with the longest first.
class Sha256Batch {
 public:
  Sha256Batch();
  ~Sha256Batch();
  Sha256Batch(Sha256Batch&&) noexcept;
  /// `digests` has as many elements as `messages`.
  void hash(std::span<const ByteView> messages, std::span<Digest> digests);
  /// "openssl", "ipsec-mb sha-ni x2", "ipsec-mb avx512x16" or "ipsec-mb avx2x8", for reports.
  const char* backend() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dalil::crypto
