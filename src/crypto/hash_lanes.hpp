#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "dalil/base/bytes.hpp"
#include "dalil/base/digest.hpp"

namespace dalil::crypto {

/// Ways to hash several messages side by side in one thread.
enum class LaneKind {
  sha_ni_x2,   ///< two streams interleaved in the processor's SHA instructions
  avx512_x16,  ///< processors without these: one stream in each 32-bit lane
  avx2_x8,
};

/// SHA-256 in SIMD lanes by libipsec-mb. Not for two threads at once.
class HashLanes {
 public:
  virtual ~HashLanes() = default;

  /// libipsec-mb 1.3 counts a lane's bytes in 16 bits and gives wrong digests, without any error, for
  /// messages of 65,535 bytes and more (and 65,534 is right). This stays well below.
  static constexpr std::size_t kLargestMessage = std::size_t{60} * 1024;
  /// A job costs about as much as a block, so that shorter messages gain nothing.
  static constexpr std::size_t kSmallestMessage = 192;

  /// Every message between the limits above. `digests` has as many elements.
  /// False if the library did not complete them all; then none of the digests may be used.
  [[nodiscard]] virtual bool hash(std::span<const ByteView> messages, std::span<Digest* const> digests) = 0;
  virtual const char* name() const = 0;
  virtual unsigned lanes() const = 0;
  /// What one block in every lane costs, measured in blocks of OpenSSL on a processor of this kind.
  virtual double step_cost() const = 0;
};

/// Absent where library or processor lack what it takes, or if it fails its known-answer check.
std::unique_ptr<HashLanes> make_hash_lanes(LaneKind kind);
/// The fastest there is on this machine; absent if none beats OpenSSL.
std::unique_ptr<HashLanes> make_best_hash_lanes();

}  // namespace dalil::crypto
