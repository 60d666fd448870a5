#pragma once

#include <string>

#include "dalil/base/error.hpp"
#include "dalil/crypto/age.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/ledger/ledger.hpp"

namespace dalil::faults {

/// The keyring that a key file opens. Error(wrong_key) if it opens none.
inline ledger::Keyring unlock(const std::string& archive, const std::string& key_file) {
  const Bytes text = files::read_small_file(key_file);
  const auto identities = crypto::age::Identity::parse_file(as_chars(text));
  for (const auto& [name, slot] : ledger::read_slots(archive))
    if (const auto opened = crypto::age::decrypt(slot, identities);
        opened.failure == crypto::age::Failure::none)
      return ledger::Keyring::decode(opened.plaintext.view());
  throw Error(ErrorCode::wrong_key, "the key opens no slot");
}

}  // namespace dalil::faults
