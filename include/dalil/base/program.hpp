#pragma once

#include <string>

namespace dalil {

/// The folder in which the running program lies, without a slash at its end; empty if that cannot be told.
/// What is installed with it is found from there, wherever that was.
std::string folder_of_program();

}  // namespace dalil
