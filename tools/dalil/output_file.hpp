#pragma once

#include <string>

namespace dalil::cli {

/// Error(conflict) if there is something of this name already: a file, or a link that leads nowhere. For
/// every output that a person names: it may be evidence. Said before the work begins; what comes to be
/// meanwhile is refused by files::write_new_file, which is to write it.
void refuse_existing(const std::string& path, const std::string& what);

}  // namespace dalil::cli
