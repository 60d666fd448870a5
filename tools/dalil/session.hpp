#pragma once

#include <string>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/progress.hpp"
#include "printer.hpp"
#include "secrets.hpp"

namespace dalil::cli {

/// What stands before or after any command, and in the environment.
struct GlobalOptions {
  std::string archive;  ///< --archive or DALIL_ARCHIVE
  SecretOptions secrets;
  OutputOptions output;
};

/// One run of the program: its options, its output, and the way to the archive.
class Session {
 public:
  explicit Session(GlobalOptions options) : options_(std::move(options)), printer_(options_.output) {}

  Printer& out() { return printer_; }
  const SecretOptions& secrets() const { return options_.secrets; }
  const jobs::StopFlag& stop() const;

  /// Error(no_archive) if none was named.
  const std::string& archive_directory() const;
  /// Opens one of the archive's key slots. Error(wrong_key) if this run's secret opens none.
  ledger::Keyring unlock();
  /// The same for an archive that lies elsewhere.
  ledger::Keyring unlock(const std::string& directory);
  /// From now on this is the archive, whatever was named.
  void use_archive(const std::string& directory) { options_.archive = directory; }
  /// Opens the archive, and compares it with what this user of this machine has seen of it. One that was
  /// rolled back is told loudly, opens for reading only, and makes the exit code 13.
  archive::Archive open();
  archive::Archive open(ledger::Keyring keyring);
  /// Where this user of this machine remembers the archive's newest checkpoint.
  std::shared_ptr<ledger::FileMemory> memory_of(const ledger::Keyring& keyring);
  /// The same for what this actor cosigned last.
  std::shared_ptr<ledger::FileMemory> cosigned_memory_of(const ledger::Keyring& keyring);
  /// What the process says in the end, given what the command says.
  int exit_code(int code) const;
  /// The rollback was dealt with: the command's own exit code counts.
  void settle_rollback() { rolled_back_ = false; }

 private:
  GlobalOptions options_;
  Printer printer_;
  bool rolled_back_ = false;
};

}  // namespace dalil::cli
