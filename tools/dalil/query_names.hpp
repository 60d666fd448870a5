#pragma once

#include "dalil/archive/find.hpp"

namespace dalil::cli {

/// Gives a query what names mean in this archive: spellings of places, branches of parties, kinds of weapons, and
/// where places are. Only what the query needs is read.
void understand_names(archive::Query& query, archive::View& view);

}  // namespace dalil::cli
