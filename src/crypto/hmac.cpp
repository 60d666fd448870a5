#include "hmac.hpp"

#include <algorithm>

#include "dalil/base/error.hpp"

namespace dalil::crypto {
namespace {

constexpr std::size_t kBlockSize = 64;
constexpr std::size_t kMaxHkdfSize = std::size_t{255} * 32;

template <typename T>
void wipe_object(T& object) {
  wipe({reinterpret_cast<std::uint8_t*>(&object), sizeof object});
}

}  // namespace

HmacSha256::HmacSha256(ByteView key) {
  std::array<std::uint8_t, kBlockSize> pad{};
  if (key.size() > kBlockSize) {
    Sha256Core core;
    core.update(key);
    Digest shortened = core.finish();
    std::copy(shortened.bytes.begin(), shortened.bytes.end(), pad.begin());
    wipe(shortened.bytes);
    wipe_object(core);
  } else {
    std::copy(key.begin(), key.end(), pad.begin());
  }
  for (std::uint8_t& byte : pad) byte ^= 0x36;
  inner_.update(pad);
  for (std::uint8_t& byte : pad) byte ^= 0x36 ^ 0x5c;
  outer_.update(pad);
  wipe(pad);
}

HmacSha256::~HmacSha256() {
  wipe_object(inner_);
  wipe_object(outer_);
}

std::array<std::uint8_t, 32> HmacSha256::of(ByteView first, ByteView second, ByteView third) const {
  Sha256Core core = inner_;
  core.update(first);
  core.update(second);
  core.update(third);
  const Digest inner_digest = core.finish();
  core = outer_;
  core.update(inner_digest.view());
  // SHA256_Final clears the buffered block but leaves the chaining values.
  std::array<std::uint8_t, 32> token = core.finish().bytes;
  wipe_object(core);
  return token;
}

struct KeyedToken::State {
  explicit State(ByteView key) : hmac(key) {}
  HmacSha256 hmac;
};

KeyedToken::KeyedToken(ByteView key) : state_(new State(key)) {}
KeyedToken::~KeyedToken() {
  delete state_;
}
KeyedToken::KeyedToken(KeyedToken&& other) noexcept : state_(other.state_) {
  other.state_ = nullptr;
}

std::array<std::uint8_t, 32> KeyedToken::of(ByteView first, ByteView second) const {
  return state_->hmac.of(first, second);
}

Secret hkdf_sha256(ByteView key, std::string_view info, std::size_t size, ByteView salt) {
  if (size > kMaxHkdfSize) throw Error(ErrorCode::invalid, "cannot derive a key of more than 8160 bytes");
  Secret pseudo_random_key(HmacSha256(salt).of(key));
  const HmacSha256 expand(pseudo_random_key.view());
  Secret out(size);
  std::array<std::uint8_t, 32> block{};
  ByteView previous;
  for (std::size_t done = 0; done < size; done += block.size()) {
    const auto counter = static_cast<std::uint8_t>(done / block.size() + 1);
    block = expand.of(previous, as_bytes(info), {&counter, 1});
    const std::size_t count = std::min(block.size(), size - done);
    std::copy_n(block.begin(), count, out.mutable_view().begin() + static_cast<std::ptrdiff_t>(done));
    previous = block;
  }
  wipe(block);
  return out;
}

}  // namespace dalil::crypto
