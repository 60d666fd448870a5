#pragma once

#include "certificates.hpp"
#include "dalil/crypto/timestamp.hpp"

namespace dalil::crypto::timestamp {

/// A token taken apart; every pointer is into `token`.
struct OpenedToken {
  Pkcs7 token;
  StampInfo info;
  PKCS7_SIGNER_INFO* signature = nullptr;  ///< the only one
};
/// Absent unless it is signed data (RFC 5652) in DER that encloses a TSTInfo and carries one signature.
std::optional<OpenedToken> open_token(ByteView der);

/// The certificate of whoever signed, out of the token's own and `helping`; null if it is not among them.
X509* signer_of(const OpenedToken& opened, STACK_OF(X509) * helping);

/// What it states. Absent if a SHA-256 or a readable time is lacking.
std::optional<Token> statement_of(const OpenedToken& opened);

/// Big-endian, without leading zeros; `number` may be null.
Bytes number_bytes(const ASN1_INTEGER* number);
/// Absent unless it is the SHA-256 of something.
std::optional<Digest> imprint_of(const TS_MSG_IMPRINT* imprint);

}  // namespace dalil::crypto::timestamp
