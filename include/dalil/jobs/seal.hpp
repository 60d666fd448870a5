#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dalil/archive/model.hpp"
#include "dalil/crypto/age_stream.hpp"
#include "dalil/crypto/tags.hpp"

namespace dalil::jobs {

/// No object is made of fewer bytes of content and padding.
inline constexpr std::uint64_t kSmallestObject = 4096;
/// What a content is padded to before it is encrypted: at least kSmallestObject, then Padmé.
std::uint64_t padded_size(std::uint64_t content_size);

/// A fresh name, at random: "objects/ab" and "0123….age". It tells nothing of the content.
struct ObjectName {
  std::string directory, name;
};
ObjectName random_object_name();

/// What became of a content that was encrypted.
struct SealedObject {
  std::uint64_t content_size = 0;
  Digest digest;  ///< of the object, as are the following
  std::uint64_t size_bytes = 0;
  crypto::TagNonce tag_nonce{};
  std::vector<crypto::ChunkTag> tags;
};

/// Makes an object of a content that arrives in pieces: pads and encrypts it, and measures both in passing.
/// The plaintext is the content, then zeros. Memory does not grow with the content but for its tags.
class ObjectSealer {
 public:
  /// `tag_key`: Archive::tag_key. Error(invalid) on a bad recipient.
  ObjectSealer(const std::vector<std::string>& recipients, ByteView tag_key, crypto::age::Output out);
  ~ObjectSealer();
  ObjectSealer(ObjectSealer&&) noexcept;
  void update(ByteView piece);
  /// Once, at the end.
  SealedObject finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dalil::jobs
