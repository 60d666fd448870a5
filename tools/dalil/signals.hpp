#pragma once

#include "dalil/jobs/progress.hpp"

namespace dalil::cli {

/// From now on SIGINT, SIGTERM and SIGHUP set the stop flag, so that a job commits what is done and returns.
/// A second signal of the same kind ends the process. SIGPIPE becomes a failed write.
void catch_stop_signals();

/// From now on a read outside of memory (SIGSEGV, SIGBUS) ends the process with a clear error: LMDB follows what
/// its pages say, and damaged ones may lead astray. Not in builds with sanitizers, which tell more.
void catch_memory_faults();

/// The flag that they set. A signal handler can reach nothing but a static object: the only one of this
/// program.
const jobs::StopFlag& stop_flag();

/// Returns when something can be read from `fd`, or a stop was requested: also one between the look at the
/// flag and the waiting, which a plain `read` would sleep through.
void wait_for_input(int fd);

}  // namespace dalil::cli
