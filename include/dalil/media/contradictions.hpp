#pragma once

#include <string>
#include <vector>

#include "dalil/media/facts.hpp"

namespace dalil::media {

/// Two statements of one file that cannot both be right, or one that is known to mislead.
struct Contradiction {
  std::string field;    ///< the claim, as in TimeClaim::field or PlaceClaim::field
  std::string against;  ///< the claim that it was compared with; may be empty
  std::string text;     ///< how they differ: a fact, and no verdict on which is wrong
  bool operator==(const Contradiction&) const = default;
};

/// Compares each time of making with the best one (see best_time), and places with each other. Modifications,
/// and what the file system says, are later by their nature. A clock without a zone agrees with UTC if some
/// zone explains the difference. Rules: docs/metadata.md.
std::vector<Contradiction> contradictions(const MediaFacts& facts);

}  // namespace dalil::media
