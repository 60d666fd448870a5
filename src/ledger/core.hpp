#pragma once

#include <map>
#include <memory>
#include <string>

#include "dalil/ledger/ledger.hpp"
#include "layout.hpp"
#include "lmdb.hpp"
#include "seals.hpp"

namespace dalil::ledger {

/// What readers and writers of one open archive share. Immutable.
struct Core {
  std::string directory;
  lmdb::Env env;
  Keyring keyring;
  Schema schema;
  const Clock* clock;
  std::string origin = {};                        ///< of checkpoints: "dalil/<archive id in hexadecimal>"
  std::shared_ptr<CheckpointMemory> memory = {};  ///< may be absent
  std::optional<Rollback> rollback = {};
  MDB_dbi meta = 0, entries = 0, tiles = 0, checkpoints = 0, blocks = 0, records = 0, lookups = 0;

  /// Opens the environment and its tables (made new with `create`).
  /// Of an archive that exists the epoch of `keyring` becomes the one that its state is sealed under.
  static std::shared_ptr<Core> open(const std::string& directory, Keyring keyring, Schema schema,
                                    const Clock& clock, bool create);
};

layout::State read_state(const Core& core, const lmdb::Txn& txn, SealBox& seals);
std::vector<Signer> read_signers(const Core& core, const lmdb::Txn& txn, SealBox& seals);

/// Decodes and authenticates one entry. Redacted if its content is gone, for whatever reason.
Entry read_entry(const Core& core, const lmdb::Txn& txn, SealBox& seals, Seq seq, Bytes& scratch);
Bytes read_tile(const Core& core, const lmdb::Txn& txn, unsigned level, std::uint64_t index);

/// Makes tokens; one per thread. 16 bytes name the record, the next 8 mask a lookup's value.
class TokenMaker {
 public:
  explicit TokenMaker(const Keyring& keyring) : keyring_(&keyring) {}
  /// Error(wrong_key) if the role lacks the kind's class.
  Token make(const TokenKind& kind, ByteView value, ByteView more);

 private:
  const Keyring* keyring_;
  std::map<SealClass, crypto::KeyedToken> keyed_;
  Bytes scratch_;
};
/// Stands in the lookups for an entry whose content was destroyed; leads to the entry that says so.
inline constexpr TokenKind kTokenRedacted{"redacted"};
std::uint64_t token_mask(const Token& token);

Error not_committed(const std::string& what);

}  // namespace dalil::ledger
