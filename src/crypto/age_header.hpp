#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/base/bytes.hpp"

namespace dalil::crypto::age {

/// How one recipient gets at the file key: "-> type argument ...", then the body in base64.
struct Stanza {
  std::string type;
  std::vector<std::string> arguments;
  Bytes body;
};

struct Header {
  std::vector<Stanza> stanzas;
  std::array<std::uint8_t, 32> mac{};
  std::size_t authenticated_size = 0;  ///< leading bytes of the file that the MAC covers
  std::size_t size = 0;                ///< where the payload begins
};

/// Absent unless well-formed in the only form that the specification allows.
std::optional<Header> parse_header(ByteView file);

/// The text up to and including "---", which the MAC covers.
std::string format_stanzas(const std::vector<Stanza>& stanzas);
/// What follows that text: blank, MAC, line feed.
std::string format_mac(const std::array<std::uint8_t, 32>& mac);

}  // namespace dalil::crypto::age
