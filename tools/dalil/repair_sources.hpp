#pragma once

#include <map>
#include <vector>

#include "dalil/archive/archive.hpp"

/// Which volumes can mend which.
namespace dalil::cli {

/// By damaged volume: the fewest volumes, those with most to give first, that hold everything of what is
/// damaged on it intact, as far as any do; and all that hold some copy of what is intact nowhere, since
/// damaged copies may make a whole one together. Looks at all copies once more.
std::map<archive::Row, std::vector<archive::Row>> repair_sources(archive::View& view);

}  // namespace dalil::cli
