#include "key_slots.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/age.hpp"
#include "refs.hpp"

namespace dalil::cli {

using archive::OpensWith;

NewSlot::~NewSlot() {
  if (!kept_ && !made_file.empty()) unlink(made_file.c_str());
}

namespace {

bool opens(const crypto::age::Opened& opened) {
  return opened.failure == crypto::age::Failure::none;
}

/// A secret that opens two slots opens the first of them: somebody would act as another, in another role.
void refuse_taken(const std::string& directory, const std::string& what, const std::string& hint,
                  const std::function<bool(ByteView)>& open) {
  if (directory.empty()) return;
  for (const auto& [name, file] : ledger::read_slots(directory))
    if (open(file))
      throw Error(ErrorCode::conflict, what + " opens the archive already, as " + escape_for_display(name),
                  hint);
}

}  // namespace

NewSlot slot_for_key_file(const ledger::Keyring& keyring, const std::string& directory,
                          const std::string& path) {
  std::vector<std::string> recipients;
  const bool makes_it = access(path.c_str(), F_OK) != 0;
  if (makes_it) {
    recipients.push_back(make_key_file(path).recipient());
  } else {
    const auto identities = read_key_file(path);
    refuse_taken(directory, "key file " + in_quotes(path),
                 "each person and role takes a key of its own: name a file that is not there yet",
                 [&](ByteView file) { return opens(crypto::age::decrypt(file, identities)); });
    for (const auto& identity : identities) recipients.push_back(identity.recipient());
  }
  NewSlot slot({}, OpensWith::key_file, makes_it ? path : std::string());
  slot.age_file = crypto::age::encrypt_to(keyring.encode().view(), recipients);
  return slot;
}

NewSlot slot_for_recipient(const ledger::Keyring& keyring, const std::string& recipient) {
  return {crypto::age::encrypt_to(keyring.encode().view(), {recipient}), OpensWith::recipient};
}

NewSlot slot_for_passphrase(const ledger::Keyring& keyring, const std::string& directory,
                            const std::string& command) {
  SecretOptions secrets;
  secrets.passphrase_command = command;
  const crypto::Secret passphrase = choose_passphrase(secrets);
  refuse_taken(directory, "that passphrase", "each person and role takes one of its own: choose another",
               [&](ByteView file) {
                 return crypto::age::needs_passphrase(file) &&
                        opens(crypto::age::decrypt_with_passphrase(file, passphrase.view()));
               });
  return {crypto::age::encrypt_with_passphrase(keyring.encode().view(), passphrase.view()),
          OpensWith::passphrase};
}

std::string free_slot_name(archive::View& view, const std::string& directory, ledger::Role role) {
  const auto slots = ledger::read_slots(directory);
  const auto keys = view.keys();
  for (unsigned number = 1;; ++number) {
    const std::string name = fmt::format("{}-{}.age", ledger::name_of(role), number);
    if (std::ranges::none_of(slots, [&](const auto& slot) { return slot.first == name; }) &&
        std::ranges::none_of(keys, [&](const auto& key) { return key.slot == name; }))
      return name;
  }
}

void settle_slots(archive::View& view, const std::string& directory) {
  const auto keys = view.keys();
  for (const std::string& name : ledger::prepared_slots(directory)) {
    const bool admitted = std::ranges::any_of(
        keys, [&](const archive::KeyInfo& key) { return key.slot == name && !key.removed_seq; });
    if (admitted)
      ledger::accept_slot(directory, name);
    else
      ledger::discard_slot(directory, name);
  }
}

}  // namespace dalil::cli
