#pragma once

#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "openssl.hpp"

/// OpenSSL's X.509 and time-stamp objects behind owners; private to the time-stamps.
namespace dalil::crypto::timestamp {

inline void free_certificates(STACK_OF(X509) * certificates) {
  sk_X509_pop_free(certificates, X509_free);
}
inline void free_references(STACK_OF(X509) * certificates) {
  sk_X509_free(certificates);
}

using Certificate = std::unique_ptr<X509, OpensslDeleter<X509_free>>;
using Certificates = std::unique_ptr<STACK_OF(X509), OpensslDeleter<free_certificates>>;
using CertificateReferences = std::unique_ptr<STACK_OF(X509), OpensslDeleter<free_references>>;
using Store = std::unique_ptr<X509_STORE, OpensslDeleter<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, OpensslDeleter<X509_STORE_CTX_free>>;
using Bio = std::unique_ptr<BIO, OpensslDeleter<BIO_free_all>>;
using Pkcs7 = std::unique_ptr<PKCS7, OpensslDeleter<PKCS7_free>>;
using StampInfo = std::unique_ptr<TS_TST_INFO, OpensslDeleter<TS_TST_INFO_free>>;

/// What one function left in this thread's queue of errors is gone when it returns.
struct ErrorQueue {
  ErrorQueue() = default;
  ~ErrorQueue();
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
  /// The newest error for people: reason, and what it was about; escaped for display.
  std::string newest() const;
  /// All of them, the oldest first, which is the cause; they are gone then.
  std::string take_all();
};

/// Decodes with an OpenSSL function; null unless every byte was taken.
template <typename Owner, auto Decode>
Owner decode_whole(ByteView der) {
  const unsigned char* at = der.data();
  Owner object(Decode(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) return nullptr;
  return object;
}
/// Encodes with an OpenSSL function; empty if it refuses.
template <auto Encode, typename T>
Bytes encode_der(const T* object) {
  unsigned char* out = nullptr;
  const int size = Encode(object, &out);
  if (size <= 0) return {};
  Bytes bytes(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

/// Null if it is none.
Certificate decode_certificate(ByteView der);
/// Those that are certificates.
Certificates decode_certificates(std::span<const Bytes> der);
/// `stack` may be null.
std::vector<Bytes> encode_certificates(const STACK_OF(X509) * stack);

/// RFC 2253, UTF-8; what is not UTF-8 is escaped.
std::string name_text(const X509_NAME* name);

/// Of a memory BIO.
std::string take_text(BIO* bio);

}  // namespace dalil::crypto::timestamp
