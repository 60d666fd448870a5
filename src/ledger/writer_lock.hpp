#pragma once

#include <string>

#include "dalil/files/handle.hpp"

namespace dalil::ledger {

/// One writer over all processes, and over all writers of this process: an open-file-description lock on
/// `writer.lock`, whose content says who holds it. Gone with the process, however it ends.
class WriterLock {
 public:
  /// Error(locked) naming the holder's process; Error(io) if the file cannot be made.
  explicit WriterLock(const std::string& directory);

 private:
  files::Fd fd_;
};

}  // namespace dalil::ledger
