#include "dalil/jobs/seal.hpp"

#include <algorithm>

#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/crypto/padding.hpp"

namespace dalil::jobs {

std::uint64_t padded_size(std::uint64_t content_size) {
  return crypto::padme_size(std::max(content_size, kSmallestObject));
}

ObjectName random_object_name() {
  const std::string hex = to_hex(crypto::random_array<16>());
  return {"objects/" + hex.substr(0, 2), hex.substr(2) + ".age"};
}

namespace {
SealedObject with_nonce() {
  SealedObject object;
  object.tag_nonce = crypto::random_array<12>();
  return object;
}
}  // namespace

struct ObjectSealer::State {
  State(const std::vector<std::string>& recipients, ByteView tag_key, crypto::age::Output to)
      : out(std::move(to)),
        tagger(tag_key),
        encryptor(recipients, [this](ByteView bytes) { store(bytes); }) {}

  /// Tags are of whole MiBs.
  void store(ByteView bytes) {
    stored_hash.update(bytes);
    object.size_bytes += bytes.size();
    out(bytes);
    while (!bytes.empty()) {
      const std::size_t count = std::min(bytes.size(), crypto::kTagChunkSize - chunk.size());
      append(chunk, bytes.first(count));
      bytes = bytes.subspan(count);
      if (chunk.size() == crypto::kTagChunkSize) add_tag();
    }
  }

  void add_tag() {
    object.tags.push_back(tagger.tag(object.tag_nonce, object.tags.size(), chunk));
    chunk.clear();
  }

  void pad() {
    const Bytes zeros(64 << 10);
    for (std::uint64_t left = padded_size(object.content_size) - object.content_size; left > 0;) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, zeros.size()));
      encryptor.update(ByteView(zeros).first(count));
      left -= count;
    }
  }

  crypto::age::Output out;
  crypto::ChunkTagger tagger;
  crypto::Sha256Stream stored_hash;
  Bytes chunk;
  SealedObject object = with_nonce();
  crypto::age::Encryptor encryptor;  ///< last: it writes the header at once
};

ObjectSealer::ObjectSealer(const std::vector<std::string>& recipients, ByteView tag_key,
                           crypto::age::Output out)
    : state_(std::make_unique<State>(recipients, tag_key, std::move(out))) {}
ObjectSealer::~ObjectSealer() = default;
ObjectSealer::ObjectSealer(ObjectSealer&&) noexcept = default;

void ObjectSealer::update(ByteView piece) {
  state_->object.content_size += piece.size();
  state_->encryptor.update(piece);
}

SealedObject ObjectSealer::finish() {
  State& s = *state_;
  s.pad();
  s.encryptor.finish();
  if (!s.chunk.empty()) s.add_tag();
  s.object.digest = s.stored_hash.finish();
  return std::move(s.object);
}

}  // namespace dalil::jobs
