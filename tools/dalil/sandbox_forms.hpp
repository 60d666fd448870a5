#pragma once

#include "dalil/media/parser_client.hpp"
#include "printer.hpp"

namespace dalil::cli {

/// What keeps in the process that looks into foreign files, layer by layer, on this machine.
void print_sandbox(Printer& out, const media::SandboxState& state, const media::ParserOptions& limits);

}  // namespace dalil::cli
