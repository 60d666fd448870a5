#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "dalil/jobs/content.hpp"
#include "dalil/jobs/queue.hpp"

namespace dalil::jobs {

/// How far the opening of files may run ahead of their reading, over all readers.
struct AheadLimits {
  std::size_t files = 64;
  std::uint64_t bytes = 8 << 20;
};

/// Batches whose files are open and on their way from the disk, shared by the readers of a job: small files
/// on a cold disk are a matter of requests in flight. Whoever comes for a batch first opens some more, so
/// there is no thread for it, and nobody hoards what another could read.
template <typename Task>
class Lookahead {
 public:
  struct Batch {
    std::vector<Task> tasks;
    std::vector<Content> contents;
  };

  Lookahead(Queue<std::vector<Task>>& tasks, AheadLimits limits) : tasks_(tasks), limits_(limits) {}

  /// The next batch, after some more have been opened behind it. `open` gives the contents of tasks, and runs
  /// in several threads at once. Absent when there are no more, or, without `wait`, none at the moment.
  template <typename Open>
  std::optional<Batch> next(const Open& open, bool wait) {
    std::optional<Batch> batch = take();
    if (!batch) batch = open_one(open, wait);
    if (!batch && wait) batch = take();  // all is handed out, but for what another reader opened meanwhile
    while (batch && has_room()) {
      std::optional<Batch> more = open_one(open, false);
      if (!more) break;
      put(std::move(*more));
    }
    return batch;
  }

 private:
  template <typename Open>
  std::optional<Batch> open_one(const Open& open, bool wait) {
    std::optional<std::vector<Task>> tasks = wait ? tasks_.pop() : tasks_.try_pop();
    if (!tasks) return std::nullopt;
    std::vector<Content> contents = open(*tasks);
    return Batch{std::move(*tasks), std::move(contents)};
  }
  static std::uint64_t bytes_of(const Batch& batch) {
    std::uint64_t bytes = 0;
    for (const Content& content : batch.contents) bytes += content.stat.size_bytes;
    return bytes;
  }
  bool has_room() {
    const std::lock_guard lock(mutex_);
    return files_ < limits_.files && bytes_ < limits_.bytes;
  }
  void put(Batch batch) {
    const std::lock_guard lock(mutex_);
    files_ += batch.tasks.size();
    bytes_ += bytes_of(batch);
    open_.push_back(std::move(batch));
  }
  std::optional<Batch> take() {
    const std::lock_guard lock(mutex_);
    if (open_.empty()) return std::nullopt;
    Batch batch = std::move(open_.front());
    open_.pop_front();
    files_ -= batch.tasks.size();
    bytes_ -= bytes_of(batch);
    return batch;
  }

  Queue<std::vector<Task>>& tasks_;
  const AheadLimits limits_;
  std::mutex mutex_;
  std::deque<Batch> open_;
  std::size_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace dalil::jobs
