#pragma once

#include <optional>

#include "dalil/base/bytes.hpp"

namespace dalil::crypto::age {

/// True unless the file is binary age by its first bytes, and bears an armor line or something that was meant
/// to be one.
bool looks_armored(ByteView file);

/// The binary file inside an armor (RFC 7468 in its strict form); absent unless it is well-formed from the
/// first line to the last. White space may stand before and after, lines end in LF or CRLF.
std::optional<Bytes> decode_armor(ByteView file);

}  // namespace dalil::crypto::age
