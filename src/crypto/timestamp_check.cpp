#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "timestamp_token.hpp"

namespace dalil::crypto::timestamp {

namespace {

constexpr int kMaxChain = 16;
/// Of OpenSSL: 80 bits, which rules out SHA-1 and RSA keys below 1,024 bits.
constexpr int kSecurityLevel = 1;

bool weak_digest(int nid) {
  return nid != NID_sha256 && nid != NID_sha384 && nid != NID_sha512 && nid != NID_sha3_256 &&
         nid != NID_sha3_384 && nid != NID_sha3_512 && nid != NID_sha512_256;
}

/// The signature's algorithm is not signed itself, and OpenSSL goes by the key: both have to say the same.
bool fits(int signature_nid, int digest_nid, const EVP_PKEY* key) {
  int digest = NID_undef, kind = signature_nid;
  if (OBJ_find_sigid_algs(signature_nid, &digest, &kind) == 1 && digest != digest_nid) return false;
  return EVP_PKEY_type(kind) == EVP_PKEY_get_base_id(key);
}

/// RFC 5652 sections 5.1 and 5.3: 3, or more with certificates of other kinds; 1 for a signer named by
/// issuer.
bool right_versions(const OpenedToken& opened) {
  std::int64_t version = 0, signer_version = 0;
  return ASN1_INTEGER_get_int64(&version, opened.token->d.sign->version) == 1 && version >= 3 &&
         version <= 5 && ASN1_INTEGER_get_int64(&signer_version, opened.signature->version) == 1 &&
         signer_version == 1;
}

/// Nothing that is not signed may say anything: parameters of algorithms are absent or NULL.
bool right_parameters(const OpenedToken& opened) {
  const auto plain = [](const X509_ALGOR* algorithm) {
    int kind = 0;
    X509_ALGOR_get0(nullptr, &kind, nullptr, algorithm);
    return kind == V_ASN1_UNDEF || kind == V_ASN1_NULL;
  };
  const STACK_OF(X509_ALGOR)* digests = opened.token->d.sign->md_algs;
  for (int i = 0; i < sk_X509_ALGOR_num(digests); ++i)
    if (!plain(sk_X509_ALGOR_value(digests, i))) return false;
  return plain(opened.signature->digest_alg) && plain(opened.signature->digest_enc_alg);
}

/// Names are otherwise compared without regard to case.
bool names_exactly(const OpenedToken& opened, const X509* signer) {
  const X509_NAME* stated = opened.signature->issuer_and_serial->issuer;
  return encode_der<i2d_X509_NAME>(stated) == encode_der<i2d_X509_NAME>(X509_get_issuer_name(signer));
}

/// What OpenSSL would not say in words, or not notice. Empty: nothing.
std::string signature_problem(const OpenedToken& opened, X509* signer) {
  const EVP_PKEY* key = X509_get0_pubkey(signer);
  if (key == nullptr) return "its signer's key cannot be read";
  const int kind = EVP_PKEY_get_base_id(key);
  const PKCS7_SIGNER_INFO& signature = *opened.signature;
  const int algorithm = OBJ_obj2nid(signature.digest_enc_alg->algorithm);
  if (kind == EVP_PKEY_ED25519 || kind == EVP_PKEY_ED448 || kind == EVP_PKEY_RSA_PSS ||
      algorithm == NID_rsassaPss)
    return "it is signed with an algorithm that the installed OpenSSL cannot check in time-stamps";
  const int digest = OBJ_obj2nid(signature.digest_alg->algorithm);
  if (weak_digest(digest)) return "its signature uses a digest that is too weak or unknown";
  if (!fits(algorithm, digest, key)) return "its signature is of another kind than its signer's key";
  if (!right_versions(opened) || !right_parameters(opened) || !names_exactly(opened, signer))
    return "it is not made as it has to be";
  return {};
}

/// Everything that a path may lead over: the token's certificates and those that were given.
Certificates known_certificates(const OpenedToken& opened, const Expected& expected) {
  std::vector<Bytes> all = encode_certificates(opened.token->d.sign->cert);
  all.insert(all.end(), expected.helping.begin(), expected.helping.end());
  all.insert(all.end(), expected.trusted.begin(), expected.trusted.end());
  if (expected.last) all.push_back(*expected.last);
  return decode_certificates(all);
}

/// The last certificate that the way up from the signer leads to.
X509* top_of(X509* signer, const STACK_OF(X509) * known) {
  X509* top = signer;
  for (int steps = 0; steps < kMaxChain && X509_check_issued(top, top) != X509_V_OK; ++steps) {
    X509* issuer = nullptr;
    for (int i = 0; i < sk_X509_num(known) && issuer == nullptr; ++i)
      if (X509_check_issued(sk_X509_value(known, i), top) == X509_V_OK) issuer = sk_X509_value(known, i);
    if (issuer == nullptr) break;
    top = issuer;
  }
  return top;
}

/// Trusts what was given or, if nothing was, the certificate that the chain has to end in, or the last one at
/// hand; at the token's own time.
Store make_store(const Expected& expected, X509* signer, const STACK_OF(X509) * known, UtcTime time) {
  Store store(X509_STORE_new());
  require(store != nullptr, "check certificates");
  X509_VERIFY_PARAM* const param = X509_STORE_get0_param(store.get());
  const std::int64_t second = time.ms / 1000 - (time.ms % 1000 < 0 ? 1 : 0);
  X509_VERIFY_PARAM_set_time(param, static_cast<time_t>(second));
  X509_VERIFY_PARAM_set_auth_level(param, kSecurityLevel);
  if (expected.trusted.empty()) {
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    const Certificate last = expected.last ? decode_certificate(*expected.last) : nullptr;
    if (last != nullptr) X509_STORE_add_cert(store.get(), last.get());
    if (!expected.last) X509_STORE_add_cert(store.get(), top_of(signer, known));
    return store;
  }
  const Certificates trusted = decode_certificates(expected.trusted);
  for (int i = 0; i < sk_X509_num(trusted.get()); ++i)
    X509_STORE_add_cert(store.get(), sk_X509_value(trusted.get(), i));
  return store;
}

std::string chain_problem(int error, X509* certificate) {
  const std::string name = certificate == nullptr ? "" : name_text(X509_get_subject_name(certificate));
  const std::string who = name.empty() ? "a certificate" : "the certificate of '" + name + "'";
  switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return who + " was not valid yet at the time that the token states";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return who + " had expired at the time that the token states";
    case X509_V_ERR_INVALID_PURPOSE:
      return who + " is not one for time-stamps (extended key usage: timeStamping alone, critical)";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_UNTRUSTED:
      return "its certificates do not lead to a trusted one; the last is that of '" + name + "'";
    default:
      return who + " does not hold: " + X509_verify_cert_error_string(error);
  }
}

/// Builds and checks the chain; states it, or what is wrong.
void check_chain(Check& check, X509_STORE* store, X509* signer, STACK_OF(X509) * known) {
  const StoreContext context(X509_STORE_CTX_new());
  require(context != nullptr && X509_STORE_CTX_init(context.get(), store, signer, known) == 1,
          "check certificates");
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_TIMESTAMP_SIGN);
  if (X509_verify_cert(context.get()) == 1) {
    check.chain = encode_certificates(X509_STORE_CTX_get0_chain(context.get()));
    return;
  }
  check.problem =
      chain_problem(X509_STORE_CTX_get_error(context.get()), X509_STORE_CTX_get_current_cert(context.get()));
}

using VerifyContext = std::unique_ptr<TS_VERIFY_CTX, OpensslDeleter<TS_VERIFY_CTX_free>>;

/// The signature itself, and that it is bound to the signer's certificate.
std::string check_signature(const OpenedToken& opened, const Store& store, const STACK_OF(X509) * known,
                            const ErrorQueue& errors) {
  const VerifyContext context(TS_VERIFY_CTX_new());
  require(context != nullptr, "check a time-stamp");
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_SIGNER);
  // The context frees both.
  require(X509_STORE_up_ref(store.get()) == 1, "check a time-stamp");
  TS_VERIFY_CTX_set_store(context.get(), store.get());
  TS_VERIFY_CTX_set_certs(context.get(), X509_chain_up_ref(const_cast<STACK_OF(X509)*>(known)));
  if (TS_RESP_verify_token(context.get(), opened.token.get()) == 1) return {};
  return "its signature does not hold: " + errors.newest();
}

std::string statement_problem(const Token& token, const Expected& expected) {
  if (token.imprint != expected.imprint) return "it is about something else";
  if (expected.nonce && token.nonce != *expected.nonce)
    return "it answers another request: the nonce differs";
  return {};
}

}  // namespace

Check check_token(ByteView der, const Expected& expected) {
  const ErrorQueue errors;
  Check check;
  const auto opened = open_token(der);
  if (!opened || !(check.token = statement_of(*opened))) {
    check.problem = "it is no time-stamp over a SHA-256";
    return check;
  }
  check.problem = statement_problem(*check.token, expected);
  if (!check.valid()) return check;
  const Certificates known = known_certificates(*opened, expected);
  X509* const signer = signer_of(*opened, known.get());
  if (signer == nullptr) {
    check.problem = "the certificate of its signer is missing";
    return check;
  }
  check.problem = signature_problem(*opened, signer);
  if (!check.valid()) return check;
  const Store store = make_store(expected, signer, known.get(), check.token->time);
  check_chain(check, store.get(), signer, known.get());
  if (check.valid()) check.problem = check_signature(*opened, store, known.get(), errors);
  check.trusted = check.valid() && !expected.trusted.empty();
  if (!check.valid()) check.chain.clear();
  return check;
}

}  // namespace dalil::crypto::timestamp
