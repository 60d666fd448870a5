#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dalil/base/digest.hpp"
#include "dalil/crypto/sign.hpp"

namespace dalil::merkle {

/// C2SP signed-note: a text and signatures over it, each by a named key.
enum class NoteKeyType : std::uint8_t { ed25519 = 0x01, cosignature = 0x04 };

/// A verifier key: "name+hex8(keyID)+base64(type || public key)".
struct NoteKey {
  std::string name;  ///< no Unicode space, no '+', not empty
  NoteKeyType type = NoteKeyType::ed25519;
  crypto::PublicKey key{};
  std::uint32_t id() const;  ///< first 4 bytes of SHA-256(name || 0x0A || type || key), big-endian
  std::string encode() const;
  static std::optional<NoteKey> parse(std::string_view text);
  bool operator==(const NoteKey&) const = default;
};

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  Bytes bytes;  ///< without the key id
  bool operator==(const NoteSignature&) const = default;
};

struct Note {
  std::string text;  ///< ends in a line feed
  std::vector<NoteSignature> signatures;
  std::string encode() const;
  /// Absent if it is not a signed note; at most 64 signatures and 1 MiB.
  static std::optional<Note> parse(std::string_view bytes);
};

/// Adds a plain Ed25519 signature.
void sign(Note& note, const std::string& key_name, const crypto::SigningKey& key);

/// What the signatures say, given the keys that one trusts.
struct NoteCheck {
  bool rejected = false;          ///< a signature of a known key is wrong: the note as a whole is refused
  std::vector<NoteKey> verified;  ///< known keys whose signature is right
};
NoteCheck check(const Note& note, const std::vector<NoteKey>& trusted);

/// C2SP tlog-checkpoint: origin, tree size, root hash.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root;
  std::string body() const;
  /// Absent if ill-formed (leading zeros, bad base64, empty origin ...). Extension lines are accepted and
  /// ignored.
  static std::optional<Checkpoint> parse(std::string_view note_text);
  bool operator==(const Checkpoint&) const = default;
};
Note sign_checkpoint(const Checkpoint& checkpoint, const crypto::SigningKey& key);

/// C2SP tlog-cosignature (cosignature/v1): "the largest consistent tree that I have seen", at a time in
/// seconds.
void cosign(Note& checkpoint_note, const std::string& key_name, const crypto::SigningKey& key,
            std::uint64_t unix_seconds);
/// The time of a cosignature that verified; absent for other signatures.
std::optional<std::uint64_t> cosignature_time(const Note& note, const NoteKey& key);

/// C2SP tlog-proof: index, inclusion proof, checkpoint.
struct LogProof {
  std::optional<Bytes> extra;  ///< not authenticated
  std::uint64_t index = 0;
  std::vector<Digest> hashes;
  std::string checkpoint;  ///< the signed note as text
  std::string encode() const;
  static std::optional<LogProof> parse(std::string_view text);
};

}  // namespace dalil::merkle
