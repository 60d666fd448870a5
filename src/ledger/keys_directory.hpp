#pragma once

#include <string>

#include "dalil/ledger/ledger.hpp"

namespace dalil::ledger {

inline constexpr const char* kKeysDirectory = "keys";

/// Adds to `keyring` what was granted to its actor in `directory`; see Keyring::take_grant.
void take_grants(Keyring& keyring, const std::string& directory);

}  // namespace dalil::ledger
