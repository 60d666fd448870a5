#pragma once

#include "dalil/base/error.hpp"

namespace dalil::cli {

/// What the process says to its caller; part of the interface, never renumber (docs/cli.md).
enum ExitCode : int {
  kExitOk = 0,
  kExitNo = 1,
  kExitFailure = 2,
  kExitPartial = 3,
  kExitNoArchive = 10,
  kExitLocked = 11,
  kExitWrongKey = 12,
  kExitDamaged = 13,
  kExitInterrupted = 130,
};

int exit_code_for(ErrorCode code);

/// The list that ends each help text.
extern const char* const kExitCodeHelp;

}  // namespace dalil::cli
