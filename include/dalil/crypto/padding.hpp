#pragma once

#include <cstdint>

namespace dalil::crypto {

/// The size that a content of `size` bytes is padded to, so that encrypted it tells O(log log size) bits of
/// its size: Padmé. At most 12 % more, and less the larger it is. Sizes whose padded form does not fit into
/// 64 bits stay as they are.
/// Source: Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with PURBs
/// (2019), section 4.3, algorithm 1.
std::uint64_t padme_size(std::uint64_t size);

}  // namespace dalil::crypto
