#pragma once

#include <array>
#include <memory>

#include "dalil/base/bytes.hpp"

namespace dalil::crypto {

using GcmNonce = std::array<std::uint8_t, 12>;
using GcmTag = std::array<std::uint8_t, 16>;

/// AES-256-GCM under one key, in a back end that keeps the expanded key between messages. Not for two threads
/// at once. Source and target may be the same memory, and are of the same size.
class Gcm {
 public:
  virtual ~Gcm() = default;
  virtual GcmTag encrypt(const GcmNonce& nonce, ByteView associated, ByteView from, std::uint8_t* to) = 0;
  /// False if the tag is wrong; what is at `to` must then not be used.
  virtual bool decrypt(const GcmNonce& nonce, ByteView associated, ByteView from, const GcmTag& tag,
                       std::uint8_t* to) = 0;
  /// The tag over associated data alone (GMAC).
  virtual GcmTag authenticate(const GcmNonce& nonce, ByteView message) = 0;
  virtual const char* name() const = 0;
};

std::unique_ptr<Gcm> make_openssl_gcm(ByteView key);
/// Absent where the library or the processor lacks what it takes, or if it fails its known-answer check.
std::unique_ptr<Gcm> make_ipsec_mb_gcm(ByteView key);
/// The fastest there is on this machine. `key` has 32 bytes, or Error(invalid).
std::unique_ptr<Gcm> make_gcm(ByteView key);

}  // namespace dalil::crypto
