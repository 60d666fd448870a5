#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace dalil::jobs {

/// Hands values from threads to threads, at most `capacity` of them waiting. `close` says that no more will
/// come, or that nobody wants any more.
template <typename T>
class Queue {
 public:
  explicit Queue(std::size_t capacity) : capacity_(capacity) {}

  /// False, and the value is dropped, if the queue is closed.
  bool push(T value) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return closed_ || values_.size() < capacity_; });
    if (closed_) return false;
    values_.push_back(std::move(value));
    some_.notify_one();
    return true;
  }

  /// Absent when the queue is closed and empty.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    some_.wait(lock, [this] { return closed_ || !values_.empty(); });
    return take();
  }

  /// Waits no longer than this for a value. `closed` tells whether more can come.
  struct Popped {
    std::optional<T> value;
    bool closed = false;
  };
  Popped pop_within(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    some_.wait_for(lock, limit, [this] { return closed_ || !values_.empty(); });
    Popped popped;
    popped.value = take();
    popped.closed = closed_ && !popped.value;
    return popped;
  }

  /// Absent when nothing is there at the moment.
  std::optional<T> try_pop() {
    const std::lock_guard lock(mutex_);
    return take();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
    some_.notify_all();
  }

 private:
  std::optional<T> take() {
    if (values_.empty()) return std::nullopt;
    T value = std::move(values_.front());
    values_.pop_front();
    room_.notify_one();
    return value;
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable room_, some_;
  std::deque<T> values_;
  bool closed_ = false;
};

}  // namespace dalil::jobs
