#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/base/digest.hpp"
#include "dalil/base/time.hpp"

/// RFC 3161 time-stamps: an authority's signed statement that a digest existed at a time.
///
/// What comes from outside is decoded within bounds, and what is wrong with it is a value, never an
/// exception. Certificates are DER. OpenSSL 3.0 does the mathematics, with what it lacks: no token signed
/// with Ed25519 or RSA-PSS verifies.
namespace dalil::crypto::timestamp {

/// Of a request, a reply or a token; larger ones are refused unread.
inline constexpr std::size_t kMaxBytes = std::size_t{64} * 1024;

/// What an authority is asked to stamp.
struct Request {
  Digest imprint;
  Bytes nonce;  ///< big-endian, without leading zeros; empty: none
  bool operator==(const Request&) const = default;
};
/// DER of a request with this SHA-256, a random nonce of 64 bits, and the wish for the authority's
/// certificate. Source: RFC 3161 section 2.4.1.
Bytes make_request(const Digest& imprint);
/// Absent unless it is a request for a SHA-256.
std::optional<Request> read_request(ByteView der);

/// What an authority answered.
struct Reply {
  Bytes token;          ///< DER; empty if none was granted
  std::string problem;  ///< why there is no token: what the authority says, or that it is no reply at all
};
/// Takes a reply (RFC 3161 section 2.4.2) or a bare token. What the authority wrote is escaped for display.
Reply read_reply(ByteView bytes);

/// What a token states. Nothing of it is verified.
struct Token {
  Digest imprint;
  UtcTime time;        ///< genTime
  Bytes nonce;         ///< as in Request
  std::string serial;  ///< hexadecimal
  std::string policy;  ///< dotted numbers
  /// Distinguished name (RFC 2253) that the token gives, else the subject of its signer's certificate; UTF-8,
  /// may be empty.
  std::string authority;
  std::optional<std::uint64_t> accuracy_us;  ///< the time may be wrong by so much, as the authority states
  std::vector<Bytes> certificates;           ///< that it carries
};
/// Absent unless it is a token, in DER, over a SHA-256.
std::optional<Token> read_token(ByteView der);

/// What a token is judged by.
struct Expected {
  Digest imprint;
  std::optional<Bytes> nonce;  ///< as in Request; absent: any will do
  /// Root certificates of authorities that are trusted. Empty: everything is checked but that, up to the last
  /// certificate that is at hand.
  std::vector<Bytes> trusted;
  /// Further certificates to find the way to one of them.
  std::vector<Bytes> helping;
  /// Where none is trusted: the certificate that the chain has to end in, instead of the last one at hand.
  std::optional<Bytes> last{};
};

/// What a check found.
struct Check {
  std::string problem;  ///< "not valid because ..."; empty: valid
  std::optional<Token> token;
  std::vector<Bytes> chain;  ///< of a valid one: the signer's certificate first, each issued by the next
  bool trusted = false;      ///< the chain ends in a certificate that was given as trusted
  bool valid() const { return problem.empty(); }
};
/// Imprint, nonce, signature, the binding to the signer's certificate (RFC 5035), and the chain: that it is
/// one for time-stamps (critical extendedKeyUsage, RFC 3161 section 2.3) and that each certificate was valid
/// at the token's own time, not now. Signatures with SHA-1 or MD5 are refused. Revocation is not looked up.
Check check_token(ByteView der, const Expected& expected);

/// Certificates of a PEM file; other blocks are passed over. Error(invalid) if there is none, an ill-formed
/// one, or more than 1,000.
std::vector<Bytes> read_certificates(ByteView pem);
std::string write_certificates(std::span<const Bytes> certificates);
/// Distinguished name (RFC 2253) of whom it was issued to; empty if it is no certificate.
std::string subject_of(ByteView certificate);

/// Sends a request by HTTP POST and returns what came back, at most kMaxBytes, as RFC 3161 section 3.4 has
/// it.
///
/// `url` is http:// or https://. An https server has to prove its name by the system's certificates
/// (SSL_CERT_FILE and SSL_CERT_DIR name others). A proxy is taken from http_proxy, https_proxy and no_proxy,
/// as usual. Redirections are not followed. Everything has to be done within `timeout_s`. Error(invalid) for
/// the address, Error(io) for whatever goes wrong.
Bytes post_request(const std::string& url, ByteView request, int timeout_s);

}  // namespace dalil::crypto::timestamp
