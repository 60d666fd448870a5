#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "dalil/files/walk.hpp"
#include "testing.hpp"

namespace dalil::files::testing {

using dalil::testing::TempDir;

inline void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline Fd open_directory(const std::string& path) {
  return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY));
}

inline std::vector<Directory> walk_all(const std::string& root, WalkOptions options = {}) {
  std::vector<Directory> all;
  Walker walker(root, std::move(options));
  while (auto directory = walker.next()) {
    all.push_back(std::move(*directory));
    all.back().fd.reset();
  }
  return all;
}

inline std::set<std::string> paths_in(const std::vector<Directory>& directories) {
  std::set<std::string> paths;
  for (const Directory& directory : directories) {
    for (const DirectoryEntry& entry : directory.entries) paths.insert(join_path(directory.path, entry.name));
  }
  return paths;
}

inline const DirectoryEntry* find_entry(const std::vector<Directory>& directories, const std::string& path) {
  for (const Directory& directory : directories) {
    for (const DirectoryEntry& entry : directory.entries) {
      if (join_path(directory.path, entry.name) == path) return &entry;
    }
  }
  return nullptr;
}

/// Sets a soft limit as long as it lives.
class SoftLimit {
 public:
  SoftLimit(__rlimit_resource resource, rlim_t value) : resource_(resource) {
    ::getrlimit(resource_, &before_);
    rlimit lowered = before_;
    lowered.rlim_cur = value;
    ::setrlimit(resource_, &lowered);
  }
  ~SoftLimit() { ::setrlimit(resource_, &before_); }
  SoftLimit(const SoftLimit&) = delete;
  SoftLimit& operator=(const SoftLimit&) = delete;

 private:
  __rlimit_resource resource_;
  rlimit before_{};
};

/// A directory in memory where there is one: thousands of levels cost a disk many seconds to remove.
class FastTempDir {
 public:
  FastTempDir() {
    namespace fs = boost::filesystem;
    const fs::path memory = "/dev/shm";
    const fs::path base = ::access(memory.c_str(), W_OK | X_OK) == 0 ? memory : fs::temp_directory_path();
    path_ = base / fs::unique_path("dalil-test-%%%%%%%%");
    fs::create_directories(path_);
  }
  ~FastTempDir() {
    boost::system::error_code ignored;
    boost::filesystem::remove_all(path_, ignored);
  }
  FastTempDir(const FastTempDir&) = delete;
  FastTempDir& operator=(const FastTempDir&) = delete;
  std::string path() const { return path_.string(); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  boost::filesystem::path path_;
};

/// A chain of directories of the same name, too deep for any path; goes away with the object.
class DeepChain {
 public:
  DeepChain(const std::string& root, std::string name, int depth) : root_(root), name_(std::move(name)) {
    Fd at = open_directory(root);
    for (int i = 0; i < depth; ++i) at = make_level(at);
    bottom_ = std::move(at);
  }
  ~DeepChain() {
    // From the bottom up by "..", as boost's remove_all fails on long paths.
    struct stat root {};
    ::stat(root_.c_str(), &root);
    struct stat here {};
    while (::fstat(bottom_.get(), &here) == 0 && here.st_ino != root.st_ino) {
      Fd parent(::openat(bottom_.get(), "..", O_RDONLY | O_DIRECTORY));
      ::unlinkat(parent.get(), (name_ + ".sibling").c_str(), AT_REMOVEDIR);
      if (::unlinkat(parent.get(), name_.c_str(), AT_REMOVEDIR) != 0) return;
      bottom_ = std::move(parent);
    }
  }
  DeepChain(const DeepChain&) = delete;
  DeepChain& operator=(const DeepChain&) = delete;

 private:
  /// A sibling that sorts behind the long branch makes the walk come back to every level.
  Fd make_level(const Fd& at) const {
    ::mkdirat(at.get(), name_.c_str(), 0700);
    ::mkdirat(at.get(), (name_ + ".sibling").c_str(), 0700);
    return Fd(::openat(at.get(), name_.c_str(), O_RDONLY | O_DIRECTORY));
  }

  std::string root_;
  std::string name_;
  Fd bottom_;
};

}  // namespace dalil::files::testing
