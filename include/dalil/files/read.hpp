#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "dalil/files/handle.hpp"

namespace dalil::files {

/// How the bytes are to reach us: from wherever they are, or from the medium itself (a verification): around
/// the cache, or through it after the file's pages were dropped, so that many small files can be fetched at
/// once.
enum class ReadFrom : std::uint8_t { anywhere, medium, dropped_pages };
/// What was achieved for one file.
enum class ReadPath : std::uint8_t { cache_allowed, direct, dropped_pages };

struct Opened {
  Fd fd;
  FileStat stat;  ///< by fstat on the descriptor
  int error_number =
      0;  ///< errno; ENOENT, EACCES, ELOOP for a link, ENXIO for something that is not a regular file
  ReadPath path = ReadPath::cache_allowed;
};

/// Opens a regular file below an open directory: no following of links, no blocking, no access time where
/// allowed. Anything but a regular file is closed again and reported as ENXIO without having been read.
/// `name` may have several components: each is opened by itself, a link on the way is ELOOP or ENOTDIR, ".."
/// is EXDEV, and an absolute path, "." or an empty component is EINVAL.
Opened open_regular(int directory_fd, const char* name, ReadFrom from = ReadFrom::anywhere);

/// Asks the kernel to have the first `bytes` ready (posix_fadvise WILLNEED). Cheap, never fails.
void read_ahead(int fd, std::uint64_t bytes);

/// Has many files' beginnings fetched at once, where the kernel has io_uring: it sees all the requests before
/// it starts with the first, and small files that lie side by side become one request. Elsewhere read_ahead.
/// One per thread.
class Prefetcher {
 public:
  Prefetcher();
  ~Prefetcher();  ///< waits for what is on its way
  Prefetcher(Prefetcher&&) noexcept;

  struct Wanted {
    int fd = -1;              ///< may be closed once fetch has returned
    std::uint64_t bytes = 0;  ///< from the file's start
  };
  /// In an order that is near the disk's own. Cheap, never waits for the disk, never fails.
  void fetch(std::span<const Wanted> files);
  /// Whether io_uring is in use.
  bool batches() const { return state_ != nullptr; }

 private:
  struct State;
  std::unique_ptr<State> state_;  ///< null: no io_uring
};

/// A range that could not be read.
struct BadRange {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  int error_number = 0;
  bool operator==(const BadRange&) const = default;
};

/// What became of one sequential reading.
struct ReadResult {
  std::uint64_t size_bytes = 0;  ///< bytes from the start to the end of the file, bad ranges included
  std::vector<BadRange> bad;     ///< in order, merged when adjacent with the same errno
  /// What could not be read at first, and then could, block by block: a fault of the hardware that went away.
  std::vector<BadRange> recovered;
  bool ok() const { return bad.empty(); }
};

/// A buffer for direct reading: page-aligned.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(std::size_t size);
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Where the raw reads go; tests put failing disks in. The default is pread(2).
using PreadFunction = std::function<std::int64_t(int fd, void* to, std::size_t size, std::uint64_t offset)>;

/// Reads a file from its start to its end in pieces of `buffer.size()` (a multiple of 4096; the last piece
/// shorter).
///
/// `on_piece(offset, bytes, readable)` gets every piece in order. When a piece cannot be read whole it is
/// tried again in 4096-byte blocks; blocks that fail are zeros in `bytes`, recorded in the result, and
/// `readable` is false. Stops at the first end of file; a file that grows meanwhile is read to the new end,
/// at most `size_limit`.
ReadResult read_through(
    int fd, AlignedBuffer& buffer,
    const std::function<void(std::uint64_t offset, ByteView bytes, bool readable)>& on_piece,
    std::uint64_t size_limit = UINT64_MAX, const PreadFunction& pread_function = {});

/// Writes the file's dirty pages and drops them all from the cache, so that the next read comes from the
/// medium.
void drop_pages(int fd);

/// Key for reading in the disk's order: physical offset of the first extent (FIEMAP) where the file system
/// tells, else the inode number.
std::uint64_t physical_order_key(int fd, const FileStat& stat);

}  // namespace dalil::files
