#include "dalil/crypto/padding.hpp"

#include <bit>

namespace dalil::crypto {

std::uint64_t padme_size(std::uint64_t size) {
  if (size < 2) return size;
  const int exponent = static_cast<int>(std::bit_width(size)) - 1;
  const int kept_bits = static_cast<int>(std::bit_width(static_cast<unsigned>(exponent)));
  if (exponent <= kept_bits) return size;
  const std::uint64_t mask = (std::uint64_t{1} << (exponent - kept_bits)) - 1;
  return size + mask < size ? size : (size + mask) & ~mask;
}

}  // namespace dalil::crypto
