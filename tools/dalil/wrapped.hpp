#pragma once

#include <string>
#include <string_view>

#include "printer.hpp"

namespace dalil::cli {

/// The text, broken at blanks where this terminal is narrower; lines after the first begin with `hanging`
/// blanks. A word that is longer than a line stays whole, and so does everything in a file or a pipe.
std::string wrapped(const Printer& printer, std::string_view text, std::size_t hanging);

/// The same for a width that is known.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t hanging);

/// Prints a path, escaped, and what is said of it: on one line where it fits, else what is said below it.
void print_said(Printer& out, std::string_view raw_path, std::string_view said);

}  // namespace dalil::cli
