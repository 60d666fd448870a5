#include "key_slots.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "dalil/crypto/age.hpp"

namespace dalil::cli {

using archive::OpensWith;

NewSlot::~NewSlot() {
  if (!kept_ && !made_file.empty()) unlink(made_file.c_str());
}

NewSlot slot_for_key_file(const ledger::Keyring& keyring, const std::string& path) {
  std::vector<std::string> recipients;
  const bool makes_it = access(path.c_str(), F_OK) != 0;
  if (makes_it) {
    recipients.push_back(make_key_file(path).recipient());
  } else {
    for (const auto& identity : read_key_file(path)) recipients.push_back(identity.recipient());
  }
  NewSlot slot({}, OpensWith::key_file, makes_it ? path : std::string());
  slot.age_file = crypto::age::encrypt_to(keyring.encode().view(), recipients);
  return slot;
}

NewSlot slot_for_recipient(const ledger::Keyring& keyring, const std::string& recipient) {
  return {crypto::age::encrypt_to(keyring.encode().view(), {recipient}), OpensWith::recipient};
}

NewSlot slot_for_passphrase(const ledger::Keyring& keyring, const std::string& command) {
  SecretOptions secrets;
  secrets.passphrase_command = command;
  const crypto::Secret passphrase = choose_passphrase(secrets);
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
