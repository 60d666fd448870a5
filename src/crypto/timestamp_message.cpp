// Requests and replies: what travels to an authority and back.
#include <algorithm>

#include "dalil/base/text.hpp"
#include "dalil/crypto/secret.hpp"
#include "timestamp_token.hpp"

namespace dalil::crypto::timestamp {

namespace {

using RequestOwner = std::unique_ptr<TS_REQ, OpensslDeleter<TS_REQ_free>>;
using ReplyOwner = std::unique_ptr<TS_RESP, OpensslDeleter<TS_RESP_free>>;
using Imprint = std::unique_ptr<TS_MSG_IMPRINT, OpensslDeleter<TS_MSG_IMPRINT_free>>;
using Algorithm = std::unique_ptr<X509_ALGOR, OpensslDeleter<X509_ALGOR_free>>;
using Number = std::unique_ptr<ASN1_INTEGER, OpensslDeleter<ASN1_INTEGER_free>>;

/// RFC 3161 section 2.4.2, PKIStatus and PKIFailureInfo.
constexpr const char* kStatus[] = {"granted", "granted with changes", "rejection",
                                   "waiting", "revocation warning",   "revocation notification"};
struct Failure {
  int bit;
  const char* text;
};
constexpr Failure kFailures[] = {{0, "unknown algorithm"},
                                 {2, "request not allowed"},
                                 {5, "data of the wrong format"},
                                 {14, "its clock is not available"},
                                 {15, "unknown policy"},
                                 {16, "unknown extension"},
                                 {17, "unknown kind of information"},
                                 {25, "failure of its system"}};

void fill_imprint(TS_REQ* request, const Digest& digest) {
  const Algorithm algorithm(X509_ALGOR_new());
  const Imprint imprint(TS_MSG_IMPRINT_new());
  require(algorithm != nullptr && imprint != nullptr, "make a time-stamp request");
  Digest bytes = digest;
  const bool done = X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
                    TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
                    TS_MSG_IMPRINT_set_msg(imprint.get(), bytes.bytes.data(), Digest::kSize) == 1 &&
                    TS_REQ_set_msg_imprint(request, imprint.get()) == 1;
  require(done, "make a time-stamp request");
}

void fill_nonce(TS_REQ* request) {
  const Number nonce(ASN1_INTEGER_new());
  const std::uint64_t value = load_u64(random_array<8>().data());
  require(nonce != nullptr && ASN1_INTEGER_set_uint64(nonce.get(), value) == 1 &&
              TS_REQ_set_nonce(request, nonce.get()) == 1,
          "make a time-stamp request");
}

std::string failures_of(const TS_STATUS_INFO* info) {
  const ASN1_BIT_STRING* bits = TS_STATUS_INFO_get0_failure_info(info);
  std::string text;
  for (const Failure& failure : kFailures)
    if (bits != nullptr && ASN1_BIT_STRING_get_bit(bits, failure.bit) == 1)
      text += std::string(text.empty() ? "" : ", ") + failure.text;
  return text;
}

std::string words_of(const TS_STATUS_INFO* info) {
  constexpr std::size_t kMaxShown = 300;
  const auto* texts = TS_STATUS_INFO_get0_text(info);
  std::string text;
  for (int i = 0; i < sk_ASN1_UTF8STRING_num(texts); ++i) {
    const ASN1_UTF8STRING* one = sk_ASN1_UTF8STRING_value(texts, i);
    if (!text.empty()) text += "; ";
    text += as_chars({ASN1_STRING_get0_data(one), static_cast<std::size_t>(ASN1_STRING_length(one))});
  }
  if (text.size() > kMaxShown) text.resize(kMaxShown);
  return escape_for_display(text);
}

/// Empty if the reply's status lets it hold a token.
std::string refusal_of(const TS_STATUS_INFO* info) {
  std::int64_t status = -1;
  if (info == nullptr || ASN1_INTEGER_get_int64(&status, TS_STATUS_INFO_get0_status(info)) != 1)
    return "the reply has no status";
  if (status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS) return {};
  const bool known = status >= 0 && status < static_cast<std::int64_t>(std::size(kStatus));
  std::string text = std::string("the authority granted none: ") +
                     (known ? kStatus[status] : "status " + std::to_string(status));
  if (const std::string failures = failures_of(info); !failures.empty()) text += ", " + failures;
  if (const std::string words = words_of(info); !words.empty()) text += " (\"" + words + "\")";
  return text;
}

/// A token that stands alone, in whatever encoding.
Reply bare_token(ByteView bytes) {
  const Pkcs7 token = decode_whole<Pkcs7, d2i_PKCS7>(bytes);
  if (token == nullptr) return {{}, "it is no time-stamp reply"};
  return {encode_der<i2d_PKCS7>(token.get()), {}};
}

Reply unpack(ByteView bytes) {
  const ReplyOwner reply = decode_whole<ReplyOwner, d2i_TS_RESP>(bytes);
  if (reply == nullptr) return bare_token(bytes);
  std::string refusal = refusal_of(TS_RESP_get_status_info(reply.get()));
  if (!refusal.empty()) return {{}, std::move(refusal)};
  const PKCS7* token = TS_RESP_get_token(reply.get());
  if (token == nullptr) return {{}, "the reply holds no token"};
  return {encode_der<i2d_PKCS7>(token), {}};
}

}  // namespace

Bytes make_request(const Digest& imprint) {
  const ErrorQueue errors;
  const RequestOwner request(TS_REQ_new());
  require(request != nullptr && TS_REQ_set_version(request.get(), 1) == 1, "make a time-stamp request");
  fill_imprint(request.get(), imprint);
  fill_nonce(request.get());
  require(TS_REQ_set_cert_req(request.get(), 1) == 1, "make a time-stamp request");
  Bytes der = encode_der<i2d_TS_REQ>(request.get());
  require(!der.empty(), "make a time-stamp request");
  return der;
}

std::optional<Request> read_request(ByteView der) {
  const ErrorQueue errors;
  if (der.size() > kMaxBytes) return std::nullopt;
  const RequestOwner request = decode_whole<RequestOwner, d2i_TS_REQ>(der);
  if (request == nullptr || TS_REQ_get_version(request.get()) != 1) return std::nullopt;
  const auto imprint = imprint_of(TS_REQ_get_msg_imprint(request.get()));
  if (!imprint) return std::nullopt;
  return Request{*imprint, number_bytes(TS_REQ_get_nonce(request.get()))};
}

Reply read_reply(ByteView bytes) {
  const ErrorQueue errors;
  if (bytes.size() > kMaxBytes) return {{}, "it is larger than 64 KiB"};
  Reply reply = unpack(bytes);
  if (reply.problem.empty() && !open_token(reply.token)) return {{}, "its token is ill-formed"};
  return reply;
}

}  // namespace dalil::crypto::timestamp
