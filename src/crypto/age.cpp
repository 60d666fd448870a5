#include "dalil/crypto/age.hpp"

#include <algorithm>
#include <functional>

#include "age_armor.hpp"
#include "age_header.hpp"
#include "age_payload.hpp"
#include "age_stanzas.hpp"
#include "dalil/base/error.hpp"
#include "hmac.hpp"

namespace dalil::crypto::age {
namespace {

constexpr std::size_t kMacKeySize = 32;

std::array<std::uint8_t, 32> header_mac(const Secret& file_key, ByteView authenticated) {
  return HmacSha256(hkdf_sha256(file_key.view(), "header", kMacKeySize).view()).of(authenticated);
}

Bytes assemble(const Secret& file_key, const std::vector<Stanza>& stanzas, ByteView plaintext) {
  const std::string authenticated = format_stanzas(stanzas);
  const std::string mac = format_mac(header_mac(file_key, as_bytes(authenticated)));
  Bytes out(authenticated.begin(), authenticated.end());
  append(out, as_bytes(mac));
  append_payload(out, file_key.view(), plaintext);
  return out;
}

bool is_scrypt(const Stanza& stanza) {
  return stanza.type == kScryptType;
}

/// Well-formed, and keeping the rule that scrypt stands alone: somebody who knows the passphrase can make the
/// file, so that it must not also claim to be for a recipient.
std::optional<Header> parse_lawful_header(ByteView file) {
  std::optional<Header> header = parse_header(file);
  if (!header) return std::nullopt;
  const auto& stanzas = header->stanzas;
  if (stanzas.size() > 1 && std::any_of(stanzas.begin(), stanzas.end(), is_scrypt)) return std::nullopt;
  return header;
}

/// Finds the file key in a header's stanzas.
using FindKey = std::function<Unwrapped(const std::vector<Stanza>&)>;

Opened open_binary(ByteView file, const FindKey& find_key, std::size_t max_payload_bytes) {
  const std::optional<Header> header = parse_lawful_header(file);
  if (!header) return {Failure::header, {}};
  const Unwrapped unwrapped = find_key(header->stanzas);
  if (unwrapped.failure != Failure::none) return {unwrapped.failure, {}};
  const auto mac = header_mac(unwrapped.file_key, file.first(header->authenticated_size));
  if (!equal_constant_time(mac, header->mac)) return {Failure::hmac, {}};
  const ByteView payload = file.subspan(header->size);
  if (payload.size() < kPayloadNonceSize) return {Failure::header, {}};
  std::optional<Secret> plaintext = open_payload(unwrapped.file_key.view(), payload, max_payload_bytes);
  if (!plaintext) return {Failure::payload, {}};
  return {Failure::none, std::move(*plaintext)};
}

Opened open_any(ByteView file, const FindKey& find_key, std::size_t max_payload_bytes) {
  if (!looks_armored(file)) return open_binary(file, find_key, max_payload_bytes);
  const std::optional<Bytes> binary = decode_armor(file);
  if (!binary) return {Failure::armor, {}};
  return open_binary(*binary, find_key, max_payload_bytes);
}

}  // namespace

Bytes encrypt_to(ByteView plaintext, const std::vector<std::string>& recipients) {
  if (recipients.empty()) throw Error(ErrorCode::invalid, "cannot encrypt to nobody");
  const Secret file_key = random_secret(kFileKeySize);
  std::vector<Stanza> stanzas;
  for (const std::string& recipient : recipients)
    stanzas.push_back(wrap_to_recipient(file_key.view(), recipient));
  return assemble(file_key, stanzas, plaintext);
}

Bytes encrypt_with_passphrase(ByteView plaintext, ByteView passphrase, int log_n) {
  const Secret file_key = random_secret(kFileKeySize);
  return assemble(file_key, {wrap_with_passphrase(file_key.view(), passphrase, log_n)}, plaintext);
}

Opened decrypt(ByteView file, const std::vector<Identity>& identities, std::size_t max_payload_bytes) {
  const FindKey find_key = [&](const std::vector<Stanza>& stanzas) -> Unwrapped {
    for (const Identity& identity : identities) {
      for (const Stanza& stanza : stanzas) {
        if (stanza.type != kX25519Type) continue;
        Unwrapped unwrapped = unwrap_with_identity(stanza, identity);
        if (unwrapped.failure != Failure::no_match) return unwrapped;
      }
    }
    return {};
  };
  return open_any(file, find_key, max_payload_bytes);
}

Opened decrypt_with_passphrase(ByteView file, ByteView passphrase, std::size_t max_payload_bytes) {
  const FindKey find_key = [&](const std::vector<Stanza>& stanzas) -> Unwrapped {
    if (!is_scrypt(stanzas.front())) return {};
    return unwrap_with_passphrase(stanzas.front(), passphrase);
  };
  return open_any(file, find_key, max_payload_bytes);
}

bool needs_passphrase(ByteView file) {
  const std::optional<Bytes> binary = looks_armored(file) ? decode_armor(file) : std::nullopt;
  const std::optional<Header> header = parse_lawful_header(binary ? ByteView(*binary) : file);
  return header && is_scrypt(header->stanzas.front());
}

}  // namespace dalil::crypto::age
