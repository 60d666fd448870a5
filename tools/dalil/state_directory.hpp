#pragma once

#include <string>

namespace dalil::cli {

/// Where this user of this machine keeps what has to outlive a command and lies outside of any archive:
/// DALIL_STATE_DIR, else $XDG_STATE_HOME/dalil, else ~/.local/state/dalil.
/// Error(usage) if none of these can be told.
std::string state_directory();

}  // namespace dalil::cli
