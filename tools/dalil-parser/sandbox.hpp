#pragma once

#include <cstdint>

namespace dalil::parser {

/// What lock_door() could put into force: 0, or the errno that says why not. Each missing mechanism is a
/// missing layer, not a failure.
struct Locks {
  int no_new_privileges = 0;
  int seccomp = 0;
  int landlock = 0;
  int resource_limits = 0;
  int closed_memory = 0;  ///< no other process of this user may read or trace it
  unsigned landlock_version = 0;
};

/// Gives up, for ever, all that a parser does not need: opening, connecting, executing, forking, signalling
/// others, making memory executable. What remains: read descriptors that it is handed, compute, and write to
/// `socket`.
///
/// To be called once the libraries are initialised, in a process with a single thread, before the first
/// foreign byte.
Locks lock_door(int socket);

}  // namespace dalil::parser
