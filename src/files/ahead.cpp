#include "dalil/files/ahead.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dalil::files {

ReadAhead::ReadAhead(int fd, std::size_t piece_size)
    : fd_(fd), buffer_(piece_size), thread_([this] { run(); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    state_ = State::ended;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return state_ == State::wanted || state_ == State::ended; });
    if (state_ == State::ended) return;
    const std::uint64_t offset = offset_;
    lock.unlock();
    const ssize_t got = ::pread(fd_, buffer_.data(), buffer_.size(), static_cast<off_t>(offset));
    const int error_number = errno;
    lock.lock();
    if (state_ == State::ended) return;
    got_ = got;
    error_number_ = error_number;
    state_ = State::ready;
    changed_.notify_all();
  }
}

void ReadAhead::ask(std::uint64_t offset) {
  offset_ = offset;
  state_ = State::wanted;
  changed_.notify_all();
}

std::int64_t ReadAhead::read(void* to, std::size_t size, std::uint64_t offset) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return state_ != State::wanted; });
  std::int64_t got = 0;
  if (state_ == State::ready && offset_ == offset) {
    got = std::min(got_, static_cast<std::int64_t>(size));
    if (got > 0) std::memcpy(to, buffer_.data(), static_cast<std::size_t>(got));
    errno = error_number_;
  } else {
    got = ::pread(fd_, to, size, static_cast<off_t>(offset));
  }
  const int error_number = errno;
  state_ = State::idle;
  // A short piece is the last one.
  if (got == static_cast<std::int64_t>(buffer_.size())) ask(offset + static_cast<std::uint64_t>(got));
  errno = error_number;
  return got;
}

}  // namespace dalil::files
