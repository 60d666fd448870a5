#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "dalil/files/handle.hpp"
#include "nursery.hpp"

namespace dalil::media {

/// One client's worker, forked from a nursery that others may use as well, and forked anew as often as
/// needed. It ends with this.
class WorkerProcess {
 public:
  WorkerProcess(std::shared_ptr<Nursery> nursery, protocol::Libraries libraries)
      : owner_(std::move(nursery)),
        libraries_(libraries),
        nursery_(owner_->with(libraries)),
        slot_(nursery_.take_slot()) {}
  ~WorkerProcess() { nursery_.release_slot(slot_); }
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// Asks for a worker without waiting for it: its libraries may have to come from a cold disk.
  /// What is sent to the stream meanwhile waits there. The one before is killed. Error(io) if there is
  /// nothing to start. `limit` is for a second try.
  void launch(std::chrono::milliseconds limit);
  bool launching() const { return launching_; }
  /// Waits for the worker that was launched, no longer than this; `launching` then tells whether it is there.
  /// False if it never will be: renew() tries again, and says what is wrong.
  bool await_launch(std::chrono::milliseconds limit);

  /// A worker that nobody has used yet; the one before is killed. Error(io) if that cannot be done.
  void renew(std::chrono::milliseconds limit);
  std::string program() const { return nursery_.program(); }
  /// The stream to the worker (non-blocking); -1 before the first launch() or renew().
  int stream() const { return stream_.get(); }
  /// What the latest worker said of its locks.
  const protocol::Greeting& greeting() const { return greeting_; }
  /// Whether the nursery has gone that the latest worker was forked from, and took it along: no fault of the
  /// file that it looked at.
  bool went_with_nursery() const { return !nursery_.lives(generation_); }

 private:
  bool ask();

  std::shared_ptr<Nursery> owner_;
  protocol::Libraries libraries_;
  NurseryProcess& nursery_;
  std::uint16_t slot_;
  NurseryProcess::Generation generation_ = 0;
  files::Fd stream_;
  protocol::Greeting greeting_;
  bool launching_ = false;
};

/// Milliseconds left until then, never below zero, for poll().
int poll_timeout(std::chrono::steady_clock::time_point deadline);

}  // namespace dalil::media
