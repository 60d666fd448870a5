#include <algorithm>

#include "age_stanzas.hpp"
#include "bech32.hpp"
#include "dalil/base/error.hpp"
#include "dalil/crypto/age.hpp"

namespace dalil::crypto::age {
namespace {

constexpr std::size_t kScalarSize = 32;
constexpr std::string_view kIdentityPrefix = "age-secret-key-";

constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

Error not_an_identity(const std::string& where) {
  return Error(ErrorCode::invalid, where + " is not an age identity",
               "an X25519 identity starts with AGE-SECRET-KEY-1 and has 74 characters");
}

/// Absent if it is none. Bech32 is lower case inside, and identities are written in capitals.
std::optional<Identity> try_parse(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_lower)) return std::nullopt;
  Secret lowered(as_bytes(text));
  for (std::uint8_t& c : lowered.mutable_view()) {
    if (is_upper(static_cast<char>(c))) c = static_cast<std::uint8_t>(c + ('a' - 'A'));
  }
  std::optional<Secret> scalar = bech32_decode(kIdentityPrefix, as_chars(lowered.view()));
  if (!scalar || scalar->size() != kScalarSize) return std::nullopt;
  return Identity{std::move(*scalar)};
}

}  // namespace

Identity Identity::generate() {
  return {random_secret(kScalarSize)};
}

Identity Identity::parse(std::string_view text) {
  std::optional<Identity> identity = try_parse(text);
  if (!identity) throw not_an_identity("the text");
  return std::move(*identity);
}

std::vector<Identity> Identity::parse_file(std::string_view text) {
  std::vector<Identity> identities;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    std::optional<Identity> identity = try_parse(line);
    if (!identity) throw not_an_identity("line " + std::to_string(line_number) + " of the key file");
    identities.push_back(std::move(*identity));
  }
  if (identities.empty())
    throw Error(ErrorCode::invalid, "the key file has no age identity", "age-keygen makes one");
  return identities;
}

Secret Identity::encode() const {
  std::string text = bech32_encode(kIdentityPrefix, scalar.view());
  for (char& c : text) {
    if (is_lower(c)) c = static_cast<char>(c - ('a' - 'A'));
  }
  Secret encoded(as_bytes(text));
  wipe(text);
  return encoded;
}

std::string Identity::recipient() const {
  return format_recipient(x25519_public(scalar.view()));
}

}  // namespace dalil::crypto::age
