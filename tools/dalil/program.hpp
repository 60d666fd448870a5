#pragma once

namespace dalil::cli {

/// Parses the arguments, runs the command and returns the exit code. Throws what the command throws.
int run_program(int argc, char** argv);

}  // namespace dalil::cli
