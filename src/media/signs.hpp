#pragma once

#include "dalil/media/facts.hpp"

namespace dalil::media {

/// Adds to `signs` what the other facts say of editing or re-encoding: an editor's name, a size that differs
/// from what the camera noted, a modification after the shot. Facts, never verdicts.
void add_signs(MediaFacts& facts);

}  // namespace dalil::media
