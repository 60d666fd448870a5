#include "certificates.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <system_error>

#include "dalil/base/text.hpp"
#include "dalil/crypto/timestamp.hpp"

namespace dalil::crypto::timestamp {

namespace {

constexpr std::size_t kMaxCertificates = 1000;

Bio memory_bio(ByteView content) {
  // Of nothing, OpenSSL makes no stream.
  Bio bio(content.empty() ? BIO_new(BIO_s_mem())
                          : BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  require(bio != nullptr, "read from memory");
  return bio;
}

/// For keys that a PEM file may hold beside certificates: nobody is asked for a passphrase.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

ErrorQueue::~ErrorQueue() {
  ERR_clear_error();
}

namespace {

std::string reason_of(unsigned long code, const char* data, int flags) {
  const char* reason = ERR_SYSTEM_ERROR(code) ? nullptr : ERR_reason_error_string(code);
  std::string text = reason != nullptr ? reason : std::system_category().message(ERR_GET_REASON(code));
  if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0') text += std::string(": ") + data;
  return escape_for_display(text);
}

}  // namespace

std::string ErrorQueue::newest() const {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long code = ERR_peek_last_error_all(nullptr, nullptr, nullptr, &data, &flags);
  return code == 0 ? "no reason given" : reason_of(code, data, flags);
}

std::string ErrorQueue::take_all() {
  std::string all;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    if (!all.empty()) all += "; ";
    all += reason_of(code, data, flags);
  }
  return all.empty() ? "no reason given" : all;
}

Certificate decode_certificate(ByteView der) {
  return decode_whole<Certificate, d2i_X509>(der);
}

Certificates decode_certificates(std::span<const Bytes> der) {
  Certificates stack(sk_X509_new_null());
  require(stack != nullptr, "hold certificates");
  for (const Bytes& one : der) {
    Certificate certificate = decode_certificate(one);
    if (certificate == nullptr) continue;
    require(sk_X509_push(stack.get(), certificate.get()) > 0, "hold certificates");
    (void)certificate.release();
  }
  return stack;
}

std::vector<Bytes> encode_certificates(const STACK_OF(X509) * stack) {
  std::vector<Bytes> out;
  out.reserve(static_cast<std::size_t>(std::max(0, sk_X509_num(stack))));  // -1: no stack
  for (int i = 0; i < sk_X509_num(stack); ++i) out.push_back(encode_der<i2d_X509>(sk_X509_value(stack, i)));
  return out;
}

std::string take_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string name_text(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  require(out != nullptr, "write to memory");
  const unsigned long flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (name == nullptr || X509_NAME_print_ex(out.get(), name, 0, flags) < 0) return {};
  std::string text = take_text(out.get());
  return is_utf8(text) ? text : escape_for_display(text);
}

std::string subject_of(ByteView certificate) {
  const ErrorQueue errors;
  const Certificate decoded = decode_certificate(certificate);
  return decoded == nullptr ? std::string() : name_text(X509_get_subject_name(decoded.get()));
}

std::vector<Bytes> read_certificates(ByteView pem) {
  const ErrorQueue errors;
  const Bio in = memory_bio(pem);
  std::vector<Bytes> certificates;
  while (true) {
    const Certificate one(PEM_read_bio_X509(in.get(), nullptr, no_passphrase, nullptr));
    if (one == nullptr) break;
    certificates.push_back(encode_der<i2d_X509>(one.get()));
    if (certificates.size() > kMaxCertificates)
      throw Error(ErrorCode::invalid, "there are more than 1,000 certificates",
                  "give the certificates of one authority");
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (certificates.empty() || !at_end)
    throw Error(
        ErrorCode::invalid, at_end ? "there is no certificate" : "a certificate is ill-formed",
        "a file of certificates has lines '-----BEGIN CERTIFICATE-----'; convert others with: openssl "
        "x509 -inform DER -in FILE -out FILE.pem");
  return certificates;
}

std::string write_certificates(std::span<const Bytes> certificates) {
  const ErrorQueue errors;
  const Bio out(BIO_new(BIO_s_mem()));
  require(out != nullptr, "write to memory");
  for (const Bytes& der : certificates) {
    const Certificate certificate = decode_certificate(der);
    if (certificate == nullptr) throw Error(ErrorCode::corrupt, "a certificate is ill-formed");
    require(PEM_write_bio_X509(out.get(), certificate.get()) == 1, "write a certificate");
  }
  return take_text(out.get());
}

}  // namespace dalil::crypto::timestamp
