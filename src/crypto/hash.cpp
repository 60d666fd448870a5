#include "dalil/crypto/hash.hpp"

#include "sha256_core.hpp"

namespace dalil::crypto {

Digest sha256(ByteView message) {
  return sha256(message, {}, {});
}

Digest sha256(ByteView first, ByteView second) {
  return sha256(first, second, {});
}

Digest sha256(ByteView first, ByteView second, ByteView third) {
  Sha256Core core;
  core.update(first);
  core.update(second);
  core.update(third);
  return core.finish();
}

struct Sha256Stream::State {
  Sha256Core core;
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::update(ByteView piece) {
  state_->core.update(piece);
}

Digest Sha256Stream::finish() {
  const Digest digest = state_->core.finish();
  state_->core.restart();
  return digest;
}

}  // namespace dalil::crypto
