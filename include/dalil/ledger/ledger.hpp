#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "dalil/ledger/entry.hpp"
#include "dalil/ledger/memory.hpp"
#include "dalil/ledger/schema.hpp"
#include "dalil/merkle/note.hpp"
#include "dalil/merkle/tree.hpp"

namespace dalil::ledger {

struct Core;
using Token = std::array<std::uint8_t, 32>;

/// An actor whose signature on a checkpoint counts, or once counted.
struct Signer {
  merkle::NoteKey key;
  Role role = Role::archivist;
  std::string actor_name;
  std::string
      recipient;  ///< "age1...": where keys of later epochs go; empty in keyrings that lack an identity
  crypto::PublicKey admitted_by{};  ///< the archivist who vouches for it; all zero for the root
  crypto::Signature certificate{};  ///< over `certificate_text`, by `admitted_by`
  /// Size of the tree from which on the signature no longer counts; absent while it does.
  std::optional<std::uint64_t> removed_at;
  ActorId actor() const { return actor_id(key.key); }
  bool counts_at(std::uint64_t tree_size) const { return !removed_at || tree_size <= *removed_at; }
};
/// What an archivist signs to admit an actor: docs/formats/archive.md.
std::string certificate_text(const Signer& signer);

/// One consistent view of the archive: what was committed when it was made or renewed.
///
/// Not for two threads at once; make one for each. Views (ByteView) that it hands out are valid until the
/// next call on the same reader. Whatever fails authentication throws Error(corrupt) and names the table and
/// the key; what the role cannot open throws Error(wrong_key).
class Reader {
 public:
  ~Reader();
  Reader(Reader&&) noexcept;
  /// Moves on to the newest committed state.
  void renew();
  /// Gives the snapshot back; until `renew` there is nothing to be asked. A snapshot that is held while
  /// others commit keeps every page that they free from being used again, and the database grows.
  void rest();

  // The ledger itself
  std::uint64_t size() const;
  /// Error(corrupt) if its content is gone and no entry says that it was destroyed.
  Entry entry(Seq seq);
  PublicLine line(Seq seq);
  /// Calls for each entry from `first` to `last` (exclusive); false from the function stops.
  void for_each(Seq first, Seq last, const std::function<bool(const Entry&)>& visit);
  /// The signed checkpoint of the newest commit, as a note.
  std::string checkpoint();
  /// The signed checkpoint of the commit that reached this size; absent if none did.
  std::optional<std::string> checkpoint_at(std::uint64_t tree_size);
  /// All of them, the newest first; false from the function stops.
  void for_each_checkpoint(
      const std::function<bool(std::uint64_t tree_size, const std::string& note)>& visit);
  merkle::NodeReader nodes();
  /// Hashes of the tree's level 8 * `level` (merkle::kTileWidth of them, fewer in the last tile), 32 bytes
  /// each. Error(corrupt) if there is no such tile.
  Bytes tile(unsigned level, std::uint64_t index);
  /// Everybody who ever could sign, the root first; each is vouched for by one before.
  std::vector<Signer> signers();
  /// Values sealed under the present epoch's keys so far; see `Writer::commit`.
  std::uint64_t seals() const;

  // Derived: columns
  bool can_read(SealClass seal_class) const;
  Row rows(std::uint8_t table) const;
  /// One value of a column.
  ByteView cell(const Column& column, Row row);
  /// Whole blocks in order: `visit(first_row, count, values)`; values of a fixed column lie side by side.
  /// Blocks first_block to last_block (exclusive), clamped. False stops.
  void scan(const Column& column, const std::function<bool(Row first, Row count, ByteView values)>& visit,
            std::uint32_t first_block = 0, std::uint32_t last_block = UINT32_MAX);
  /// Whether a block holds nothing but zeros, or empty values.
  bool is_blank(const Column& column, std::uint32_t block);
  /// Values of a variable column as they lie in a block: `begins` and `sizes` of each within `bytes`. What
  /// lies between two values is no part of either.
  struct Texts {
    Row first;
    ByteView bytes;
    std::span<const std::uint32_t> begins, sizes;
  };
  void scan_texts(const Column& column, const std::function<bool(const Texts&)>& visit,
                  std::uint32_t first_block = 0, std::uint32_t last_block = UINT32_MAX);
  /// Another reader of the same state, for another thread; absent if a newer one was committed meanwhile.
  std::optional<Reader> twin() const;
  /// Values of a variable column, one by one.
  void scan_variable(const Column& column, const std::function<bool(Row row, ByteView value)>& visit);

  // Derived: sealed records by token
  /// A name that only keys of the kind's class can make. Error(wrong_key) if the role lacks it.
  Token token(const TokenKind& kind, ByteView value, ByteView more = {}) const;
  std::optional<Bytes> record(const RecordTable& table, const Token& token);
  /// Whether there is one; it is not opened.
  bool has_record(const RecordTable& table, const Token& token);
  std::uint64_t record_count(const RecordTable& table) const;
  /// All records of a table in the order of their tokens. Error(corrupt) if their number is not what was
  /// committed.
  void for_each_record(const RecordTable& table, const std::function<bool(ByteView content)>& visit);
  /// Row or sequence number that a token was put for: a hint that the row itself has to confirm.
  std::optional<std::uint64_t> lookup(const Token& token);

  /// Named counters, cross-checked with what they count by `dalil check`.
  std::uint64_t counter(unsigned index) const;

 private:
  friend class Ledger;
  friend class Writer;
  struct State;
  static Reader on(std::shared_ptr<const Core> core);
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The only way to change an archive; one at a time over all processes.
///
/// Appends and changes of derived rows become visible and durable together, at `commit`. Destruction without
/// a commit forgets everything since the last one. Reads through the writer see its own changes.
class Writer {
 public:
  ~Writer();
  Writer(Writer&&) noexcept;

  /// Appends an entry under this keyring's actor, at the clock's time.
  Seq append(const Draft& draft);
  std::uint64_t size() const;
  std::uint64_t uncommitted() const;  ///< entries appended since the last commit
  /// An entry whose content is gone comes back as redacted; whether that is as it should be is for the caller
  /// to find out.
  Entry entry(Seq seq);

  bool can_read(SealClass seal_class) const;
  Row rows(std::uint8_t table) const;
  Row add_row(std::uint8_t table);
  ByteView cell(const Column& column, Row row);
  void set(const Column& column, Row row, ByteView value);

  Token token(const TokenKind& kind, ByteView value, ByteView more = {}) const;
  std::optional<Bytes> record(const RecordTable& table, const Token& token);
  /// `pad_to`: sizes tell little when they are few; see Sealer::seal.
  void put_record(const RecordTable& table, const Token& token, ByteView content, std::size_t pad_to = 256);
  std::optional<std::uint64_t> lookup(const Token& token);
  void put_lookup(const Token& token, std::uint64_t value);

  std::uint64_t counter(unsigned index) const;
  void add_to_counter(unsigned index, std::int64_t change);

  /// Admits an actor: from the next commit on their signature counts. Error(wrong_key) unless this actor is
  /// an archivist; Error(conflict) if the name or the key is taken.
  void add_signer(const Keyring& admitted);
  /// The signature of this actor counts for no larger tree than the present one. Error(not_found) if it does
  /// not count now; Error(invalid) for the last archivist. Returns the key.
  crypto::PublicKey remove_signer(const ActorId& actor);
  /// Marks the content of an entry as destroyed by the entry `by`: readers take its absence for no damage.
  void mark_redacted(Seq seq, Seq by);

  /// Writes everything out, signs the checkpoint over the new tree and commits durably (fsync).
  /// On failure (disk full, I/O error) throws Error(io); the archive is as after the last commit and this
  /// writer is dead: every further call throws. Error(unsupported) once the epoch's keys have sealed as many
  /// values as random nonces allow (2^30; NIST SP 800-38D section 8.3 has 2^32): a new epoch is due.
  void commit();

 private:
  friend class Ledger;
  struct State;
  enum class OnRollback : std::uint8_t { refuse, accept };
  static Writer on(std::shared_ptr<const Core> core, OnRollback on_rollback = OnRollback::refuse);
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// An open archive: the LMDB environment and the keys of one actor.
class Ledger {
 public:
  /// Makes a new archive directory: in a temporary directory beside it, synced, renamed, parent synced.
  /// `slots` are the key slot files (name, age file); `first_entries` are appended by the keyring's actor.
  /// Error(conflict) if `directory` exists; Error(unsupported) on a network file system.
  static void create(const std::string& directory, const Keyring& keyring, Schema schema,
                     const std::vector<std::pair<std::string, Bytes>>& slots,
                     const std::vector<Draft>& first_entries, const Clock& clock);
  /// Error(no_archive), Error(wrong_key), Error(corrupt): the file is shorter than its pages, the tree does
  /// not match the signed checkpoint, a seal is broken.
  /// Keys that were granted to the keyring's actor are taken from `keys/`; see Keyring::take_grant.
  /// Error(unsupported) if an older version made the derived tables, unless only the ledger is wanted.
  ///
  /// With a `memory` the archive is compared with what it recalls: an older one, or one of another history,
  /// opens for reading only (see `rollback`). A newer state is remembered, now and after every commit.
  enum class For : std::uint8_t { everything, ledger_only };
  static Ledger open(const std::string& directory, Keyring keyring, Schema schema, const Clock& clock,
                     For purpose = For::everything, std::shared_ptr<CheckpointMemory> memory = {});
  ~Ledger();
  Ledger(Ledger&&) noexcept;

  Reader read() const;
  /// Error(locked) naming the process that writes. Error(io) on a read-only file system. Error(corrupt) if
  /// the archive was rolled back.
  Writer write();
  /// For the entry that takes the archive for good as it is: its commit puts the new checkpoint in the place
  /// of what is remembered.
  Writer write_accepting_rollback();
  /// Puts the archive's checkpoint in the place of what is remembered, without an entry.
  void accept_as_seen();
  /// Absent if the archive continues what was seen of it, or nothing was.
  const std::optional<Rollback>& rollback() const;

  const Keyring& keyring() const;
  const std::string& directory() const;
  /// What the archive's database occupies on the disk.
  std::uint64_t database_bytes() const;

  static Ledger on(std::shared_ptr<const Core> core);
  const Core& core() const { return *core_; }

 private:
  explicit Ledger(std::shared_ptr<const Core> core) : core_(std::move(core)) {}
  std::shared_ptr<const Core> core_;
};

/// Copies the ledger (entries, tree, checkpoints, signers) into a new directory `to`, without any derived
/// table, and checks on the way that every entry's leaf is in the tree. Error(corrupt) if one is not.
/// Sealed under `keyring`: anew if that is of another epoch, which takes all classes. The contents of the
/// entries in `destroy` are left out.
void copy_ledger(const Ledger& from, const std::string& to, const Keyring& keyring,
                 const std::set<Seq>& destroy = {});
/// Puts the database of `fresh` in the place of the archive's, which nobody can open meanwhile, and removes
/// what is left of `fresh`. Who has it open keeps the old one. No process may have the archive open for
/// writing.
void replace_database(const std::string& directory, const std::string& fresh);
/// A path within the archive for a database that is to be made; on the way those go that processes left
/// behind which are no more.
std::string path_for_fresh_database(const std::string& directory);
/// Removes a database that `copy_ledger` made; nothing happens if there is none.
void remove_database(const std::string& directory);

/// Compares the derived tables of two archives of the same keyring: rows, blocks, records, counters.
/// Each difference is one line for people; empty if there is none.
std::vector<std::string> compare_derived(Reader& a, Reader& b, Schema schema,
                                         std::span<const RecordTable> tables);

/// Checks every stored checkpoint: its size, a signature by a key that may sign for the archive, the root
/// over the entries, and that the entries which it adds to the one before bear the signer's name: so nobody's
/// acts can be laid to another without the other's key. Each problem is one line for people.
std::vector<std::string> check_checkpoints(const Ledger& ledger);

/// Names and contents of the key slots in an archive directory. Error(no_archive).
std::vector<std::pair<std::string, Bytes>> read_slots(const std::string& directory);

// Files below keys/: slots, each one actor's, and grants of later epochs (docs/formats/keyring.md).
/// A slot that is written and not in use yet, durably: `NAME.age.new`. Error(conflict) if NAME is taken.
void prepare_slot(const std::string& directory, const std::string& name, const Bytes& age_file);
/// Puts a prepared slot into use, or takes it back.
void accept_slot(const std::string& directory, const std::string& name);
void discard_slot(const std::string& directory, const std::string& name);
/// Slots that are prepared and neither accepted nor discarded.
std::vector<std::string> prepared_slots(const std::string& directory);
void remove_slot(const std::string& directory, const std::string& name);
/// The present epoch's keys of `keyring`, for every other actor that may still sign, durably.
/// Error(unsupported) naming an actor who has no identity to encrypt to.
void write_grants(const std::string& directory, const Keyring& keyring, const std::vector<Signer>& signers);
/// Removes grants of other epochs than this one, and those of actors who may not sign any more.
void remove_stale_grants(const std::string& directory, std::uint32_t epoch,
                         const std::vector<Signer>& signers);

}  // namespace dalil::ledger
