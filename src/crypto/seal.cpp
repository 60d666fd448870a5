#include "dalil/crypto/seal.hpp"

#include <algorithm>
#include <limits>

#include "dalil/base/error.hpp"
#include "dalil/crypto/secret.hpp"
#include "gcm.hpp"

namespace dalil::crypto {
namespace {

constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kTagSize = 16;
static_assert(kNonceSize + kLengthSize + kTagSize == Sealer::kOverhead);

std::size_t padded_size(std::size_t content_size, std::size_t pad_to) {
  if (pad_to == 0) throw Error(ErrorCode::invalid, "cannot pad a seal to steps of 0 bytes");
  if (content_size > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::invalid, "cannot seal 4 GiB or more at once");
  }
  const std::size_t size = kLengthSize + content_size;
  const std::size_t beyond = size % pad_to;
  return beyond == 0 ? size : size + (pad_to - beyond);
}

void store_length(std::uint8_t* to, std::size_t length) {
  for (std::size_t i = 0; i < kLengthSize; ++i) to[i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
}

std::size_t load_length(const std::uint8_t* from) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthSize; ++i) length = length << 8 | from[i];
  return length;
}

}  // namespace

struct Sealer::State {
  std::unique_ptr<Gcm> gcm;
};

Sealer::Sealer(ByteView key) : state_(std::make_unique<State>(State{make_gcm(key)})) {}
Sealer::~Sealer() = default;
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;

void Sealer::seal(Bytes& out, ByteView associated, ByteView content, std::size_t pad_to) const {
  const std::size_t begin = out.size();
  const std::size_t plain_size = padded_size(content.size(), pad_to);
  out.resize(begin + kNonceSize + plain_size + kTagSize);

  const auto nonce = random_array<kNonceSize>();
  std::uint8_t* const sealed = out.data() + begin;
  std::uint8_t* const plain = sealed + kNonceSize;
  std::copy(nonce.begin(), nonce.end(), sealed);
  store_length(plain, content.size());
  std::copy(content.begin(), content.end(), plain + kLengthSize);
  const GcmTag tag = state_->gcm->encrypt(nonce, associated, {plain, plain_size}, plain);
  std::copy(tag.begin(), tag.end(), plain + plain_size);
}

bool Sealer::open(Bytes& out, ByteView associated, ByteView sealed) const {
  if (sealed.size() < kOverhead) {
    out.clear();
    return false;
  }
  GcmNonce nonce;
  std::copy_n(sealed.begin(), nonce.size(), nonce.begin());
  GcmTag tag;
  std::copy_n(sealed.end() - kTagSize, tag.size(), tag.begin());
  const ByteView encrypted = sealed.subspan(kNonceSize, sealed.size() - kNonceSize - kTagSize);

  out.resize(encrypted.size());
  const bool genuine = state_->gcm->decrypt(nonce, associated, encrypted, tag, out.data());
  const std::size_t length = genuine ? load_length(out.data()) : 0;
  if (!genuine || length > out.size() - kLengthSize) {
    wipe(out);
    out.clear();
    return false;
  }
  out.erase(out.begin(), out.begin() + kLengthSize);
  out.resize(length);
  return true;
}

}  // namespace dalil::crypto
