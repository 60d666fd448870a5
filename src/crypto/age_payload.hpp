#pragma once

#include <optional>

#include "chacha.hpp"
#include "dalil/base/bytes.hpp"
#include "dalil/crypto/secret.hpp"

namespace dalil::crypto::age {

/// STREAM: chunks of 64 KiB under ChaCha20-Poly1305, whose nonce counts them and marks the last one.
inline constexpr std::size_t kPayloadNonceSize = 16;
inline constexpr std::size_t kChunkSize = std::size_t{64} * 1024;
inline constexpr std::size_t kSealedChunkSize = kChunkSize + ChaChaPoly::kTagSize;

/// Eleven bytes of counter, big-endian, then 1 for the last chunk.
ChaChaPoly::Nonce chunk_nonce(std::uint64_t index, bool last);
/// `nonce` is the payload's.
ChaChaPoly payload_cipher(ByteView file_key, ByteView nonce);

/// Appends nonce and chunks to the header in `out`.
void append_payload(Bytes& out, ByteView file_key, ByteView plaintext);

/// `payload` begins with its nonce (Error(invalid) if it is shorter). Absent if anything is amiss with the
/// chunks, or if the plaintext is larger than `max_size`.
std::optional<Secret> open_payload(ByteView file_key, ByteView payload, std::size_t max_size);

}  // namespace dalil::crypto::age
