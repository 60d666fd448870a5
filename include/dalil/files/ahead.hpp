#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "dalil/files/read.hpp"

namespace dalil::files {

/// Reads a file one piece ahead of whoever asks for it in order, by a thread of its own: the disk is at work
/// while a piece is looked at. Worth it for long files that are read around the cache, where nobody else
/// reads ahead. Not for two threads at once.
class ReadAhead {
 public:
  /// The descriptor stays open as long as this. `piece_size` as for an AlignedBuffer.
  ReadAhead(int fd, std::size_t piece_size);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  /// As pread(2), with errno. Whatever goes wrong ahead is told when its turn comes, and read anew then if it
  /// is asked for again.
  std::int64_t read(void* to, std::size_t size, std::uint64_t offset);

 private:
  enum class State : std::uint8_t { idle, wanted, ready, ended };
  void run();
  void ask(std::uint64_t offset);

  const int fd_;
  AlignedBuffer buffer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::idle;
  std::uint64_t offset_ = 0;  ///< of what is wanted, or ready
  std::int64_t got_ = 0;
  int error_number_ = 0;
  std::thread thread_;
};

}  // namespace dalil::files
