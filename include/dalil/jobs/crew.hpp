#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dalil::jobs {

/// Threads of one job. The first exception of any of them is kept, `on_failure` is called once (to close
/// queues), and `join` throws it again.
class Crew {
 public:
  explicit Crew(std::function<void()> on_failure) : on_failure_(std::move(on_failure)) {}
  ~Crew() { join_all(); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void start(std::function<void()> work) {
    threads_.emplace_back([this, work = std::move(work)] { guard(work); });
  }
  /// Runs something in the calling thread under the same guard.
  void guard(const std::function<void()>& work) {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      failed_.store(true);
      on_failure_();
    }
  }
  bool failed() const { return failed_.load(); }
  void join() {
    join_all();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void join_all() {
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }
  std::function<void()> on_failure_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::exception_ptr failure_;
  std::atomic<bool> failed_{false};
};

}  // namespace dalil::jobs
