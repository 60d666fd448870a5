#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/base/error.hpp"
#include "dalil/crypto/timestamp.hpp"

/// An authority's word for when a checkpoint existed (RFC 3161; docs/timestamps.md).
namespace dalil::archive {

/// A stored checkpoint as an authority is asked to stamp it: the bytes of the signed note.
struct StampedCheckpoint {
  std::uint64_t tree_size = 0;
  std::string note;
  Digest imprint() const;  ///< SHA-256 of the note
};
/// The newest.
StampedCheckpoint checkpoint_to_stamp(View& view);
/// The stored one with this SHA-256, looked for from the newest on; absent if there is none.
std::optional<StampedCheckpoint> find_stamped(View& view, const Digest& imprint);

/// A time-stamp as its entry has it.
struct Timestamp {
  Seq seq = 0;
  StampedCheckpoint checkpoint;
  Bytes token;               ///< DER
  std::vector<Bytes> chain;  ///< certificates in DER: the signer's first, each issued by the next
  UtcTime time;              ///< the authority's
  std::string authority;
  bool trusted = false;  ///< whoever attached it named the certificate that the chain ends in as trusted
};

/// Those over checkpoints of at least this size, in the order of their entries. Entries whose content was
/// destroyed are left out.
std::vector<Timestamp> timestamps(View& view, std::uint64_t min_tree_size = 0);

/// Looks at everything again: that the token is valid at its own time over these bytes and says what the
/// entry says, and that the archive has that checkpoint. Empty, or why it does not hold.
std::string fault_of(View& view, const Timestamp& timestamp);

/// Error(invalid): "the time-stamp is not valid: ..."
Error invalid_timestamp(const std::string& problem);

/// What is to be attached, and what it is judged by.
struct TimestampToAttach {
  Bytes token;                 ///< DER, as crypto::timestamp::read_reply gives it
  std::optional<Bytes> nonce;  ///< of the request; absent: any will do
  /// Certificates of authorities; empty: the chain is taken as it comes, and the entry says so.
  std::vector<Bytes> trusted;
};
/// Finds the checkpoint, checks, and appends an entry; nothing is appended unless the token is valid.
/// Error(invalid) says why it is not, or that it is about no checkpoint of this archive; Error(conflict) if
/// it is attached already.
Timestamp attach_timestamp(Archive& archive, const TimestampToAttach& what);

}  // namespace dalil::archive
