#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dalil/ledger/entry.hpp"
#include "dalil/ledger/schema.hpp"
#include "dalil/merkle/note.hpp"
#include "dalil/merkle/tree.hpp"

namespace dalil::ledger {

struct Core;
using Token = std::array<std::uint8_t, 32>;

/// An actor whose signature on a checkpoint counts.
struct Signer {
  merkle::NoteKey key;
  Role role = Role::archivist;
  std::string actor_name;
};

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

  // The ledger itself
  std::uint64_t size() const;
  Entry entry(Seq seq);
  PublicLine line(Seq seq);
  /// Calls for each entry from `first` to `last` (exclusive); false from the function stops.
  void for_each(Seq first, Seq last, const std::function<bool(const Entry&)>& visit);
  /// The signed checkpoint of the newest commit, as a note.
  std::string checkpoint();
  merkle::NodeReader nodes();
  std::vector<Signer> signers();

  // Derived: columns
  bool can_read(SealClass seal_class) const;
  Row rows(std::uint8_t table) const;
  /// One value of a column.
  ByteView cell(const Column& column, Row row);
  /// Whole blocks in order: `visit(first_row, count, values)`; values of a fixed column lie side by side.
  /// Blocks first_block to last_block (exclusive), clamped. False stops.
  void scan(const Column& column, const std::function<bool(Row first, Row count, ByteView values)>& visit,
            std::uint32_t first_block = 0, std::uint32_t last_block = UINT32_MAX);
  /// Values of a variable column, one by one.
  void scan_variable(const Column& column, const std::function<bool(Row row, ByteView value)>& visit);

  // Derived: sealed records by token
  Token token(std::string_view kind, ByteView value, ByteView more = {}) const;
  std::optional<Bytes> record(const RecordTable& table, const Token& token);
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
  Entry entry(Seq seq);

  bool can_read(SealClass seal_class) const;
  Row rows(std::uint8_t table) const;
  Row add_row(std::uint8_t table);
  ByteView cell(const Column& column, Row row);
  void set(const Column& column, Row row, ByteView value);

  Token token(std::string_view kind, ByteView value, ByteView more = {}) const;
  std::optional<Bytes> record(const RecordTable& table, const Token& token);
  /// `pad_to`: sizes tell little when they are few; see Sealer::seal.
  void put_record(const RecordTable& table, const Token& token, ByteView content, std::size_t pad_to = 256);
  std::optional<std::uint64_t> lookup(const Token& token);
  void put_lookup(const Token& token, std::uint64_t value);

  std::uint64_t counter(unsigned index) const;
  void add_to_counter(unsigned index, std::int64_t change);

  void add_signer(const Signer& signer);

  /// Writes everything out, signs the checkpoint over the new tree and commits durably (fsync).
  /// On failure (disk full, I/O error) throws Error(io); the archive is as after the last commit and this
  /// writer is dead: every further call throws.
  void commit();

 private:
  friend class Ledger;
  struct State;
  static Writer on(std::shared_ptr<const Core> core);
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
  static Ledger open(const std::string& directory, Keyring keyring, Schema schema, const Clock& clock);
  ~Ledger();
  Ledger(Ledger&&) noexcept;

  Reader read() const;
  /// Error(locked) naming the process that writes. Error(io) on a read-only file system.
  Writer write();

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
void copy_ledger(const Ledger& from, const std::string& to);
/// Puts the database of `fresh` in the place of the archive's in one rename, and removes what is left of
/// `fresh`. No process may have the archive open for writing.
void replace_database(const std::string& directory, const std::string& fresh);
/// Removes a database that `copy_ledger` made; nothing happens if there is none.
void remove_database(const std::string& directory);

/// Compares the derived tables of two archives of the same keyring: rows, blocks, records, counters.
/// Each difference is one line for people; empty if there is none.
std::vector<std::string> compare_derived(Reader& a, Reader& b, Schema schema,
                                         std::span<const RecordTable> tables);

/// Names and contents of the key slots in an archive directory. Error(no_archive).
std::vector<std::pair<std::string, Bytes>> read_slots(const std::string& directory);

}  // namespace dalil::ledger
