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
  archive::Archive open();

 private:
  GlobalOptions options_;
  Printer printer_;
};

}  // namespace dalil::cli
