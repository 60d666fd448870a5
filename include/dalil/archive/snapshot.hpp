#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/crypto/age_stream.hpp"
#include "dalil/ledger/snapshot.hpp"

/// The whole archive as one encrypted file, and the signed note that says which file it is
/// (docs/formats/snapshot.md).
namespace dalil::archive {

/// What is signed of a snapshot.
struct SnapshotNote {
  std::string origin;  ///< of the archive's checkpoints
  UtcTime made;
  merkle::Checkpoint checkpoint;  ///< of the state that it shows
  Digest digest;                  ///< of the encrypted file
  std::uint64_t size_bytes = 0;
  std::string text() const;
  /// Absent if ill-formed.
  static std::optional<SnapshotNote> parse(std::string_view note_text);
  bool operator==(const SnapshotNote&) const = default;
};

/// A snapshot that was written, and the note signed by the archive's opener.
struct SnapshotMade {
  SnapshotNote stated;
  std::string note;  ///< the signed note's text
};

/// Writes the archive's newest state, encrypted to these recipients ("age1..."). `out` gets all of the file
/// in order. See ledger::write_snapshot.
SnapshotMade write_snapshot(const Archive& archive, const std::vector<std::string>& recipients,
                            const crypto::age::Output& out);

/// An encrypted snapshot that is being made an archive of again.
///
/// Before anything of it is decrypted, its size and SHA-256 are compared with the note.
class SnapshotRestore {
 public:
  /// Error(corrupt) if the file is not the one of the note, or damaged; Error(wrong_key) if none of the
  /// identities opens it; Error(conflict) if `directory` exists.
  SnapshotRestore(const std::string& file, const SnapshotNote& note,
                  const std::vector<crypto::age::Identity>& identities, const std::string& directory);
  /// Where the archive lies until it is put in place.
  const std::string& path() const { return loader_.path(); }
  /// Opens it as an archive with a keyring of its own, checks the note's signature by the archive's signers,
  /// and everything in it (`check`). Error(corrupt) says what is wrong.
  void check(const std::string& signed_note, ledger::Keyring keyring) const;
  void put_in_place() { loader_.put_in_place(); }

 private:
  SnapshotNote note_;
  ledger::SnapshotLoader loader_;
};

}  // namespace dalil::archive
