#pragma once

#include <optional>
#include <string>

#include "dalil/base/bytes.hpp"
#include "dalil/ledger/entry.hpp"

namespace dalil::archive {

/// The number of the content's kind, read from its first bytes alone: of the first field, which is the only
/// one of a `Record`. 0 if there is none.
unsigned kind_number(ByteView content);

/// The class that all entries of this kind are of; absent if there are some of several, or it is not known.
std::optional<ledger::SealClass> class_of_kind(unsigned number);

/// "copy_seen"; "record 99" for a kind that this version does not know.
std::string kind_name(unsigned number);

}  // namespace dalil::archive
