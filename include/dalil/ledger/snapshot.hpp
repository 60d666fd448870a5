#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dalil/ledger/ledger.hpp"

namespace dalil::ledger {

/// What a snapshot is of.
struct SnapshotState {
  std::string checkpoint_note;  ///< the signed checkpoint of the commit that it shows
  merkle::Checkpoint checkpoint;
  std::uint64_t values = 0;  ///< keys and values of the database
};

/// Writes everything that the archive is, as of its newest commit, in pieces of some 100 KiB: the database's
/// tables value by value, and the files below keys/ (docs/formats/snapshot.md). Others may read and write
/// meanwhile; what they replace is kept until the end, so that the database grows by what is written in the
/// meantime and no more. Error(locked) if another database is put in the archive's place meanwhile (a
/// rebuild, a rotation): then what was written is worth nothing.
SnapshotState write_snapshot(const Ledger& ledger, const std::function<void(ByteView)>& out);

/// Makes an archive from a snapshot, in a directory of its own. No byte of it is taken for a page of a
/// database: the database is made anew from the values. The directory goes away with the object unless it is
/// put in place.
class SnapshotLoader {
 public:
  /// `directory` is where the archive shall be: it is made beside, under a temporary name.
  /// Error(conflict) if it exists; Error(unsupported) on a network file system.
  explicit SnapshotLoader(const std::string& directory);
  ~SnapshotLoader();
  SnapshotLoader(SnapshotLoader&&) noexcept;
  /// Error(corrupt) for what is no snapshot.
  void update(ByteView piece);
  /// Error(corrupt) if it is not complete. The archive is then durable under `path()`, and closed.
  SnapshotState finish();
  const std::string& path() const;
  /// Renames it to where it shall be, in one step and never over something. The archive has to be closed.
  void put_in_place();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dalil::ledger
