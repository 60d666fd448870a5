#include "dalil/base/digest.hpp"

#include <algorithm>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil {

std::string Digest::hex() const {
  return to_hex(bytes);
}

std::optional<Digest> Digest::from_hex(std::string_view text) {
  if (text.size() != 2 * kSize) return std::nullopt;
  const std::optional<Bytes> decoded = dalil::from_hex(text);
  if (!decoded) return std::nullopt;
  return from_bytes(*decoded);
}

Digest Digest::from_bytes(ByteView bytes) {
  if (bytes.size() != kSize) {
    throw Error(ErrorCode::corrupt, "digest has " + std::to_string(bytes.size()) + " bytes instead of 32");
  }
  Digest digest;
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

}  // namespace dalil
