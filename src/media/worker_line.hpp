#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "dalil/media/parser_client.hpp"
#include "inbox.hpp"
#include "worker_process.hpp"

namespace dalil::media {

/// What a worker found out of a file: what its client works for, the rest is empty.
struct Found {
  MediaFacts facts;
  Looks looks;
  Pixels pixels;
};
/// What there is of a file that no worker has looked into; `problem` says why not.
Found unparsed(const Sniffed& sniffed, const std::string& problem);

/// Files that wait for one worker, and its answers, both in the order of submission.
class WorkerLine {
 public:
  /// `options` must outlive it.
  WorkerLine(const ParserOptions& options, std::shared_ptr<Nursery> nursery, protocol::Libraries libraries)
      : options_(options), libraries_(libraries), worker_(std::move(nursery), libraries) {}

  /// The descriptor must stay open until collected.
  void submit(int fd, const Sniffed& sniffed);
  /// Hands over what may be handed over now, many files in one message, and starts a worker for it. A failure
  /// shows when the answer is waited for.
  void pump();
  /// Whether collect() would not have to wait. Precondition of both: something is submitted and not
  /// collected.
  bool ready();
  Found collect();
  bool launching() const { return worker_.launching(); }
  /// What the worker says of its locks; one is started if there is none.
  const protocol::Greeting& greeting();

 private:
  struct Job {
    int fd = -1;
    Sniffed sniffed;
    unsigned failures = 0, nurseries_lost = 0;
  };
  enum class Arrival { some, nothing_yet, ended };

  std::chrono::milliseconds start_limit() const;
  void launch();
  void renew();
  void begin_anew();
  bool send_some();
  protocol::Request request_for(const Job& job, std::uint32_t sequence) const;
  void check_launch(std::chrono::milliseconds limit);
  std::optional<Found> await_answer(std::string& problem);
  std::optional<std::size_t> answer_size(std::string& problem) const;
  Found decoded(ByteView body) const;
  std::optional<Found> take_answer(std::size_t size, std::string& problem);
  Arrival receive_now();
  bool receive(std::chrono::steady_clock::time_point deadline, std::string& problem);

  const ParserOptions& options_;
  protocol::Libraries libraries_;
  WorkerProcess worker_;
  std::deque<Job> jobs_;          ///< oldest first
  std::size_t in_flight_ = 0;     ///< the first so many were sent to this worker
  unsigned files_of_worker_ = 0;  ///< sent to this worker in all
  std::uint32_t next_request_ = 0, next_answer_ = 0;
  Inbox inbox_;         ///< of answers
  int send_error_ = 0;  ///< of the last message
};

}  // namespace dalil::media
