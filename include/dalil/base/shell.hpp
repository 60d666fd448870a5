#pragma once

#include <string>
#include <string_view>

namespace dalil {

/// A word as bash and zsh read it, harmless on a terminal, so that a command that is shown can be pasted: as
/// it is, in single quotes, or, with bytes that `escape_for_display` would show otherwise, as $'...'.
std::string shell_word(std::string_view raw);

}  // namespace dalil
