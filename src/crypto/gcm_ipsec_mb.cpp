#include "gcm.hpp"
#include "ipsec_mb.hpp"

#ifdef DALIL_HAVE_IPSEC_MB

#include <algorithm>

#include "dalil/crypto/secret.hpp"

namespace dalil::crypto {
namespace {

/// Processors with AES and carry-less multiplication; below them the library emulates, slowly.
bool is_worthwhile(const IMB_MGR& manager) {
  constexpr std::uint64_t kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_AVX2;
  return (manager.features & kNeeded) == kNeeded && (manager.features & IMB_FEATURE_AESNI_EMU) == 0;
}

/// The manager is read only after it has been set up: it is the table of this processor's functions.
const IMB_MGR* shared_manager() {
  static const Manager manager = make_manager();
  return manager && is_worthwhile(*manager) ? manager.get() : nullptr;
}

class IpsecMbGcm final : public Gcm {
 public:
  IpsecMbGcm(const IMB_MGR& functions, ByteView key) : functions_(functions) {
    IMB_AES256_GCM_PRE(&functions_, key.data(), &key_);
  }
  ~IpsecMbGcm() override {
    wipe({reinterpret_cast<std::uint8_t*>(&key_), sizeof key_});
    wipe({reinterpret_cast<std::uint8_t*>(&context_), sizeof context_});
  }
  IpsecMbGcm(const IpsecMbGcm&) = delete;
  IpsecMbGcm& operator=(const IpsecMbGcm&) = delete;

  GcmTag encrypt(const GcmNonce& nonce, ByteView associated, ByteView from, std::uint8_t* to) override {
    GcmTag tag;
    IMB_AES256_GCM_ENC(&functions_, &key_, &context_, to, from.data(), from.size(), nonce.data(),
                       associated.data(), associated.size(), tag.data(), tag.size());
    return tag;
  }

  bool decrypt(const GcmNonce& nonce, ByteView associated, ByteView from, const GcmTag& tag,
               std::uint8_t* to) override {
    GcmTag actual;
    IMB_AES256_GCM_DEC(&functions_, &key_, &context_, to, from.data(), from.size(), nonce.data(),
                       associated.data(), associated.size(), actual.data(), actual.size());
    const bool equal = equal_constant_time(actual, tag);
    wipe(actual);  // the right tag for a forgery
    return equal;
  }

  GcmTag authenticate(const GcmNonce& nonce, ByteView message) override {
    GcmTag tag;
    IMB_AES256_GMAC_INIT(&functions_, &key_, &context_, nonce.data(), nonce.size());
    IMB_AES256_GMAC_UPDATE(&functions_, &key_, &context_, message.data(), message.size());
    IMB_AES256_GMAC_FINALIZE(&functions_, &key_, &context_, tag.data(), tag.size());
    return tag;
  }

  const char* name() const override { return "ipsec-mb"; }

 private:
  const IMB_MGR& functions_;
  gcm_key_data key_;
  gcm_context_data context_;
};

/// A message that fills every width of the vector code, against OpenSSL.
bool agrees_with_openssl(const IMB_MGR& functions) {
  Bytes key(32), message(3001), from_mb(message.size()), from_openssl(message.size());
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i * 7 + (i >> 8));
  std::copy_n(message.begin(), key.size(), key.begin());
  const GcmNonce nonce{1, 2, 3};
  const ByteView associated = ByteView(message).first(61);
  IpsecMbGcm mb(functions, key);
  const std::unique_ptr<Gcm> openssl = make_openssl_gcm(key);
  const GcmTag tag = mb.encrypt(nonce, associated, message, from_mb.data());
  const bool sealed =
      tag == openssl->encrypt(nonce, associated, message, from_openssl.data()) && from_mb == from_openssl;
  Bytes opened(message.size());
  return sealed && mb.decrypt(nonce, associated, from_mb, tag, opened.data()) && opened == message &&
         mb.authenticate(nonce, message) == openssl->authenticate(nonce, message);
}

}  // namespace

std::unique_ptr<Gcm> make_ipsec_mb_gcm(ByteView key) {
  const IMB_MGR* const functions = shared_manager();
  static const bool usable = functions != nullptr && agrees_with_openssl(*functions);
  if (!usable) return nullptr;
  return std::make_unique<IpsecMbGcm>(*functions, key);
}

}  // namespace dalil::crypto

#else

namespace dalil::crypto {

std::unique_ptr<Gcm> make_ipsec_mb_gcm(ByteView) {
  return nullptr;
}

}  // namespace dalil::crypto

#endif
