#pragma once

#include <functional>

#include "age_header.hpp"
#include "age_stanzas.hpp"

namespace dalil::crypto::age {

/// Header of a file with this key and these stanzas, up to its payload.
Bytes make_header(const Secret& file_key, const std::vector<Stanza>& stanzas);
/// With a stanza for each recipient. Error(invalid) if there are none, or a bad one.
Bytes make_header(const Secret& file_key, const std::vector<std::string>& recipients);

/// Well-formed, and keeping the rule that scrypt stands alone: somebody who knows the passphrase can make the
/// file, so that it must not also claim to be for a recipient.
std::optional<Header> parse_lawful_header(ByteView file);
bool is_scrypt(const Stanza& stanza);

/// Finds the file key in a header's stanzas.
using FindKey = std::function<Unwrapped(const std::vector<Stanza>&)>;
/// `identities` have to outlive it.
FindKey with_identities(const std::vector<Identity>& identities);

/// The file key, if the header is authentic under it. `file` begins with what `header` was parsed from.
Unwrapped open_header(ByteView file, const Header& header, const FindKey& find_key);

}  // namespace dalil::crypto::age
