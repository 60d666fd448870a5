#include "dalil/base/error.hpp"

#include <cerrno>
#include <system_error>

#include "dalil/base/text.hpp"

namespace dalil {
namespace {

const char* hint_for(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "free some space on that drive or choose another one";
    case EROFS:
      return "the drive is mounted read-only; mount it writable or choose another place";
    case EACCES:
    case EPERM:
      return "check who owns it and its permissions";
    case EIO:
      return "the drive may be failing; do not write to it, and copy what is still readable";
    default:
      return "";
  }
}

}  // namespace

Error system_error(const std::string& action, const std::string& subject, int error_number) {
  return Error(ErrorCode::io,
               "cannot " + action + " '" + escape_for_display(subject) +
                   "': " + std::generic_category().message(error_number),
               hint_for(error_number));
}

}  // namespace dalil
