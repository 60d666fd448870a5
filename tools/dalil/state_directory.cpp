#include "state_directory.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "dalil/base/error.hpp"

namespace dalil::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string home() {
  if (std::string home = variable("HOME"); home.starts_with('/')) return home;
  const passwd* user = getpwuid(getuid());
  return user == nullptr || user->pw_dir == nullptr ? "" : user->pw_dir;
}

}  // namespace

std::string state_directory() {
  if (std::string own = variable("DALIL_STATE_DIR"); !own.empty()) return own;
  // A relative one is to be ignored (XDG Base Directory Specification).
  if (const std::string state = variable("XDG_STATE_HOME"); state.starts_with('/')) return state + "/dalil";
  const std::string base = home();
  if (!base.starts_with('/')) {
    throw Error(ErrorCode::usage, "no home directory: nowhere to remember the archive's newest state",
                "set HOME, or DALIL_STATE_DIR to a directory that is kept");
  }
  return base + "/.local/state/dalil";
}

}  // namespace dalil::cli
