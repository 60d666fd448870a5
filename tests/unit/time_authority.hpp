#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/crypto/hash.hpp"

namespace dalil::testing {

inline constexpr const char* kRightUsage = "critical,timeStamping";

/// What a test wants to be wrong, or otherwise, with an authority. Times are Unix seconds.
struct AuthorityOptions {
  std::string name = "Test authority";
  std::int64_t now = 1'505'118'600;                                 ///< 2017-09-11T08:30:00Z: its clock
  std::int64_t valid_from = now - 86'400, valid_to = now + 86'400;  ///< the signer's certificate
  std::int64_t ca_valid_from = now - 864'000, ca_valid_to = now + 864'000;  ///< the others
  std::string key_usage = kRightUsage;                                      ///< extended; empty: none
  const char* digest = "SHA256";
  bool intermediate = false;  ///< signer, issuing authority, root; else signer, root
  bool with_chain = false;    ///< the token carries more than the signer's certificate
  std::string key = "EC";     ///< of the signer: EC, RSA or ED25519 (which then does not fit the signature)
};

/// A time-stamp authority in this process, with a clock that is told what to say.
class TimeAuthority {
 public:
  explicit TimeAuthority(AuthorityOptions options = {}) : options_(std::move(options)) {
    root_key_ = new_key("EC");
    root_ = issue("Root of " + options_.name, root_key_, nullptr, root_key_, "");
    signer_key_ = new_key(options_.key);
    X509* issuer = root_.get();
    EvpKey issuer_key = root_key_;
    if (options_.intermediate) {
      issuer_key = new_key("EC");
      middle_ = issue("Issuer of " + options_.name, issuer_key, root_.get(), root_key_, "");
      issuer = middle_.get();
    }
    signer_ = issue(options_.name, signer_key_, issuer, issuer_key, options_.key_usage, true);
    if (!honest()) {
      --certificates_;  // the twin has the same serial number
      twin_key_ = new_key("EC");
      twin_ = issue(options_.name, twin_key_, issuer, issuer_key, kRightUsage, true);
    }
  }

  /// What it says the time is, from now on; Unix seconds.
  void set_clock(std::int64_t now) { options_.now = now; }

  /// Root certificate, DER.
  Bytes root() const { return der(root_.get()); }
  Bytes middle() const { return der(middle_.get()); }
  Bytes signer() const { return der(signer_.get()); }
  std::string root_pem() const { return pem(root_.get()); }

  Bytes reply(ByteView request) {
    const Owner<TS_RESP_CTX, TS_RESP_CTX_free> context(TS_RESP_CTX_new());
    TS_RESP_CTX* const c = context.get();
    const Owner<ASN1_OBJECT, ASN1_OBJECT_free> policy(OBJ_txt2obj("1.2.3.4.1", 1));
    // OpenSSL stamps with no other than a right one.
    TS_RESP_CTX_set_signer_cert(c, honest() ? signer_.get() : twin_.get());
    TS_RESP_CTX_set_signer_key(c, honest() ? signer_key_.get() : twin_key_.get());
    TS_RESP_CTX_set_signer_digest(c, EVP_get_digestbyname(options_.digest));
    TS_RESP_CTX_set_ess_cert_id_digest(c, EVP_sha256());
    TS_RESP_CTX_set_def_policy(c, policy.get());
    TS_RESP_CTX_add_md(c, EVP_sha256());
    TS_RESP_CTX_set_accuracy(c, 1, 500, 100);
    TS_RESP_CTX_set_time_cb(c, tell_time, this);
    TS_RESP_CTX_set_serial_cb(c, next_serial, this);
    TS_RESP_CTX_add_flags(c, TS_TSA_NAME);
    if (options_.with_chain) {
      TS_RESP_CTX_add_flags(c, TS_ESS_CERT_ID_CHAIN);
      STACK_OF(X509)* others = sk_X509_new_null();
      if (middle_) sk_X509_push(others, middle_.get());
      sk_X509_push(others, root_.get());
      TS_RESP_CTX_set_certs(c, others);
      sk_X509_free(others);
    }
    const Owner<BIO, BIO_free_all> in(BIO_new_mem_buf(request.data(), static_cast<int>(request.size())));
    const Owner<TS_RESP, TS_RESP_free> response(TS_RESP_create_response(c, in.get()));
    if (response == nullptr) std::abort();
    if (!honest()) put_signer_in_place_of_twin(TS_RESP_get_token(response.get()));
    unsigned char* out = nullptr;
    const int size = i2d_TS_RESP(response.get(), &out);
    const Bytes bytes(out, out + size);
    OPENSSL_free(out);
    return bytes;
  }

 private:
  template <typename T, auto Free>
  struct Freer {
    void operator()(T* object) const { Free(object); }
  };
  template <typename T, auto Free>
  using Owner = std::unique_ptr<T, Freer<T, Free>>;
  using EvpKey = std::shared_ptr<EVP_PKEY>;
  using Cert = Owner<X509, X509_free>;

  bool honest() const { return options_.key_usage == kRightUsage && options_.key != "ED25519"; }

  /// Certificate, the signed hash of it, and the signature over that.
  void put_signer_in_place_of_twin(PKCS7* token) {
    STACK_OF(X509)* const carried = token->d.sign->cert;
    X509_up_ref(signer_.get());
    X509_free(sk_X509_value(carried, 0));
    (void)sk_X509_set(carried, 0, signer_.get());
    PKCS7_SIGNER_INFO* const info = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(token), 0);
    const ASN1_TYPE* bound = PKCS7_get_signed_attribute(info, NID_id_smime_aa_signingCertificateV2);
    const Digest before = crypto::sha256(der(twin_.get())), after = crypto::sha256(der(signer_.get()));
    unsigned char* const data = bound->value.sequence->data;
    const auto at =
        std::search(data, data + bound->value.sequence->length, before.bytes.begin(), before.bytes.end());
    std::copy(after.bytes.begin(), after.bytes.end(), at);
    // As the real one would sign.
    EVP_PKEY_free(info->pkey);
    info->pkey = options_.key == "ED25519" ? nullptr : signer_key_.get();
    if (info->pkey == nullptr) return;
    EVP_PKEY_up_ref(info->pkey);
    if (PKCS7_SIGNER_INFO_sign(info) != 1) std::abort();
  }

  static EvpKey new_key(const std::string& kind) {
    EVP_PKEY* key = kind == "EC"    ? EVP_EC_gen("P-256")
                    : kind == "RSA" ? EVP_RSA_gen(2048u)
                                    : EVP_PKEY_Q_keygen(nullptr, nullptr, kind.c_str());
    if (key == nullptr) std::abort();
    return {key, EVP_PKEY_free};
  }

  Cert issue(const std::string& name, const EvpKey& key, X509* issuer, const EvpKey& issuer_key,
             const std::string& extended, bool leaf = false) {
    Cert cert(X509_new());
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), ++certificates_);
    X509_NAME* subject = X509_get_subject_name(cert.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(cert.get(), issuer == nullptr ? subject : X509_get_subject_name(issuer));
    ASN1_TIME_set(X509_getm_notBefore(cert.get()), leaf ? options_.valid_from : options_.ca_valid_from);
    ASN1_TIME_set(X509_getm_notAfter(cert.get()), leaf ? options_.valid_to : options_.ca_valid_to);
    X509_set_pubkey(cert.get(), key.get());
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == nullptr ? cert.get() : issuer, cert.get(), nullptr, nullptr, 0);
    add(context, cert.get(), NID_subject_key_identifier, "hash");
    add(context, cert.get(), NID_authority_key_identifier, "keyid:always");
    add(context, cert.get(), NID_basic_constraints, leaf ? "critical,CA:FALSE" : "critical,CA:TRUE");
    add(context, cert.get(), NID_key_usage, leaf ? "critical,digitalSignature" : "critical,keyCertSign");
    if (!extended.empty()) add(context, cert.get(), NID_ext_key_usage, extended);
    if (X509_sign(cert.get(), issuer_key.get(), EVP_sha256()) <= 0) std::abort();
    return cert;
  }

  static void add(X509V3_CTX& context, X509* cert, int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    if (extension == nullptr) std::abort();
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
  }

  static int tell_time(TS_RESP_CTX*, void* self, long* seconds, long* micros) {
    *seconds = static_cast<TimeAuthority*>(self)->options_.now;
    *micros = 0;
    return 1;
  }
  static ASN1_INTEGER* next_serial(TS_RESP_CTX*, void* self) {
    ASN1_INTEGER* serial = ASN1_INTEGER_new();
    ASN1_INTEGER_set(serial, 0x1234 + static_cast<TimeAuthority*>(self)->stamps_++);
    return serial;
  }

  static Bytes der(X509* cert) {
    unsigned char* out = nullptr;
    const int size = i2d_X509(cert, &out);
    const Bytes bytes(out, out + size);
    OPENSSL_free(out);
    return bytes;
  }
  static std::string pem(X509* cert) {
    const Owner<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), cert);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  AuthorityOptions options_;
  long certificates_ = 0, stamps_ = 0;
  EvpKey root_key_, signer_key_, twin_key_;
  Cert root_, middle_, signer_, twin_;
};

}  // namespace dalil::testing
