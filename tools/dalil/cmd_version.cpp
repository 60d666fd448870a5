#include "command.hpp"

namespace dalil::cli {

Runner declare_version(Options&) {
  return [](Session& session) {
    session.out().line("dalil " DALIL_VERSION);
    session.out().object("summary", {{"command", "version"}, {"version", DALIL_VERSION}});
    return static_cast<int>(kExitOk);
  };
}

}  // namespace dalil::cli
