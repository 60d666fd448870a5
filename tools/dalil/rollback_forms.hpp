#pragma once

#include "dalil/ledger/memory.hpp"
#include "printer.hpp"

namespace dalil::cli {

/// The story of an archive that does not continue what this machine has seen: warnings on standard error, and
/// an object "rollback".
void tell_rollback(Printer& out, const ledger::Rollback& rollback);

Json json_of(const ledger::Rollback& rollback);

}  // namespace dalil::cli
