#include "session.hpp"

#include <algorithm>
#include <optional>

#include "dalil/base/text.hpp"
#include "exit_code.hpp"
#include "rollback_forms.hpp"
#include "signals.hpp"
#include "state_directory.hpp"

namespace dalil::cli {
namespace {

using Slots = std::vector<std::pair<std::string, Bytes>>;
constexpr int kPassphraseTries = 3;

std::optional<ledger::Keyring> keyring_of(const crypto::age::Opened& opened) {
  if (opened.failure != crypto::age::Failure::none) return std::nullopt;
  return ledger::Keyring::decode(opened.plaintext.view());
}

std::optional<ledger::Keyring> try_key_file(const Slots& slots, const std::string& path) {
  const auto identities = read_key_file(path);
  for (const auto& [name, file] : slots) {
    if (crypto::age::needs_passphrase(file)) continue;
    if (auto keyring = keyring_of(crypto::age::decrypt(file, identities))) return keyring;
  }
  return std::nullopt;
}

std::optional<ledger::Keyring> try_passphrase(const Slots& slots, const crypto::Secret& passphrase) {
  for (const auto& [name, file] : slots) {
    if (!crypto::age::needs_passphrase(file)) continue;
    if (auto keyring = keyring_of(crypto::age::decrypt_with_passphrase(file, passphrase.view())))
      return keyring;
  }
  return std::nullopt;
}

bool any_passphrase(const Slots& slots) {
  return std::ranges::any_of(slots,
                             [](const auto& slot) { return crypto::age::needs_passphrase(slot.second); });
}

/// A key file can be of another archive, or of a key that was removed here: nobody can tell from outside.
std::string hint_for_stranger(const Slots& slots) {
  std::string hint =
      "it is of another archive, or its key was removed; give the key file that 'dalil init' or 'dalil key "
      "add' "
      "made for you";
  if (any_passphrase(slots)) hint += ", or for a passphrase neither --key-file nor DALIL_KEY_FILE";
  return hint;
}

std::shared_ptr<ledger::FileMemory> memory_in(Printer& printer, const ledger::ArchiveId& archive,
                                              const std::string& path) {
  return std::make_shared<ledger::FileMemory>(
      path, ledger::origin_of(archive), [&printer](const std::string& message) {
        printer.warn(message + "; an older archive in its place would not be noticed");
      });
}

}  // namespace

const jobs::StopFlag& Session::stop() const {
  return stop_flag();
}

const std::string& Session::archive_directory() const {
  if (options_.archive.empty()) {
    throw Error(ErrorCode::no_archive, "no archive was named",
                "give --archive DIR or set DALIL_ARCHIVE; a new one is made with: dalil init DIR");
  }
  return options_.archive;
}

ledger::Keyring Session::unlock() {
  return unlock(archive_directory());
}

ledger::Keyring Session::unlock(const std::string& directory) {
  const std::string shown = "'" + escape_for_display(directory) + "'";
  const Slots slots = ledger::read_slots(directory);
  const SecretOptions& secrets = options_.secrets;
  if (!secrets.key_file.empty()) {
    if (auto keyring = try_key_file(slots, secrets.key_file)) return std::move(*keyring);
    throw Error(ErrorCode::wrong_key,
                "key file '" + escape_for_display(secrets.key_file) + "' does not open archive " + shown,
                hint_for_stranger(slots));
  }
  if (!any_passphrase(slots)) {
    throw Error(ErrorCode::wrong_key, "archive " + shown + " has no passphrase: it opens with a key file",
                "give it with --key-file FILE or in DALIL_KEY_FILE");
  }
  const bool by_command = !secrets.passphrase_command.empty();
  for (int tries = by_command ? 1 : kPassphraseTries; tries > 0; --tries) {
    const crypto::Secret passphrase = by_command ? passphrase_from_command(secrets.passphrase_command)
                                                 : ask_passphrase("Passphrase for archive " + shown + ": ");
    if (auto keyring = try_passphrase(slots, passphrase)) return std::move(*keyring);
    if (tries > 1) printer_.note("that is not the passphrase");
  }
  throw Error(ErrorCode::wrong_key, "the passphrase does not open archive " + shown,
              "nothing was changed; try again, or give the key file with --key-file");
}

archive::Archive Session::open() {
  return open(unlock());
}

archive::Archive Session::open(ledger::Keyring keyring) {
  auto memory = memory_of(keyring);
  archive::Archive archive =
      archive::Archive::open(archive_directory(), std::move(keyring), system_clock(), std::move(memory));
  if (const auto& rollback = archive.ledger().rollback()) {
    rolled_back_ = true;
    tell_rollback(printer_, *rollback);
  }
  return archive;
}

std::shared_ptr<ledger::FileMemory> Session::memory_of(const ledger::Keyring& keyring) {
  return memory_in(printer_, keyring.archive_id(),
                   ledger::seen_path(state_directory(), keyring.archive_id()));
}

std::shared_ptr<ledger::FileMemory> Session::cosigned_memory_of(const ledger::Keyring& keyring) {
  return memory_in(printer_, keyring.archive_id(),
                   ledger::cosigned_path(state_directory(), keyring.archive_id(), keyring.actor()));
}

int Session::exit_code(int code) const {
  return rolled_back_ ? kExitDamaged : code;
}

}  // namespace dalil::cli
