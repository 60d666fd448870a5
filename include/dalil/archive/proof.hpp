#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/merkle/note.hpp"

/// One entry of the ledger, disclosed to somebody who has neither the archive nor a key
/// (docs/formats/proof.md).
namespace dalil::archive {

/// What the content of an entry says, read from its bytes alone: no other entry is asked.
struct Statement {
  unsigned number = 0;  ///< of its kind in docs/formats/entry.md
  std::string kind;     ///< "copy_seen"; "record 99" for a kind that this version does not know
  std::string text;     ///< one sentence
  std::vector<std::pair<std::string, std::string>> fields;  ///< name and value, values escaped for display
  std::optional<Digest> digest;                             ///< of the one file that it speaks of
  std::optional<std::uint64_t> size_bytes;                  ///< of that file
};
/// Never throws: what cannot be read is said in `text`.
Statement read_statement(ByteView content);

/// A key that signed one of a proof's checkpoints, and whose the archive says it is.
struct ProofKey {
  merkle::NoteKey key;
  std::string name;
  std::string role;
  bool operator==(const ProofKey&) const = default;
};

/// A time-stamp over a checkpoint (RFC 3161).
struct ProofTimestamp {
  std::string stamped;       ///< the signed note whose bytes the token is about
  Bytes token;               ///< DER
  std::vector<Bytes> chain;  ///< the authority's certificates, DER
  bool operator==(const ProofTimestamp&) const = default;
};

/// The way from the entry to one checkpoint, and who else has seen that checkpoint.
struct ProofCheckpoint {
  merkle::LogProof proof;  ///< with the signed and cosigned note
  std::vector<ProofTimestamp> timestamps;
};

/// Everything that a proof of one entry consists of. Nothing in it is secret but what the entry itself says.
struct Proof {
  std::string kind;    ///< Statement::kind
  std::string states;  ///< Statement::text when it was made; for people, not authenticated
  std::string line;    ///< the public line
  ledger::Salt salt{};
  Bytes content;
  std::vector<ProofCheckpoint> checkpoints;  ///< by size; at least one
  std::vector<ProofKey> keys;                ///< of all signatures in `checkpoints`, and no others
};

/// The entry, whole, and the way to `checkpoint` (entries of its tree) or, where none is named, to those that
/// speak for it best: the first that each authority stamped, the first that each cosigner cosigned, and the
/// newest.
///
/// Error(not_found) if there is no such entry or checkpoint, or the content was destroyed. Error(wrong_key)
/// if the role may not see the entry or, where it names items, the consent of their sources; Error(conflict)
/// if that is for less than courts (`require_consent`).
Proof prove(View& view, Seq seq, std::optional<std::uint64_t> checkpoint = {});

/// Passes if the item may be shown to a court. Error(conflict) if one of its sources consents to less,
/// Error(wrong_key) if that is not visible to this role. Where no source is assigned nobody has consented to
/// anything and nobody objects: that is for people to decide.
void require_consent(View& view, Row item);

/// The entry that first said that the item was seen.
Seq first_entry_of(View& view, Row item);
/// The entry that states the copy at this path. Error(not_found).
Seq copy_entry(View& view, Row volume, std::string_view path);
/// The entry with the item's media facts; absent if there is none.
std::optional<Seq> facts_entry(View& view, Row item);
/// The newest entry that states a verdict on a copy of the item on this volume. Absent if there is none.
std::optional<Seq> verdict_entry(View& view, Row item, Row volume);

}  // namespace dalil::archive
