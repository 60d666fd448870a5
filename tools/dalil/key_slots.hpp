#pragma once

#include <string>

#include "dalil/archive/archive.hpp"
#include "secrets.hpp"

namespace dalil::cli {

/// A keyring encrypted for somebody. A key file that was made for it goes away again unless the slot is kept.
class NewSlot {
 public:
  NewSlot(Bytes encrypted, archive::OpensWith with, std::string file_that_was_made = {})
      : age_file(std::move(encrypted)), opens_with(with), made_file(std::move(file_that_was_made)) {}
  NewSlot(NewSlot&& other) noexcept
      : age_file(std::move(other.age_file)),
        opens_with(other.opens_with),
        made_file(std::move(other.made_file)),
        kept_(other.kept_) {
    other.kept_ = true;
  }
  ~NewSlot();
  void keep() { kept_ = true; }

  Bytes age_file;
  archive::OpensWith opens_with;
  std::string made_file;  ///< empty if there was one

 private:
  bool kept_ = false;
};

/// For the identities of a key file, which is made if it is not there. Error(conflict) if it opens a slot of
/// `directory` already (empty: a new archive, which has none).
NewSlot slot_for_key_file(const ledger::Keyring& keyring, const std::string& directory,
                          const std::string& path);
/// Error(invalid) unless it is an X25519 recipient.
NewSlot slot_for_recipient(const ledger::Keyring& keyring, const std::string& recipient);
/// Asks for a new passphrase twice, or takes what the command prints. Error(conflict) as above.
NewSlot slot_for_passphrase(const ledger::Keyring& keyring, const std::string& directory,
                            const std::string& command);

/// ROLE-N.age, which neither a file nor an entry of the ledger has.
std::string free_slot_name(archive::View& view, const std::string& directory, ledger::Role role);
/// Ends what a crash left half done: a prepared slot whose key was admitted is put into use, any other goes.
void settle_slots(archive::View& view, const std::string& directory);

}  // namespace dalil::cli
