#pragma once

#include <string>

namespace dalil::ledger {

/// Error(unsupported) if an archive at this path would lie on a network file system.
void refuse_network(const std::string& path);

/// A directory for an archive that is being made: under a temporary name beside its place, with keys/ in it.
/// It goes away with the object unless it was put in place.
class NewDirectory {
 public:
  /// Error(conflict) if `directory` exists; Error(unsupported) on a network file system; Error(io).
  explicit NewDirectory(const std::string& directory);
  ~NewDirectory();
  NewDirectory(const NewDirectory&) = delete;
  NewDirectory& operator=(const NewDirectory&) = delete;
  const std::string& path() const { return path_; }
  /// In one step, durably, and never over something that has appeared there meanwhile.
  void put_in_place();

 private:
  std::string place_, path_;
  bool finished_ = false;
};

}  // namespace dalil::ledger
