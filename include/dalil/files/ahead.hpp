#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "dalil/files/read.hpp"

namespace dalil::files {

/// Reads a file some pieces ahead of whoever asks for it in order, by a thread of its own: the disk always
/// has a request while pieces are looked at. Worth it for long files that are read around the cache, where
/// nobody else reads ahead. Not for two threads at once.
class ReadAhead {
 public:
  /// Enough that the disk does not wait while a piece is handed over, or hashed a bit slower than it came.
  static constexpr std::size_t kPieces = 4;

  /// The descriptor stays open as long as this. `piece_size` as for an AlignedBuffer; there are kPieces.
  ReadAhead(int fd, std::size_t piece_size);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  /// As pread(2), with errno. Whatever goes wrong ahead is told when its turn comes, and read anew then if it
  /// is asked for again. Nothing is read behind a piece that is short or cannot be read.
  std::int64_t read(void* to, std::size_t size, std::uint64_t offset);

 private:
  struct Piece {
    explicit Piece(std::size_t size) : buffer(size) {}
    AlignedBuffer buffer;
    std::int64_t got = 0;
    int error_number = 0;
  };
  Piece& slot(std::uint64_t number) { return pieces_[number % kPieces]; }
  void run();
  std::int64_t take(void* to, std::size_t size, std::unique_lock<std::mutex>& lock);
  void begin_at(std::uint64_t offset);
  void abandon();

  const int fd_;
  const std::size_t piece_size_;
  std::vector<Piece> pieces_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  bool reading_ = false;  ///< the thread goes on while there is room
  /// How often it was begun or abandoned: what was still read for an earlier beginning is not counted.
  std::uint64_t beginning_ = 0;
  std::uint64_t read_ = 0;         ///< pieces read since then
  std::uint64_t taken_ = 0;        ///< and of these, handed over
  std::uint64_t read_offset_ = 0;  ///< of the piece to read
  std::uint64_t take_offset_ = 0;  ///< of the piece to hand over
  std::thread thread_;
};

}  // namespace dalil::files
