#pragma once

#include <optional>
#include <vector>

#include "dalil/archive/proof.hpp"

/// What `prove` is put together from.
namespace dalil::archive {

/// Passes if every item that the content names may be shown to a court (`require_consent`): by its SHA-256,
/// or by a path at which the archive holds a copy. What a withdrawal of a link names is the item of that
/// link.
void require_consents(View& view, ByteView content);

/// Fills in `checkpoints` and `keys`.
void add_checkpoints(Proof& proof, View& view, Seq seq, std::optional<std::uint64_t> only);

}  // namespace dalil::archive
