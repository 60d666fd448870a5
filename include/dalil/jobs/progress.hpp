#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace dalil::jobs {

/// Numbers of a job that runs; read by another thread while it does.
struct Progress {
  std::atomic<std::uint64_t> files_seen{0}, files_done{0}, files_expected{0};
  std::atomic<std::uint64_t> bytes_done{0}, bytes_expected{0};
  std::atomic<bool> walk_finished{false};         ///< from now on the expected numbers are final
  std::atomic<std::uint64_t> files_committed{0};  ///< durable in the archive
  std::atomic<std::uint64_t> problems{0};
};

/// Set by a signal handler; long jobs look at it between files and blocks, then commit and return.
class StopFlag {
 public:
  StopFlag() = default;
  /// Requested also whenever `also` says so, which is asked often.
  explicit StopFlag(std::function<bool()> also) : also_(std::move(also)) {}
  void request() { stop_.store(true, std::memory_order_relaxed); }
  bool requested() const { return stop_.load(std::memory_order_relaxed) || (also_ && also_()); }

 private:
  std::atomic<bool> stop_{false};
  std::function<bool()> also_;
};

}  // namespace dalil::jobs
