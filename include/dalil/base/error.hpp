#pragma once

#include <stdexcept>
#include <string>

namespace dalil {

/// What ended an operation; the command line turns it into an exit code.
enum class ErrorCode {
  usage,        ///< the request makes no sense; exit 2
  invalid,      ///< an argument or an input is not acceptable; exit 2
  io,           ///< the operating system refused; exit 2
  not_found,    ///< no such item, incident, volume ...; exit 2
  conflict,     ///< it exists already, or two answers fit; exit 2
  no_archive,   ///< exit 10
  locked,       ///< another process writes; exit 11
  wrong_key,    ///< wrong passphrase, wrong key file, or a role that may not; exit 12
  corrupt,      ///< archive damaged, forged or rolled back; exit 13
  unsupported,  ///< a newer version, a network file system ...; exit 2
  interrupted,  ///< SIGINT or SIGTERM; exit 130
};

/// What ends an operation. What goes wrong with one file is not an Error but a value.
///
/// `what()` states the problem: lower case, no full stop, the subject in single quotes.
/// `hint()` says what the user can do about it; may be empty.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}
  ErrorCode code() const { return code_; }
  const std::string& hint() const { return hint_; }

 private:
  ErrorCode code_;
  std::string hint_;
};

/// Error(io) for a failed system call: "cannot <action> '<subject>': <strerror>", the subject escaped.
/// ENOSPC, EROFS, EACCES and EIO come with a hint of their own.
[[nodiscard]] Error system_error(const std::string& action, const std::string& subject, int error_number);

}  // namespace dalil
