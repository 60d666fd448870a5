#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "dalil/archive/model.hpp"

namespace dalil::archive {

using Index = std::size_t;
using Members = std::vector<Index>;  ///< ascending

/// How incidents hang together, by the relations that either side states. Relations to incidents that are
/// not there, and of types that are not known here, count for nothing.
class Relations {
 public:
  explicit Relations(std::span<const Incident> incidents);

  bool has_whole(Index part) const { return !wholes_[part].empty(); }
  /// True if `accept` takes any whole of `part`. False for what contains itself: in a circle nobody is the
  /// whole, and leaving everybody out would lose the number.
  bool any_whole(Index part, const std::function<bool(Index)>& accept) const;

  /// Of each member the first member that precedes, follows, causes or comes of it, through any number of
  /// others of them; itself if there is none.
  std::vector<Index> chains(const Members& members) const { return joined(members, sequels_, nullptr); }
  /// How many there are if those that contain, precede or cause one another are one.
  std::size_t events(const Members& members) const;

 private:
  using Edges = std::vector<Members>;
  static std::vector<Index> joined(const Members& members, const Edges& edges, const Edges* also);

  Edges wholes_;   ///< of each incident those that contain it
  Edges sequels_;  ///< of each incident those it is in a sequence with, on one of the two sides
};

}  // namespace dalil::archive
