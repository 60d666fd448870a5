#pragma once

#include <optional>
#include <string>

#include "dalil/archive/source.hpp"

/// What people have to say and should not say in the arguments, which every process of the machine can read
/// and which shells keep.
namespace dalil::cli {

/// The text of an option, or the content of the file that its twin names ("-": standard input) without blanks
/// and line ends at its end. Error(usage) if both are given; Error(invalid) unless it is at most 64 KiB of
/// UTF-8.
std::string words_from(const std::string& text, const std::string& file);

/// From a file in the format of docs/formats/identity.md; "-" is standard input, or questions on the terminal
/// if that is one. Error(invalid) if it says nothing; no message tells what it says.
archive::SourceIdentity identity_from(const std::string& file);

/// Asks for name, contact and note on the terminal; each may stay empty.
archive::SourceIdentity ask_identity();
bool input_is_terminal();

}  // namespace dalil::cli
