#pragma once

#include <array>
#include <memory>

#include "dalil/base/bytes.hpp"

namespace dalil::crypto {

/// Content is tagged in chunks of one MiB, the last one shorter. Persistent, never change.
inline constexpr std::size_t kTagChunkSize = 1 << 20;

using ChunkTag = std::array<std::uint8_t, 16>;
/// Chosen at random once for each tagged content; chunk i uses nonce + i (96-bit big-endian addition).
using TagNonce = std::array<std::uint8_t, 12>;

/// AES-256-GMAC (NIST SP 800-38D) per chunk: says which MiB is damaged, to whoever holds the inventory key.
///
/// One per thread. Somebody who holds the key can forge tags; SHA-256 is the check that trusts no key.
class ChunkTagger {
 public:
  explicit ChunkTagger(ByteView key);  ///< 32 bytes
  ~ChunkTagger();
  ChunkTagger(ChunkTagger&&) noexcept;
  /// Tag of the whole chunk `chunk_index` (0-based).
  ChunkTag tag(const TagNonce& nonce, std::uint64_t chunk_index, ByteView chunk) const;
  /// The back end in use: "openssl" or "ipsec-mb".
  const char* backend() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Number of tags for a content of this size: one per started MiB; 1 for the empty content.
constexpr std::uint64_t tag_count(std::uint64_t size_bytes) {
  return size_bytes == 0 ? 1 : (size_bytes + kTagChunkSize - 1) / kTagChunkSize;
}

}  // namespace dalil::crypto
