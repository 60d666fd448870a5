#pragma once

#include <string>

#include "dalil/files/handle.hpp"

namespace dalil::ledger {

/// Keeps apart who opens a database and who puts another one in its place.
///
/// A database is two files, and no system call replaces both at once. LMDB opens lock.mdb first, then
/// data.mdb; whoever comes between the two steps of a replacement holds one file of the old database and one
/// of the new. The lock file counts the transactions, and with the other one's count a reader chooses the
/// older of the two meta pages, without a word; a writer does not see the readers whose pages it takes. So
/// opening takes a shared lock of the archive's directory, for as long as it takes to open both files, and
/// replacing an exclusive one. What is open stays a pair.
///
/// It is the kernel's (flock), needs no file of its own, works on read-only media, and goes away with the
/// process.
class SwapLock {
 public:
  enum class For { opening, replacing };
  /// Waits for its turn, milliseconds. Error(io) if `directory` cannot be opened or locked.
  SwapLock(const std::string& directory, For purpose);

 private:
  files::Fd fd_;
};

}  // namespace dalil::ledger
