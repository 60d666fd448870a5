#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/files/walk.hpp"

namespace dalil::files {

/// Lists one directory at a time; keeps its buffers between calls.
class DirectoryLister {
 public:
  DirectoryLister();
  struct Listing {
    std::vector<DirectoryEntry> entries;  ///< sorted by name, every name once, without "." and ".."
    int error_number = 0;                 ///< errno if it could not be read to its end
  };
  /// Everything in the directory with its stat and, for a symbolic link, its target.
  Listing list(int directory_fd);

 private:
  struct RawEntry {
    std::size_t name_offset;
    std::size_t name_size;
    std::uint64_t inode;
  };
  int read_names(int directory_fd);
  void take_names(const char* from, std::size_t size);
  void sort_names();
  std::string_view name_of_raw(const RawEntry& raw) const {
    return {&names_[raw.name_offset], raw.name_size};
  }

  std::vector<std::uint64_t> buffer_;  ///< what getdents64 fills; aligned for its records
  std::string names_;
  std::vector<RawEntry> raw_;
  std::vector<std::uint32_t> stat_order_;
};

}  // namespace dalil::files
