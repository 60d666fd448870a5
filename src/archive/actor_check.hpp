#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "dalil/ledger/ledger.hpp"

namespace dalil::archive {

/// Goes through the ledger and finds entries whose actor was not admitted by then, was removed, or whose role
/// may not state such a thing; and at its end differences between the list of signers and what the entries
/// say.
class ActorCheck {
 public:
  ActorCheck(std::vector<ledger::Signer> signers, std::vector<std::string>& problems)
      : signers_(std::move(signers)), problems_(problems) {}
  /// Entries in order, without a gap.
  void see(const ledger::Entry& entry);
  void finish();

 private:
  struct Actor {
    ledger::Role role;
    bool active = true;
  };
  void see_keys(const ledger::Entry& entry);
  std::vector<ledger::Signer> signers_;
  std::vector<std::string>& problems_;
  std::map<ledger::ActorId, Actor> actors_;
};

}  // namespace dalil::archive
