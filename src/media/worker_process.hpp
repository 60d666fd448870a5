#pragma once

#include <sys/types.h>
#include <chrono>
#include <string>

#include "dalil/files/handle.hpp"
#include "parser_protocol.hpp"

namespace dalil::media {

/// A running dalil-parser: the nursery, which has its libraries loaded and never sees a file, and the worker
/// that it forked. Forking anew takes well under a millisecond, where starting the program takes some tens of
/// them.
class WorkerProcess {
 public:
  explicit WorkerProcess(std::string program) : program_(std::move(program)) {}
  ~WorkerProcess() { stop(); }
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// Starts the program without waiting for it: its libraries may have to come from a cold disk. What is sent
  /// to the stream meanwhile waits there. Error(io) if there is nothing to start. `limit` is for a second
  /// try.
  void launch(std::chrono::milliseconds limit);
  bool launching() const { return launching_; }
  /// Waits for the worker that was launched, no longer than this; `launching` then tells whether it is there.
  /// False if it never will be: renew() tries again, and says what is wrong.
  bool await_launch(std::chrono::milliseconds limit);

  /// A worker that nobody has used yet; the one before is killed. Error(io) if that cannot be done.
  void renew(std::chrono::milliseconds limit);
  const std::string& program() const { return program_; }
  /// The stream to the worker (non-blocking); -1 before the first launch() or renew().
  int stream() const { return stream_.get(); }
  /// What the latest worker said of its locks.
  const protocol::Greeting& greeting() const { return greeting_; }
  void stop();

 private:
  void start_nursery();
  bool request_worker();
  bool spawn_worker(std::chrono::milliseconds limit);

  std::string program_;
  pid_t nursery_ = -1;
  files::Fd control_;
  files::Fd stream_;
  protocol::Greeting greeting_;
  bool launching_ = false;
};

/// Milliseconds left until then, never below zero, for poll().
int poll_timeout(std::chrono::steady_clock::time_point deadline);

/// The option, DALIL_PARSER, beside this executable, the install directory. Error(io) if it is at none of
/// them.
std::string find_parser(const std::string& option);

}  // namespace dalil::media
