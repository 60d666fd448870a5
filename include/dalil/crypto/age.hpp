#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/crypto/secret.hpp"

namespace dalil::crypto::age {

/// age v1 (age-encryption.org/v1), binary and armored; X25519 and scrypt recipients. What it writes (always
/// binary) opens with stock `age`, and the other way round. Not supported: post-quantum recipients
/// (AGE-SECRET-KEY-PQ-1..., ML-KEM-768 with X25519), SSH keys and plugins, whose stanzas match nothing.

/// An X25519 identity ("AGE-SECRET-KEY-1...", Bech32) and its recipient ("age1...").
struct Identity {
  Secret scalar;  ///< 32 bytes
  static Identity generate();
  /// Error(invalid) if it is not an identity; the text is never repeated in the message.
  static Identity parse(std::string_view text);
  /// The file format of age-keygen: comment lines and one or more identities. Error(invalid) if there are
  /// none, or if a line is something else; the message names the line's number only.
  static std::vector<Identity> parse_file(std::string_view text);
  Secret encode() const;
  std::string recipient() const;
};

/// scrypt work factor (log2 N) for people's passphrases, and the most that is accepted when reading.
inline constexpr int kScryptLogN = 18;
inline constexpr int kScryptMaxLogN = 20;

/// Encrypts to one or more X25519 recipients ("age1..."). Error(invalid) on a bad recipient.
Bytes encrypt_to(ByteView plaintext, const std::vector<std::string>& recipients);
/// Encrypts under a passphrase; `log_n` is lowered in tests only.
Bytes encrypt_with_passphrase(ByteView plaintext, ByteView passphrase, int log_n = kScryptLogN);

/// How decryption failed, in the classes of the published test vectors.
enum class Failure {
  none,
  header,       ///< not an age file, or its header (with the payload's nonce) is malformed or cut
  hmac,         ///< the header was changed by somebody who does not have the key
  no_match,     ///< wrong passphrase or none of these identities
  payload,      ///< cut, changed or too large
  armor,        ///< malformed text form
  work_factor,  ///< scrypt beyond kScryptMaxLogN, which is not attempted
};
struct Opened {
  Failure failure = Failure::none;
  Secret plaintext;  ///< empty unless failure is none (on a payload failure nothing is released)
};
/// Decrypts binary or armored input. Nothing is thrown for bad input: the failure is the answer.
/// `max_payload_bytes` bounds the memory; larger is Failure::payload.
Opened decrypt(ByteView file, const std::vector<Identity>& identities,
               std::size_t max_payload_bytes = 64 << 20);
Opened decrypt_with_passphrase(ByteView file, ByteView passphrase, std::size_t max_payload_bytes = 64 << 20);

/// True if the header's only stanza is scrypt, i.e. the file opens with a passphrase.
bool needs_passphrase(ByteView file);

}  // namespace dalil::crypto::age
