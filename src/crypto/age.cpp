#include "dalil/crypto/age.hpp"

#include "age_armor.hpp"
#include "age_key.hpp"
#include "age_payload.hpp"

namespace dalil::crypto::age {
namespace {

Bytes assemble(const Secret& file_key, Bytes header, ByteView plaintext) {
  append_payload(header, file_key.view(), plaintext);
  return header;
}

Opened open_binary(ByteView file, const FindKey& find_key, std::size_t max_payload_bytes) {
  const std::optional<Header> header = parse_lawful_header(file);
  if (!header) return {Failure::header, {}};
  const Unwrapped unwrapped = open_header(file, *header, find_key);
  if (unwrapped.failure != Failure::none) return {unwrapped.failure, {}};
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
  const Secret file_key = random_secret(kFileKeySize);
  return assemble(file_key, make_header(file_key, recipients), plaintext);
}

Bytes encrypt_with_passphrase(ByteView plaintext, ByteView passphrase, int log_n) {
  const Secret file_key = random_secret(kFileKeySize);
  const std::vector<Stanza> stanzas = {wrap_with_passphrase(file_key.view(), passphrase, log_n)};
  return assemble(file_key, make_header(file_key, stanzas), plaintext);
}

Opened decrypt(ByteView file, const std::vector<Identity>& identities, std::size_t max_payload_bytes) {
  return open_any(file, with_identities(identities), max_payload_bytes);
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
