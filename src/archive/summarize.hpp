#pragma once

#include <string>

#include "dalil/ledger/entry.hpp"

namespace dalil::archive {

/// One line for a person: what an entry's content says, names escaped.
/// Error(corrupt) or Error(unsupported) if it is not a record that this version knows.
std::string summarize(ByteView content, ledger::Seq seq);

}  // namespace dalil::archive
