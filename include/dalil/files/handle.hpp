#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "dalil/base/bytes.hpp"

namespace dalil::files {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

/// Between fork and exec: the program that is started inherits standard input, output and error, and nothing
/// else, whatever the libraries of this process have open. System calls only.
void keep_standard_descriptors_only();

enum class FileKind : std::uint8_t {
  regular,
  directory,
  symlink,
  fifo,
  socket,
  block_device,
  char_device,
  unknown
};
const char* name_of(FileKind kind);

/// What the kernel says of a file; times in nanoseconds since 1970.
struct FileStat {
  FileKind kind = FileKind::unknown;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  bool operator==(const FileStat&) const = default;
};
/// `error_number` is an out-value of 0 or errno; nothing is thrown.
struct StatResult {
  FileStat stat;
  int error_number = 0;
};
StatResult stat_at(int directory_fd, const char* name);  ///< does not follow symbolic links
StatResult stat_fd(int fd);

/// Raises the soft limit on open files to the hard one; returns it.
std::uint64_t raise_open_file_limit();

/// Whole small file (keys, configuration, registers). Error(io), or Error(invalid) above `limit_bytes`.
Bytes read_small_file(const std::string& path, std::uint64_t limit_bytes = 64 << 20);

/// Writes beside the target under a temporary name, syncs, renames over it, syncs the directory.
/// Afterwards either the old content or all of the new one is there, also after a power cut. Error(io).
void write_atomically(const std::string& path, ByteView content, unsigned mode = 0600);
/// Makes a rename or a creation in this directory durable. Error(io).
void sync_directory(const std::string& path);

}  // namespace dalil::files
