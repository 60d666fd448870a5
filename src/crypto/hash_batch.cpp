#include "dalil/crypto/hash.hpp"

namespace dalil::crypto {

struct Sha256Batch::State {};

Sha256Batch::Sha256Batch() = default;
Sha256Batch::~Sha256Batch() = default;
Sha256Batch::Sha256Batch(Sha256Batch&&) noexcept = default;

void Sha256Batch::hash(std::span<const ByteView> messages, std::span<Digest> digests) {
  for (std::size_t i = 0; i < messages.size(); ++i) digests[i] = sha256(messages[i]);
}

const char* Sha256Batch::backend() const {
  return "openssl";
}

}  // namespace dalil::crypto
