#pragma once

#include <optional>

#include "dalil/base/bytes.hpp"
#include "dalil/crypto/secret.hpp"

namespace dalil::crypto::age {

/// STREAM: chunks of 64 KiB under ChaCha20-Poly1305, whose nonce counts them and marks the last one.
inline constexpr std::size_t kPayloadNonceSize = 16;

/// Appends nonce and chunks to the header in `out`.
void append_payload(Bytes& out, ByteView file_key, ByteView plaintext);

/// `payload` begins with its nonce (Error(invalid) if it is shorter). Absent if anything is amiss with the
/// chunks, or if the plaintext is larger than `max_size`.
std::optional<Secret> open_payload(ByteView file_key, ByteView payload, std::size_t max_size);

}  // namespace dalil::crypto::age
