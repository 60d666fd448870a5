#pragma once

#include <cstdint>

namespace dalil::parser {

/// What lock_door() could put into force; each missing mechanism is a missing layer, not a failure.
struct Locks {
  bool no_new_privileges = false;
  bool seccomp = false;
  bool landlock = false;
  bool resource_limits = false;
};

/// Gives up, for ever, all that a parser does not need: opening, connecting, executing, forking, signalling
/// others, making memory executable. What remains: read descriptors that it is handed, compute, and write to
/// `socket`.
///
/// To be called once the libraries are initialised, in a process with a single thread, before the first
/// foreign byte.
Locks lock_door(int socket);

}  // namespace dalil::parser
