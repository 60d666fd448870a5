#pragma once

#include <string_view>

#include "dalil/archive/proof.hpp"
#include "printer.hpp"

/// How a disclosed entry looks, to whoever gives it away and to whoever checks it.
namespace dalil::cli {

/// Breaks a sentence into lines of at most 80 columns, the first after `first`, the others indented as far.
void print_wrapped(Printer& out, std::string_view first, std::string_view sentence);

/// Who wrote it and when, then what it says, field by field; the first 40 fields unless -v.
void print_entry(Printer& out, const ledger::PublicLine& line, const archive::Statement& statement);

Json json_of(const archive::Statement& statement);

}  // namespace dalil::cli
