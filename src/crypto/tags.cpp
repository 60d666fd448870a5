#include "dalil/crypto/tags.hpp"

#include "gcm.hpp"

namespace dalil::crypto {
namespace {

/// The nonce of a chunk: 96-bit big-endian addition, which wraps.
GcmNonce chunk_nonce(TagNonce nonce, std::uint64_t chunk_index) {
  std::uint64_t carry = chunk_index;
  for (std::size_t i = nonce.size(); i-- > 0 && carry != 0;) {
    const std::uint64_t sum = nonce[i] + (carry & 0xff);
    nonce[i] = static_cast<std::uint8_t>(sum);
    carry = (carry >> 8) + (sum >> 8);
  }
  return nonce;
}

}  // namespace

struct ChunkTagger::State {
  std::unique_ptr<Gcm> gcm;
};

ChunkTagger::ChunkTagger(ByteView key) : state_(std::make_unique<State>(State{make_gcm(key)})) {}
ChunkTagger::~ChunkTagger() = default;
ChunkTagger::ChunkTagger(ChunkTagger&&) noexcept = default;

ChunkTag ChunkTagger::tag(const TagNonce& nonce, std::uint64_t chunk_index, ByteView chunk) const {
  return state_->gcm->authenticate(chunk_nonce(nonce, chunk_index), chunk);
}

const char* ChunkTagger::backend() const {
  return state_->gcm->name();
}

}  // namespace dalil::crypto
