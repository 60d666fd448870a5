#pragma once

#include <string>
#include <vector>

#include "dalil/crypto/age.hpp"
#include "dalil/crypto/secret.hpp"

namespace dalil::cli {

/// Where this run's secrets come from. Never the arguments, which every process of the machine can read.
struct SecretOptions {
  std::string key_file;            ///< --key-file or DALIL_KEY_FILE; empty: a passphrase
  std::string passphrase_command;  ///< DALIL_PASSPHRASE_COMMAND; empty: ask on the terminal
  std::string
      new_passphrase_command;  ///< DALIL_NEW_PASSPHRASE_COMMAND, for somebody else's new key; empty: ask
};

/// Identities of a key file in age-keygen's format. Error(invalid), Error(io).
std::vector<crypto::age::Identity> read_key_file(const std::string& path);

/// Writes a new identity in age-keygen's format, mode 0600, durably; never over a file that is there.
crypto::age::Identity make_key_file(const std::string& path);

/// Identities in age-keygen's format, each with its recipient as a comment, after `head` (comment lines).
crypto::Secret key_file_text(const std::string& head, const std::vector<crypto::age::Identity>& identities);

/// Asks on /dev/tty with echo off. Error(usage) if there is no terminal; Error(interrupted).
crypto::Secret ask_passphrase(const std::string& prompt);
/// Asks on /dev/tty for what has to be seen while it is typed, and is yet no business of the arguments.
/// Error(io) if there is no terminal; Error(interrupted).
crypto::Secret ask_line(const std::string& prompt);
/// First line of what a shell command prints. Error(io) if it fails.
crypto::Secret passphrase_from_command(const std::string& command);

/// For an archive that is being made: asked twice, and not too short. Error(invalid).
crypto::Secret choose_passphrase(const SecretOptions& options);

}  // namespace dalil::cli
