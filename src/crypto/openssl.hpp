#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "dalil/base/error.hpp"

namespace dalil::crypto {

/// Calls an OpenSSL free function for a unique_ptr.
template <auto Free>
struct OpensslDeleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, OpensslDeleter<EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, OpensslDeleter<EVP_MD_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, OpensslDeleter<EVP_PKEY_CTX_free>>;

/// For failures that no input can cause: out of memory, or a library without the algorithm.
[[noreturn]] inline void throw_openssl(const std::string& action) {
  throw Error(ErrorCode::unsupported, "cannot " + action, "OpenSSL 3 with its default provider is needed");
}
inline void require(bool done, const char* action) {
  if (!done) throw_openssl(action);
}

/// Fetched once: a fetch costs several times what a short message does. They live as long as the process.
inline const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}
inline const EVP_CIPHER* chacha20_poly1305() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  return cipher;
}

}  // namespace dalil::crypto
