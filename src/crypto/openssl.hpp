#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <new>
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
  while (const unsigned long error = ERR_get_error())
    if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) throw std::bad_alloc();
  // Not `corrupt` nor `unsupported`: it says nothing of what was to be looked at.
  throw Error(ErrorCode::io, "cannot " + action,
              "OpenSSL 3 with its default provider, and memory, are needed");
}
inline void require(bool done, const char* action) {
  if (!done) throw_openssl(action);
}

/// OpenSSL says no also when memory runs out, and leaves no word of that: neither "the signature is wrong"
/// nor "the key does not fit" may rest on it. So a question with a known answer is put then, and the first
/// one again.
template <typename Question, typename Known>
auto unless_out_of_memory(const Question& question, const Known& known) {
  auto answer = question();
  if (answer) return answer;
  if (!known()) throw std::bad_alloc();
  return question();
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
