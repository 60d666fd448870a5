#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "dalil/files/handle.hpp"

namespace dalil::drives {

/// Folders below a drive's root, opened component by component without following links or "..": nothing on a
/// drive can lead out of it. Remembers those used last. Not for two threads at once.
class Folders {
 public:
  explicit Folders(int root_fd) : root_(root_fd) {}
  /// Null with errno in `error_number` if it is not there (or is no folder).
  std::shared_ptr<const files::Fd> open(std::string_view path, int& error_number);
  /// The same, made where it is lacking.
  std::shared_ptr<const files::Fd> make(std::string_view path, int& error_number);
  /// By lstat; errno in the result.
  files::StatResult stat(std::string_view path);

 private:
  std::shared_ptr<const files::Fd> walk(std::string_view path, bool make, int& error_number);
  int root_;
  std::unordered_map<std::string, std::shared_ptr<const files::Fd>> open_;
};

/// Of "a/b/c": "a/b" and "c".
std::pair<std::string, std::string> split_path(std::string_view path);

}  // namespace dalil::drives
