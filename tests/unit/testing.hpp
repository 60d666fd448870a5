#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <unistd.h>

#include <boost/filesystem.hpp>

namespace dalil::testing {

/// A directory that goes away with the object.
class TempDir {
 public:
  TempDir() : path_(boost::filesystem::temp_directory_path() / boost::filesystem::unique_path("dalil-test-%%%%%%%%")) {
    boost::filesystem::create_directories(path_);
  }
  ~TempDir() {
    boost::system::error_code ignored;
    boost::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string path() const { return path_.string(); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  boost::filesystem::path path_;
};

/// Published vectors and corpora live beside the checkout; absent elsewhere, and then their tests have nothing to do.
inline std::optional<std::string> shared_dir(const std::string& below) {
  const char* root = std::getenv("DALIL_SHARED");
  if (root == nullptr) return std::nullopt;
  const std::string path = std::string(root) + "/" + below;
  if (access(path.c_str(), R_OK) != 0) return std::nullopt;
  return path;
}

}  // namespace dalil::testing
