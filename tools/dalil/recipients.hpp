#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "session.hpp"

namespace dalil::cli {

/// Where sealed drives and snapshots are encrypted to: the archive's newest recovery key, which an archivist
/// makes now if there is none, and `further` recipients. Error(not_found) if there is none and the role may
/// not make one; Error(invalid) for what is no recipient.
std::vector<std::string> sealing_recipients(Session& session, archive::Archive& archive,
                                            const std::vector<std::string>& further);

}  // namespace dalil::cli
