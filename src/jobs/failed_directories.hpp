#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dalil::jobs {

/// Directories that could not be listed or examined: what the index knows below them is neither lost nor
/// missing, only out of sight.
class FailedDirectories {
 public:
  void add(std::string path, int error_number) { failed_.emplace_back(std::move(path), error_number); }
  /// The errno of the directory that hides this one, itself included; 0 if none does.
  int hiding(const std::string& directory) const {
    for (const auto& [path, error_number] : failed_)
      if (path.empty() || directory == path || (directory.starts_with(path) && directory[path.size()] == '/'))
        return error_number;
    return 0;
  }

 private:
  std::vector<std::pair<std::string, int>> failed_;
};

}  // namespace dalil::jobs
