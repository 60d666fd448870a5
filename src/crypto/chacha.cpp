#include "chacha.hpp"

namespace dalil::crypto {
namespace {

constexpr int kEncrypt = 1;
constexpr int kDecrypt = 0;
constexpr int kTagBytes = ChaChaPoly::kTagSize;

CipherContext make_context(ByteView key, int direction) {
  CipherContext context(EVP_CIPHER_CTX_new());
  const bool done = context != nullptr && EVP_CipherInit_ex2(context.get(), chacha20_poly1305(), key.data(),
                                                             nullptr, direction, nullptr) == 1;
  require(done, "set up ChaCha20-Poly1305");
  return context;
}

/// Without a target, `from` is associated data.
void update(EVP_CIPHER_CTX* context, ByteView from, std::uint8_t* to) {
  int size = 0;
  if (from.empty()) return;
  require(EVP_CipherUpdate(context, to, &size, from.data(), static_cast<int>(from.size())) == 1, "encrypt");
}

}  // namespace

ChaChaPoly::ChaChaPoly(ByteView key) {
  if (key.size() != kKeySize) throw Error(ErrorCode::invalid, "a ChaCha20-Poly1305 key has 32 bytes");
  sealer_ = make_context(key, kEncrypt);
  opener_ = make_context(key, kDecrypt);
}

void ChaChaPoly::seal(const Nonce& nonce, ByteView associated, ByteView plain, std::uint8_t* to) {
  EVP_CIPHER_CTX* const context = sealer_.get();
  require(EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), -1, nullptr) == 1, "set a nonce");
  update(context, associated, nullptr);
  update(context, plain, to);
  int size = 0;
  std::uint8_t unused[16];
  require(EVP_CipherFinal_ex(context, unused, &size) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, to + plain.size()) == 1,
          "encrypt");
}

bool ChaChaPoly::open(const Nonce& nonce, ByteView associated, ByteView sealed, std::uint8_t* to) {
  if (sealed.size() < kTagSize) return false;
  EVP_CIPHER_CTX* const context = opener_.get();
  require(EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), -1, nullptr) == 1, "set a nonce");
  // OpenSSL only reads the tag, though the parameter is not const.
  auto* const tag = const_cast<std::uint8_t*>(sealed.last(kTagSize).data());
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) == 1, "decrypt");
  update(context, associated, nullptr);
  update(context, sealed.first(sealed.size() - kTagSize), to);
  int size = 0;
  std::uint8_t unused[16];
  return EVP_CipherFinal_ex(context, unused, &size) == 1;
}

}  // namespace dalil::crypto
