#pragma once

#include "dalil/ledger/keyring.hpp"

namespace dalil::archive {

namespace records {
class Record;
}

/// Whether an actor of this role may state such a thing. The class keys alone do not decide it: an auditor
/// who holds the inventory's could otherwise state that a file was taken in. `dalil check` holds every entry
/// against it.
bool may_state(ledger::Role role, const records::Record& record);
/// Error(wrong_key) unless they may.
void refuse_beyond_role(ledger::Role role, const records::Record& record);

}  // namespace dalil::archive
