#include "timestamp_token.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "dalil/base/text.hpp"

namespace dalil::crypto::timestamp {

namespace {

/// "20260911083000.5Z" (RFC 3161 section 2.4.2: UTC, with seconds). Cut to milliseconds.
std::optional<UtcTime> time_of(const ASN1_GENERALIZEDTIME* time) {
  if (time == nullptr || ASN1_STRING_length(time) < 15) return std::nullopt;
  const std::string_view text =
      as_chars({ASN1_STRING_get0_data(time), static_cast<std::size_t>(ASN1_STRING_length(time))});
  std::string rfc3339;
  for (const auto& [at, size, separator] :
       {std::tuple{0, 4, "-"}, {4, 2, "-"}, {6, 2, "T"}, {8, 2, ":"}, {10, 2, ":"}, {12, 2, ""}})
    (rfc3339 += text.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(size))) += separator;
  return UtcTime::from_rfc3339(rfc3339 += text.substr(14));
}

std::optional<std::uint64_t> accuracy_of(const TS_TST_INFO* info) {
  TS_ACCURACY* accuracy = TS_TST_INFO_get_accuracy(const_cast<TS_TST_INFO*>(info));
  if (accuracy == nullptr) return std::nullopt;
  constexpr std::uint64_t kMaxSeconds = 1'000'000'000;
  std::uint64_t total_us = 0;
  const auto add = [&total_us](const ASN1_INTEGER* number, std::uint64_t unit_us, std::uint64_t limit) {
    std::uint64_t value = 0;
    if (number == nullptr) return true;
    if (ASN1_INTEGER_get_uint64(&value, number) != 1 || value > limit) return false;
    total_us += value * unit_us;
    return true;
  };
  const bool readable = add(TS_ACCURACY_get_seconds(accuracy), 1'000'000, kMaxSeconds) &&
                        add(TS_ACCURACY_get_millis(accuracy), 1'000, 999) &&
                        add(TS_ACCURACY_get_micros(accuracy), 1, 999);
  if (!readable) return std::nullopt;
  return total_us;
}

std::string policy_of(const TS_TST_INFO* info) {
  const ASN1_OBJECT* policy = TS_TST_INFO_get_policy_id(const_cast<TS_TST_INFO*>(info));
  char text[256];
  const int size = policy == nullptr ? 0 : OBJ_obj2txt(text, sizeof text, policy, 1);
  return size > 0 && size < static_cast<int>(sizeof text) ? std::string(text) : std::string();
}

std::string authority_of(const OpenedToken& opened) {
  const GENERAL_NAME* stated = TS_TST_INFO_get_tsa(opened.info.get());
  if (stated != nullptr && stated->type == GEN_DIRNAME) return name_text(stated->d.directoryName);
  const X509* signer = signer_of(opened, nullptr);
  return signer == nullptr ? std::string() : name_text(X509_get_subject_name(signer));
}

}  // namespace

Bytes number_bytes(const ASN1_INTEGER* number) {
  if (number == nullptr) return {};
  const ByteView bytes{ASN1_STRING_get0_data(number), static_cast<std::size_t>(ASN1_STRING_length(number))};
  const auto first = std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte != 0; });
  return {first, bytes.end()};
}

std::optional<Digest> imprint_of(const TS_MSG_IMPRINT* imprint) {
  if (imprint == nullptr) return std::nullopt;
  auto* mutable_imprint = const_cast<TS_MSG_IMPRINT*>(imprint);
  const X509_ALGOR* algorithm = TS_MSG_IMPRINT_get_algo(mutable_imprint);
  const ASN1_OCTET_STRING* digest = TS_MSG_IMPRINT_get_msg(mutable_imprint);
  if (algorithm == nullptr || OBJ_obj2nid(algorithm->algorithm) != NID_sha256) return std::nullopt;
  if (digest == nullptr || ASN1_STRING_length(digest) != static_cast<int>(Digest::kSize)) return std::nullopt;
  return Digest::from_bytes({ASN1_STRING_get0_data(digest), Digest::kSize});
}

std::optional<OpenedToken> open_token(ByteView der) {
  if (der.size() > kMaxBytes) return std::nullopt;
  OpenedToken opened;
  opened.token = decode_whole<Pkcs7, d2i_PKCS7>(der);
  PKCS7* const token = opened.token.get();
  if (token == nullptr || !PKCS7_type_is_signed(token) || token->d.sign == nullptr) return std::nullopt;
  if (!std::ranges::equal(encode_der<i2d_PKCS7>(token), der)) return std::nullopt;
  opened.info.reset(PKCS7_to_TS_TST_INFO(token));
  STACK_OF(PKCS7_SIGNER_INFO)* const signatures = PKCS7_get_signer_info(token);
  if (opened.info == nullptr || sk_PKCS7_SIGNER_INFO_num(signatures) != 1) return std::nullopt;
  opened.signature = sk_PKCS7_SIGNER_INFO_value(signatures, 0);
  return opened;
}

X509* signer_of(const OpenedToken& opened, STACK_OF(X509) * helping) {
  const CertificateReferences signers(PKCS7_get0_signers(opened.token.get(), helping, 0));
  return sk_X509_num(signers.get()) == 1 ? sk_X509_value(signers.get(), 0) : nullptr;
}

std::optional<Token> statement_of(const OpenedToken& opened) {
  const auto imprint = imprint_of(TS_TST_INFO_get_msg_imprint(opened.info.get()));
  const auto time = time_of(TS_TST_INFO_get_time(opened.info.get()));
  if (!imprint || !time) return std::nullopt;
  Token token;
  token.imprint = *imprint;
  token.time = *time;
  token.nonce = number_bytes(TS_TST_INFO_get_nonce(opened.info.get()));
  token.serial = to_hex(number_bytes(TS_TST_INFO_get_serial(opened.info.get())));
  token.policy = policy_of(opened.info.get());
  token.authority = authority_of(opened);
  token.accuracy_us = accuracy_of(opened.info.get());
  token.certificates = encode_certificates(opened.token->d.sign->cert);
  return token;
}

std::optional<Token> read_token(ByteView der) {
  const ErrorQueue errors;
  const auto opened = open_token(der);
  if (!opened) return std::nullopt;
  return statement_of(*opened);
}

}  // namespace dalil::crypto::timestamp
