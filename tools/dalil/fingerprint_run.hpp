#pragma once

#include <string>

#include "dalil/jobs/fingerprint.hpp"
#include "session.hpp"

namespace dalil::cli {

/// Looks at pictures and videos of a volume, and says what came of it. Returns an exit code.
int run_fingerprints(Session& session, archive::Archive& archive, const jobs::FingerprintOptions& options,
                     const std::string& label);

}  // namespace dalil::cli
