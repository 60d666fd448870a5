#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dalil/base/bytes.hpp"
#include "dalil/base/digest.hpp"

namespace dalil::crypto {

/// SHA-256 (FIPS 180-4) of two messages side by side in one thread with the processor's SHA instructions:
/// each of them waits for the one before, so that a second stream costs next to nothing. For messages of any
/// length, unlike libipsec-mb's lanes; OpenSSL does what is left when one message ends before the other.
class Sha256Pair {
 public:
  /// True if the processor has the instructions and a known-answer check against OpenSSL passes.
  static bool available();

  /// The messages are taken two by two; one that ends makes room for the next. `digests` has as many
  /// elements.
  static void hash(std::span<const ByteView> messages, std::span<Digest* const> digests);

  /// Compresses `blocks` blocks of 64 bytes into each state (eight words, as in FIPS 180-4).
  static void compress(std::uint32_t* state_a, const std::uint8_t* a, std::uint32_t* state_b,
                       const std::uint8_t* b, std::size_t blocks);
};

}  // namespace dalil::crypto
