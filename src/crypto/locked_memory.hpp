#pragma once

#include <cstddef>
#include <cstdint>

namespace dalil::crypto {

/// Zeroed memory, locked if the limits allow it, left out of core dumps, and zero in a forked child.
/// Small pieces share pages, since RLIMIT_MEMLOCK may be as low as sixteen of them. Safe between threads.
std::uint8_t* allocate_locked(std::size_t size);

/// `size` is what was asked for. The memory is wiped first.
void free_locked(std::uint8_t* data, std::size_t size);

}  // namespace dalil::crypto
