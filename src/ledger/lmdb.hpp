#pragma once

#include <lmdb.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dalil/base/bytes.hpp"
#include "dalil/base/error.hpp"

/// LMDB behind owners. Its header is seen in src/ledger only.
namespace dalil::ledger::lmdb {

/// Error for a failed LMDB call: disk full, I/O error, damage ... each with its own words.
[[nodiscard]] Error failure(const std::string& action, const std::string& directory, int code);

/// The number of pages that the file must have, by its meta pages, compared with its size: LMDB maps without
/// looking, and a truncated file would end the process with SIGBUS. Error(corrupt) or Error(io).
void check_file(const std::string& data_file);

class Env {
 public:
  /// `directory` holds data.mdb and lock.mdb. `read_only` for media that cannot be written.
  Env(const std::string& directory, unsigned max_tables);
  MDB_env* get() const { return env_.get(); }
  const std::string& directory() const { return directory_; }
  /// False once another database lies in its place (a rebuild): what is written to this one would be lost.
  bool in_place() const;
  /// The lock file counts the transactions of this database, and not of one that lay here before and that
  /// another process still reads: with its count every reading would begin at whichever meta page that names.
  /// Error(locked).
  void check_lock_file() const;

 private:
  struct Close {
    void operator()(MDB_env* env) const { mdb_env_close(env); }
  };
  std::unique_ptr<MDB_env, Close> env_;
  std::string directory_;
  bool read_only_ = false;  ///< on a medium that nobody can write to: read without locks
};

/// A transaction; aborted unless committed.
class Txn {
 public:
  Txn(const Env& env, bool read_only);
  ~Txn() { abort(); }
  Txn(Txn&& other) noexcept : txn_(std::exchange(other.txn_, nullptr)), env_(other.env_) {}
  Txn& operator=(Txn&&) = delete;
  MDB_txn* get() const { return txn_; }
  void commit();
  void abort();
  /// Of a read transaction: moves on to the newest state.
  void renew();
  void rest();  ///< gives the snapshot back until `renew`

  MDB_dbi open_table(const char* name, bool create) const;
  /// Valid until the next write in this transaction, or its end.
  std::optional<ByteView> get(MDB_dbi table, ByteView key) const;
  void put(MDB_dbi table, ByteView key, ByteView value, unsigned flags = 0) const;
  std::uint64_t count(MDB_dbi table) const;

 private:
  MDB_txn* txn_ = nullptr;
  const Env* env_;
};

class Cursor {
 public:
  Cursor(const Txn& txn, MDB_dbi table);
  ~Cursor() { mdb_cursor_close(cursor_); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  /// Moves to the first key >= `key`; false if there is none.
  bool seek(ByteView key);
  bool first();
  bool next();
  bool last();
  bool previous();
  ByteView key() const { return view(key_); }
  ByteView value() const { return view(value_); }

 private:
  static ByteView view(const MDB_val& value) {
    return {static_cast<const std::uint8_t*>(value.mv_data), value.mv_size};
  }
  bool move(MDB_cursor_op operation);
  MDB_cursor* cursor_ = nullptr;
  MDB_val key_{}, value_{};
};

}  // namespace dalil::ledger::lmdb
