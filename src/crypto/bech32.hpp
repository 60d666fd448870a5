#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dalil/base/bytes.hpp"
#include "dalil/crypto/secret.hpp"

namespace dalil::crypto {

/// Bech32 (BIP 173) without its limit of 90 characters, as age uses it. Lower case; `prefix` has no '1'.
std::string bech32_encode(std::string_view prefix, ByteView data);

/// The data, if `text` is Bech32 in lower case with exactly this prefix and a right checksum. The data may be
/// a key, and so it is a Secret.
std::optional<Secret> bech32_decode(std::string_view prefix, std::string_view text);

}  // namespace dalil::crypto
