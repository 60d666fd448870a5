#pragma once

#include <optional>
#include <string>

#include "age_header.hpp"
#include "dalil/crypto/age.hpp"

namespace dalil::crypto::age {

inline constexpr std::size_t kFileKeySize = 16;
inline constexpr std::string_view kX25519Type = "X25519";
inline constexpr std::string_view kScryptType = "scrypt";

/// The public key of an X25519 scalar.
std::array<std::uint8_t, 32> x25519_public(ByteView scalar);
/// Shared secret of scalar and point; absent for a point of low order, whose secret everybody knows.
std::optional<Secret> x25519(ByteView scalar, ByteView point);
/// "age1..." for a public key.
std::string format_recipient(ByteView public_key);

/// Error(invalid) if `recipient` is none.
Stanza wrap_to_recipient(ByteView file_key, const std::string& recipient);
Stanza wrap_with_passphrase(ByteView file_key, ByteView passphrase, int log_n);

/// What a stanza yields: the file key, or why not. `no_match` means that another stanza or identity may do.
struct Unwrapped {
  Failure failure = Failure::no_match;
  Secret file_key;
};
/// For a stanza of type X25519.
Unwrapped unwrap_with_identity(const Stanza& stanza, const Identity& identity);
/// For a stanza of type scrypt.
Unwrapped unwrap_with_passphrase(const Stanza& stanza, ByteView passphrase);

}  // namespace dalil::crypto::age
