#include "dalil/files/ahead.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dalil::files {

ReadAhead::ReadAhead(int fd, std::size_t piece_size) : fd_(fd), piece_size_(piece_size) {
  pieces_.reserve(kPieces);
  for (std::size_t i = 0; i < kPieces; ++i) pieces_.emplace_back(piece_size);
  thread_ = std::thread([this] { run(); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ended_ || (reading_ && read_ - taken_ < kPieces); });
    if (ended_) return;
    Piece& piece = slot(read_);
    const std::uint64_t offset = read_offset_;
    const std::uint64_t beginning = beginning_;
    lock.unlock();
    const ssize_t got = ::pread(fd_, piece.buffer.data(), piece_size_, static_cast<off_t>(offset));
    const int error_number = errno;
    lock.lock();
    if (beginning != beginning_) continue;
    piece.got = got;
    piece.error_number = error_number;
    ++read_;
    read_offset_ += piece_size_;
    reading_ = got == static_cast<ssize_t>(piece_size_);
    changed_.notify_all();
  }
}

/// The next piece that was read ahead. The thread does not touch it until it counts as taken.
std::int64_t ReadAhead::take(void* to, std::size_t size, std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [&] { return read_ > taken_; });
  const Piece& piece = slot(taken_);
  lock.unlock();
  const std::int64_t got = std::min(piece.got, static_cast<std::int64_t>(size));
  if (got > 0) std::memcpy(to, piece.buffer.data(), static_cast<std::size_t>(got));
  const int error_number = piece.error_number;
  lock.lock();
  ++taken_;
  take_offset_ += piece_size_;
  errno = error_number;
  return got;
}

void ReadAhead::begin_at(std::uint64_t offset) {
  abandon();
  read_offset_ = take_offset_ = offset;
  reading_ = true;
}

void ReadAhead::abandon() {
  ++beginning_;
  reading_ = false;
  read_ = taken_ = 0;
}

std::int64_t ReadAhead::read(void* to, std::size_t size, std::uint64_t offset) {
  std::unique_lock lock(mutex_);
  const bool was_read = (reading_ || read_ > taken_) && take_offset_ == offset;
  std::int64_t got = 0;
  if (was_read) {
    got = take(to, size, lock);
  } else {
    abandon();
    lock.unlock();
    got = ::pread(fd_, to, size, static_cast<off_t>(offset));
    lock.lock();
  }
  const int error_number = errno;
  if (got != static_cast<std::int64_t>(piece_size_)) {
    abandon();  // the file's end, an error, or a part of a piece
  } else if (!was_read) {
    begin_at(offset + piece_size_);
  }
  lock.unlock();
  changed_.notify_all();
  errno = error_number;
  return got;
}

}  // namespace dalil::files
