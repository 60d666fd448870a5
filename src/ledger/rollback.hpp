#pragma once

#include <optional>

#include "dalil/base/error.hpp"
#include "dalil/ledger/ledger.hpp"
#include "dalil/ledger/memory.hpp"

namespace dalil::ledger {

/// Compares the archive, as `reader` sees it, with what was seen before the reader began. Absent if it
/// continues that. `signers` are the keys whose signatures are known. Error(invalid) if what was seen bears a
/// wrong signature by one of them.
std::optional<Rollback> find_rollback(Reader& reader, const SeenCheckpoint& seen,
                                      const std::vector<merkle::NoteKey>& signers);

/// Why nothing is written to such an archive.
Error refusal(const Rollback& rollback);

}  // namespace dalil::ledger
