#pragma once

#include "dalil/archive/archive.hpp"

namespace dalil::archive {

struct Archive::State {
  ledger::Ledger ledger;
  const Clock* clock;
};

}  // namespace dalil::archive
