#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/httperr.h>
#include <openssl/ssl.h>

#include "certificates.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/timestamp.hpp"

namespace dalil::crypto::timestamp {

namespace {

inline void free_text(char* text) {
  OPENSSL_free(text);
}
using Text = std::unique_ptr<char, OpensslDeleter<free_text>>;
using TlsContext = std::unique_ptr<SSL_CTX, OpensslDeleter<SSL_CTX_free>>;

constexpr const char* kRequestType = "application/timestamp-query";

struct Address {
  bool tls = false;
  std::string host, port, path;
};

std::string quoted(const std::string& text) {
  return "'" + escape_for_display(text) + "'";
}

Address parse_address(const std::string& url) {
  const auto refuse = [&url] {
    return Error(ErrorCode::invalid, quoted(url) + " is no address of a time-stamp authority",
                 "it begins with http:// or https://, and holds neither a user nor a password");
  };
  int tls = 0;
  char *user = nullptr, *host = nullptr, *port = nullptr, *path = nullptr, *query = nullptr;
  const bool http = url.starts_with("http://") || url.starts_with("https://");
  const bool plain = url.find_first_of("\r\n\t ") == std::string::npos && url.find('\0') == std::string::npos;
  if (!http || !plain ||
      OSSL_HTTP_parse_url(url.c_str(), &tls, &user, &host, &port, nullptr, &path, &query, nullptr) != 1)
    throw refuse();
  const Text owners[] = {Text(user), Text(host), Text(port), Text(path), Text(query)};
  if ((user != nullptr && *user != '\0') || *host == '\0') throw refuse();
  Address address{tls != 0, host, port, path};
  if (query != nullptr && *query != '\0') address.path += std::string("?") + query;
  return address;
}

/// A client that believes no server without a certificate for its name.
TlsContext make_tls(const std::string& host) {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  require(context != nullptr, "prepare TLS");
  X509_VERIFY_PARAM* const param = SSL_CTX_get0_param(context.get());
  const bool numeric = X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1;
  require(SSL_CTX_set_default_verify_paths(context.get()) == 1 &&
              SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
              (numeric || X509_VERIFY_PARAM_set1_host(param, host.c_str(), 0) == 1),
          "prepare TLS");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

struct Connection {
  const Address& address;
  TlsContext tls;
  bool by_proxy;
  int timeout_s;
};

/// What OpenSSL calls once the server, or the proxy, is reached, and again (`connected` 0) when all is over.
BIO* put_tls_on_top(BIO* wire, void* argument, int connected, int) {
  const Connection& connection = *static_cast<const Connection*>(argument);
  if (connection.tls == nullptr) return wire;
  if (connected == 0) return wire;  // the whole chain is freed by OSSL_HTTP_close
  const Address& to = connection.address;
  if (connection.by_proxy && OSSL_HTTP_proxy_connect(wire, to.host.c_str(), to.port.c_str(), nullptr, nullptr,
                                                     connection.timeout_s, nullptr, "dalil") != 1)
    return nullptr;
  BIO* const secure = BIO_new_ssl(connection.tls.get(), 1);
  SSL* ssl = nullptr;
  if (secure == nullptr || BIO_get_ssl(secure, &ssl) != 1 ||
      SSL_set_tlsext_host_name(ssl, to.host.c_str()) != 1) {
    BIO_free(secure);
    return nullptr;
  }
  return BIO_push(secure, wire);
}

/// What went wrong: the oldest error is the cause. In plain words where OpenSSL's own would puzzle people.
std::string cause_of(ErrorQueue& errors) {
  const unsigned long code = ERR_peek_error();
  if (ERR_GET_LIB(code) != ERR_LIB_HTTP) return errors.take_all();
  switch (ERR_GET_REASON(code)) {
    case HTTP_R_MISSING_ASN1_ENCODING:
    case HTTP_R_ERROR_PARSING_ASN1_LENGTH:
    case HTTP_R_INCONSISTENT_CONTENT_LENGTH:
      return "it answered, but not with a time-stamp";
    case HTTP_R_MAX_RESP_LEN_EXCEEDED:
    case HTTP_R_ASN1_LEN_EXCEEDS_MAX_RESP_LEN:
      return "its answer is larger than 64 KiB";
    default:
      return errors.take_all();
  }
}

Error failed(const std::string& url, ErrorQueue& errors) {
  return Error(
      ErrorCode::io, "no time-stamp from " + quoted(url) + ": " + cause_of(errors),
      "nothing was attached; check the address and the network, or carry a request file to somebody who "
      "is online: dalil timestamp request");
}

Bytes read_all(BIO* from) {
  const std::string text = from == nullptr ? std::string() : take_text(from);
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Bytes post_request(const std::string& url, ByteView request, int timeout_s) {
  ErrorQueue errors;
  const Address address = parse_address(url);
  Connection connection{address, address.tls ? make_tls(address.host) : nullptr,
                        OSSL_HTTP_adapt_proxy(nullptr, nullptr, address.host.c_str(), address.tls) != nullptr,
                        timeout_s};
  const Bio body(BIO_new_mem_buf(request.data(), static_cast<int>(request.size())));
  require(body != nullptr, "send a request");
  // Authorities name the type of their answers in several ways; what counts is that it is DER (the 1).
  const Bio answer(OSSL_HTTP_transfer(nullptr, address.host.c_str(), address.port.c_str(),
                                      address.path.c_str(), address.tls, nullptr, nullptr, nullptr, nullptr,
                                      put_tls_on_top, &connection, 0, nullptr, kRequestType, body.get(),
                                      nullptr, 1, kMaxBytes, timeout_s, 0));
  if (answer == nullptr) throw failed(url, errors);
  Bytes bytes = read_all(answer.get());
  if (bytes.empty() || bytes.size() > kMaxBytes) throw failed(url, errors);
  return bytes;
}

}  // namespace dalil::crypto::timestamp
