#pragma once

#include <vector>

#include "dalil/archive/custody.hpp"

namespace dalil::archive {

namespace records {
class Record;
}

/// The main things that an entry says, for programs (docs/cli.md). Empty for kinds without any.
std::vector<EntryField> fields_of(const records::Record& record);

/// The row of the volume that the entry is about; absent if it is about none.
std::optional<Row> volume_of(const records::Record& record);

}  // namespace dalil::archive
