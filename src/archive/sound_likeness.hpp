#pragma once

#include <vector>

#include "dalil/archive/similar.hpp"

namespace dalil::archive {

/// What sounds like this, the nearest first, by the rows of windows of sound alone. It is asked with a window
/// at each of its words, so that it does not matter where a trimmed version begins.
std::vector<Likeness> find_sounds(View& view, const media::Sound& question, const media::PrintTable& table,
                                  unsigned threads);

/// Adds to those that look alike what sounds alike: to the same items, then the others.
void add_sounds(std::vector<Likeness>& looks, std::vector<Likeness> sounds);

}  // namespace dalil::archive
