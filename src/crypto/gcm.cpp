#include "gcm.hpp"

#include "openssl.hpp"

namespace dalil::crypto {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr int kTagSize = 16;
/// EVP takes sizes as int.
constexpr std::size_t kLargestPiece = 1 << 30;

enum class Direction { decrypt = 0, encrypt = 1 };

CipherContext make_context(ByteView key, Direction direction) {
  CipherContext context(EVP_CIPHER_CTX_new());
  require(context != nullptr && EVP_CipherInit_ex2(context.get(), aes_256_gcm(), key.data(), nullptr,
                                                   static_cast<int>(direction), nullptr) == 1,
          "set up AES-256-GCM");
  return context;
}

/// Keeps the key schedule in two contexts, and changes the nonce only: that saves most of a short message's
/// time.
class OpensslGcm final : public Gcm {
 public:
  explicit OpensslGcm(ByteView key)
      : encryptor_(make_context(key, Direction::encrypt)),
        decryptor_(make_context(key, Direction::decrypt)) {}

  GcmTag encrypt(const GcmNonce& nonce, ByteView associated, ByteView from, std::uint8_t* to) override {
    begin(*encryptor_, nonce);
    update(*encryptor_, associated, nullptr);
    update(*encryptor_, from, to);
    int size = 0;
    std::uint8_t unused[16];
    GcmTag tag;
    require(EVP_CipherFinal_ex(encryptor_.get(), unused, &size) == 1 &&
                EVP_CIPHER_CTX_ctrl(encryptor_.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) == 1,
            "encrypt");
    return tag;
  }

  bool decrypt(const GcmNonce& nonce, ByteView associated, ByteView from, const GcmTag& tag,
               std::uint8_t* to) override {
    begin(*decryptor_, nonce);
    update(*decryptor_, associated, nullptr);
    update(*decryptor_, from, to);
    // OpenSSL only reads the tag, though the parameter is not const.
    auto* const expected = const_cast<std::uint8_t*>(tag.data());
    require(EVP_CIPHER_CTX_ctrl(decryptor_.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, expected) == 1, "decrypt");
    int size = 0;
    std::uint8_t unused[16];
    return EVP_CipherFinal_ex(decryptor_.get(), unused, &size) == 1;
  }

  GcmTag authenticate(const GcmNonce& nonce, ByteView message) override {
    return encrypt(nonce, message, {}, nullptr);
  }

  const char* name() const override { return "openssl"; }

 private:
  static void begin(EVP_CIPHER_CTX& context, const GcmNonce& nonce) {
    require(EVP_CipherInit_ex2(&context, nullptr, nullptr, nonce.data(), -1, nullptr) == 1, "set a nonce");
  }
  /// Without a target, `from` is associated data.
  static void update(EVP_CIPHER_CTX& context, ByteView from, std::uint8_t* to) {
    while (!from.empty()) {
      const std::size_t count = std::min(from.size(), kLargestPiece);
      int size = 0;
      require(EVP_CipherUpdate(&context, to, &size, from.data(), static_cast<int>(count)) == 1, "encrypt");
      from = from.subspan(count);
      if (to != nullptr) to += count;
    }
  }

  CipherContext encryptor_;
  CipherContext decryptor_;
};

}  // namespace

std::unique_ptr<Gcm> make_openssl_gcm(ByteView key) {
  return std::make_unique<OpensslGcm>(key);
}

std::unique_ptr<Gcm> make_gcm(ByteView key) {
  if (key.size() != kKeySize) throw Error(ErrorCode::invalid, "an AES-256 key has 32 bytes");
  std::unique_ptr<Gcm> gcm = make_ipsec_mb_gcm(key);
  return gcm ? std::move(gcm) : make_openssl_gcm(key);
}

}  // namespace dalil::crypto
