#pragma once

#include <string>

namespace dalil::ledger {

/// Whether a text can be an actor's name: it stands on a line of its own in the keyring and in lists that
/// people read.
bool is_actor_name(const std::string& name);

}  // namespace dalil::ledger
