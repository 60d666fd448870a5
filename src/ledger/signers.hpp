#pragma once

#include <vector>

#include "dalil/ledger/ledger.hpp"

namespace dalil::ledger {

/// The list of signers, as it lies sealed in the meta table (docs/formats/archive.md).
Bytes encode_signers(const std::vector<Signer>& signers);
/// Error(corrupt) unless it is one, and each is vouched for by an archivist before it, the first by being
/// `root`.
std::vector<Signer> decode_signers(ByteView bytes, const crypto::PublicKey& root);

/// The row of an actor whom `by` admits. See Writer::add_signer for what is refused.
Signer admit(const std::vector<Signer>& signers, const Keyring& admitted, const Keyring& by);
/// See Writer::remove_signer.
crypto::PublicKey remove(std::vector<Signer>& signers, const ActorId& actor, std::uint64_t tree_size,
                         const Keyring& by);

}  // namespace dalil::ledger
