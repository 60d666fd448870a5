#include "age_payload.hpp"

#include <algorithm>

#include "chacha.hpp"

namespace dalil::crypto::age {
namespace {

/// Number of chunks of `chunk_size` that hold `size` bytes; an empty payload is one empty chunk.
std::size_t count_chunks(std::size_t size, std::size_t chunk_size) {
  return std::max<std::size_t>(1, size / chunk_size + (size % chunk_size != 0 ? 1 : 0));
}

}  // namespace

ChaChaPoly::Nonce chunk_nonce(std::uint64_t index, bool last) {
  ChaChaPoly::Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[10 - i] = static_cast<std::uint8_t>(index >> 8 * i);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

ChaChaPoly payload_cipher(ByteView file_key, ByteView nonce) {
  return ChaChaPoly(hkdf_sha256(file_key, "payload", ChaChaPoly::kKeySize, nonce).view());
}

void append_payload(Bytes& out, ByteView file_key, ByteView plaintext) {
  const auto nonce = random_array<kPayloadNonceSize>();
  append(out, nonce);
  ChaChaPoly cipher = payload_cipher(file_key, nonce);
  const std::size_t chunks = count_chunks(plaintext.size(), kChunkSize);
  std::size_t at = out.size();
  out.resize(at + plaintext.size() + chunks * ChaChaPoly::kTagSize);
  for (std::size_t i = 0; i < chunks; ++i) {
    const ByteView chunk =
        plaintext.subspan(i * kChunkSize).first(std::min(kChunkSize, plaintext.size() - i * kChunkSize));
    cipher.seal(chunk_nonce(i, i + 1 == chunks), {}, chunk, out.data() + at);
    at += chunk.size() + ChaChaPoly::kTagSize;
  }
}

std::optional<Secret> open_payload(ByteView file_key, ByteView payload, std::size_t max_size) {
  if (payload.size() < kPayloadNonceSize) throw Error(ErrorCode::invalid, "an age payload has a nonce");
  const ByteView sealed = payload.subspan(kPayloadNonceSize);
  const std::size_t chunks = count_chunks(sealed.size(), kSealedChunkSize);
  if (sealed.size() < chunks * ChaChaPoly::kTagSize) return std::nullopt;
  const std::size_t size = sealed.size() - chunks * ChaChaPoly::kTagSize;
  const std::size_t last_size = sealed.size() - (chunks - 1) * kSealedChunkSize;
  // Only an empty payload may end in an empty chunk. One that is cut within its tag also ends here.
  if (last_size < ChaChaPoly::kTagSize || (chunks > 1 && last_size == ChaChaPoly::kTagSize))
    return std::nullopt;
  if (size > max_size) return std::nullopt;

  ChaChaPoly cipher = payload_cipher(file_key, payload.first(kPayloadNonceSize));
  Secret plaintext(size);
  std::uint8_t unused = 0;
  for (std::size_t i = 0; i < chunks; ++i) {
    const ByteView chunk =
        sealed.subspan(i * kSealedChunkSize).first(i + 1 == chunks ? last_size : kSealedChunkSize);
    std::uint8_t* const to = size == 0 ? &unused : plaintext.mutable_view().data() + i * kChunkSize;
    if (!cipher.open(chunk_nonce(i, i + 1 == chunks), {}, chunk, to)) return std::nullopt;
  }
  return plaintext;
}

}  // namespace dalil::crypto::age
