#pragma once

#include <cstddef>
#include <span>

#include "dalil/base/bytes.hpp"
#include "dalil/base/digest.hpp"
#include "hash_lanes.hpp"

namespace dalil::crypto {

/// How many of the largest messages had better go through OpenSSL, so that the lanes are evenly filled.
///
/// `sizes` falls. While one message outlasts all others, its lane alone does work, at the price of all lanes.
std::size_t count_outlasting(std::span<const std::size_t> sizes, unsigned lanes, double step_cost);

/// Hashes what fits in the lanes there, everything else with OpenSSL.
void hash_batch(HashLanes& lanes, std::span<const ByteView> messages, std::span<Digest> digests);

}  // namespace dalil::crypto
