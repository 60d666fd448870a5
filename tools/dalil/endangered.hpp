#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/verify.hpp"
#include "printer.hpp"

namespace dalil::cli {

/// An incident some of whose evidence has no intact copy left on the volume that was verified.
struct EndangeredIncident {
  std::string id;
  std::uint64_t items = 0;         ///< evidence of it, no candidates, with a copy that belongs on this volume
  std::uint64_t without_copy = 0;  ///< of those, the ones with no intact copy here
  std::uint64_t nowhere_else = 0;  ///< of those, the ones with no live copy on another volume either
};

/// What the damage means, by incident; empty if this role cannot see incidents.
std::vector<EndangeredIncident> endangered_incidents(archive::View& view, const archive::Volume& volume,
                                                     const jobs::VerifyReport& report);

/// "ENDANGERED  incident A-1: 2 of 9 items have no intact copy here": comes right behind the answer. The
/// first ones, the worst; all with -v.
void print_endangered(Printer& out, const std::vector<EndangeredIncident>& incidents);
Json json_of(const EndangeredIncident& incident);

}  // namespace dalil::cli
