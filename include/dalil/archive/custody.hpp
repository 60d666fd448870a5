#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dalil/archive/archive.hpp"

/// Who did what, and what holds the order of it in place: checkpoints, cosignatures, and the log
/// (docs/custody.md).
namespace dalil::archive {

/// An auditor's signature on a checkpoint (C2SP cosignature/v1), as its entry has it.
struct Cosignature {
  Seq seq = 0;
  std::uint64_t tree_size = 0;
  Digest root;
  UtcTime signed_at;  ///< as it stands in the signature, whole seconds
  ledger::ActorId actor{};
  std::string actor_name;
  merkle::NoteKey key;
  merkle::NoteSignature signature;
  std::string fault;  ///< why it does not count; empty if it does
};

/// All of them, or those of one checkpoint, in the order of their entries. Those that do not count say why.
std::vector<Cosignature> cosignatures(View& view, std::optional<std::uint64_t> tree_size = {});

/// The stored checkpoint of this size with the cosignatures that count; absent if no commit reached the size.
std::optional<merkle::Note> signed_checkpoint(View& view, std::uint64_t tree_size);

/// Whose signature on a checkpoint means something.
struct CustodyKey {
  merkle::NoteKey key;  ///< plain Ed25519: signs commits; cosignature: cosigns
  std::string actor_name;
  ledger::Role role = ledger::Role::archivist;
  /// The largest checkpoint that it counts for; absent for an actor who was not removed.
  std::optional<std::uint64_t> removed_at = {};
};
/// Signers of the archive, then cosigners that have cosigned.
std::vector<CustodyKey> custody_keys(View& view);

/// The key that this actor cosigns with: derived from the signing key, named "ORIGIN/cosigner/ACTOR".
crypto::SigningKey cosigning_key(const ledger::Keyring& keyring);
merkle::NoteKey cosigner_key(const ledger::Keyring& keyring);

/// Signs the newest checkpoint, after it was compared with what this actor cosigned before: by `before`, a
/// place outside of the archive, and by the archive. Both get to know of it. Returns the checkpoint with its
/// signatures. Error(corrupt) if the archive does not continue what was cosigned; Error(locked) if another
/// process writes.
struct Cosigned {
  Seq seq = 0;
  merkle::Checkpoint checkpoint;
  std::optional<merkle::Checkpoint> before;  ///< what was cosigned last; absent the first time
  merkle::Note note;
};
Cosigned cosign(Archive& archive, ledger::CheckpointMemory& before);

/// An older checkpoint, kept elsewhere, against the archive as it is.
struct Comparison {
  enum class Outcome : std::uint8_t {
    consistent,     ///< the archive continues it
    newer,          ///< the archive has fewer entries: it was rolled back
    inconsistent,   ///< the archive has another history
    unknown_key,    ///< nobody signed it who might sign for the archive
    bad_signature,  ///< a known key's signature is wrong: it was altered
  } outcome = Outcome::consistent;
  merkle::Checkpoint old;
  merkle::Checkpoint now;
  std::string now_note;
  std::vector<Digest> proof;          ///< of consistency; RFC 6962 section 2.1.2
  std::vector<CustodyKey> signed_by;  ///< keys whose signature is right
};
/// Error(invalid) if the note is no checkpoint, is of another archive, or of an empty tree.
Comparison compare(View& view, const merkle::Note& note);
/// The proof as text, in the form of C2SP tlog-witness' add-checkpoint: "old N", hashes, an empty line, the
/// archive's checkpoint.
std::string encode_proof(const Comparison& comparison);

// The log

/// Names of the kinds of entries: "copy_seen", "link_made" ... (docs/formats/entry.md).
std::vector<std::string> entry_kind_names();
/// The number that the kind has in the content. Hyphens do for underscores.
std::optional<unsigned> entry_kind_from(std::string_view name);

struct LogQuery {
  std::vector<ledger::ActorId> actors;  ///< any of these; empty: anybody
  std::optional<UtcTime> since, until;  ///< inclusive, by the clocks that wrote
  std::vector<unsigned> kinds;          ///< any of these
  std::optional<ledger::SealClass> seal_class;
  std::optional<Row> item, incident, volume;  ///< only entries that name it
  Seq from = 0;
  std::size_t limit = SIZE_MAX;
  bool newest_first = false;
};

/// One thing that an entry says. Text is raw: names and paths are bytes.
struct EntryField {
  std::string name;
  std::variant<std::string, std::uint64_t> value;
};

struct LoggedEntry {
  ledger::PublicLine line;
  std::string actor_name;
  bool visible = true;  ///< to this role
  std::string kind;     ///< empty if the role may not see it, or it was destroyed
  std::string what;     ///< one line for people
  std::vector<EntryField> fields;
};

/// Entries that match, until the limit or until `visit` says false. An entry whose content the role may not
/// see matches no question about item, incident or volume; a kind that it cannot see is Error(wrong_key).
void log(View& view, const LogQuery& query, const std::function<bool(const LoggedEntry&)>& visit);

}  // namespace dalil::archive
