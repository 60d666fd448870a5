#include "age_key.hpp"

#include <algorithm>

#include "dalil/base/error.hpp"
#include "hmac.hpp"

namespace dalil::crypto::age {
namespace {

constexpr std::size_t kMacKeySize = 32;

std::array<std::uint8_t, 32> header_mac(const Secret& file_key, ByteView authenticated) {
  return HmacSha256(hkdf_sha256(file_key.view(), "header", kMacKeySize).view()).of(authenticated);
}

}  // namespace

Bytes make_header(const Secret& file_key, const std::vector<Stanza>& stanzas) {
  const std::string authenticated = format_stanzas(stanzas);
  const std::string mac = format_mac(header_mac(file_key, as_bytes(authenticated)));
  Bytes out(authenticated.begin(), authenticated.end());
  append(out, as_bytes(mac));
  return out;
}

Bytes make_header(const Secret& file_key, const std::vector<std::string>& recipients) {
  if (recipients.empty()) throw Error(ErrorCode::invalid, "cannot encrypt to nobody");
  std::vector<Stanza> stanzas;
  stanzas.reserve(recipients.size());
  for (const std::string& recipient : recipients)
    stanzas.push_back(wrap_to_recipient(file_key.view(), recipient));
  return make_header(file_key, stanzas);
}

bool is_scrypt(const Stanza& stanza) {
  return stanza.type == kScryptType;
}

std::optional<Header> parse_lawful_header(ByteView file) {
  std::optional<Header> header = parse_header(file);
  if (!header) return std::nullopt;
  const auto& stanzas = header->stanzas;
  if (stanzas.size() > 1 && std::any_of(stanzas.begin(), stanzas.end(), is_scrypt)) return std::nullopt;
  return header;
}

FindKey with_identities(const std::vector<Identity>& identities) {
  return [&identities](const std::vector<Stanza>& stanzas) -> Unwrapped {
    for (const Identity& identity : identities) {
      for (const Stanza& stanza : stanzas) {
        if (stanza.type != kX25519Type) continue;
        Unwrapped unwrapped = unwrap_with_identity(stanza, identity);
        if (unwrapped.failure != Failure::no_match) return unwrapped;
      }
    }
    return {};
  };
}

Unwrapped open_header(ByteView file, const Header& header, const FindKey& find_key) {
  Unwrapped unwrapped = find_key(header.stanzas);
  if (unwrapped.failure != Failure::none) return {unwrapped.failure, {}};
  const auto mac = header_mac(unwrapped.file_key, file.first(header.authenticated_size));
  if (!equal_constant_time(mac, header.mac)) return {Failure::hmac, {}};
  return unwrapped;
}

}  // namespace dalil::crypto::age
