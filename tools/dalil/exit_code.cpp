#include "exit_code.hpp"

namespace dalil::cli {

const char* const kExitCodeHelp =
    "Exit codes:\n"
    "    0  done, and all is well\n"
    "    1  done, and the answer is no: damage found, nothing matched\n"
    "    2  wrong usage, or a failure\n"
    "    3  done, but some inputs could not be read\n"
    "   10  no archive\n"
    "   11  the archive is locked by another process\n"
    "   12  wrong key, or not visible to this role\n"
    "   13  the archive is damaged or was rolled back\n"
    "  130  interrupted; what was reported done is kept";

int exit_code_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::no_archive:
      return kExitNoArchive;
    case ErrorCode::locked:
      return kExitLocked;
    case ErrorCode::wrong_key:
      return kExitWrongKey;
    case ErrorCode::corrupt:
      return kExitDamaged;
    case ErrorCode::interrupted:
      return kExitInterrupted;
    default:
      return kExitFailure;
  }
}

}  // namespace dalil::cli
