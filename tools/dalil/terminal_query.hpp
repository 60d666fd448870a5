#pragma once

#include "terminal_picture.hpp"

namespace dalil::cli {

/// What the terminal on standard input and output says that it can; none if they are no terminal, or it says
/// nothing in time. Environment variables are no proof: they outlive a change of terminals.
PictureProtocol ask_terminal();

/// Width of the terminal in pixels; a guess from its columns if it does not say.
std::uint32_t terminal_width_pixels();

}  // namespace dalil::cli
