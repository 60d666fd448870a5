#include "dalil/media/parser_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <system_error>

#include "dalil/base/error.hpp"
#include "inbox.hpp"
#include "passing.hpp"
#include "worker_process.hpp"

namespace dalil::media {
namespace {

using Clock = std::chrono::steady_clock;

/// Requests that wait in the socket, so that the worker has work while we hash the next files. Our end does
/// not block, so a full socket is no danger, only a pause.
constexpr std::size_t kMostInFlight = 128;
constexpr unsigned kAttempts = 2;
/// Starting is no file's fault, and may be slow on a busy machine.
constexpr std::chrono::milliseconds kStartLimit{10'000};

struct Job {
  int fd = -1;
  Sniffed sniffed;
  unsigned failures = 0;
};

/// Documents and unknown content are for nobody to open.
bool needs_parser(const Sniffed& sniffed) {
  return sniffed.format[0] != '\0' && sniffed.kind != MediaKind::document;
}

MediaFacts facts_as_sniffed(const Sniffed& sniffed, std::string problem) {
  MediaFacts facts;
  facts.kind = sniffed.kind;
  facts.format = sniffed.format;
  facts.problem = std::move(problem);
  return facts;
}

}  // namespace

struct ParserClient::State {
  explicit State(ParserOptions given) : options(std::move(given)), worker(find_parser(options.program)) {
    options.renew_after_files = std::max(options.renew_after_files, 1U);
  }

  ParserOptions options;
  WorkerProcess worker;
  std::deque<Job> jobs;          ///< oldest first
  std::size_t in_flight = 0;     ///< sent to this worker, not answered; they are the first that need a parser
  std::size_t sent_until = 0;    ///< jobs before this index are in flight or need no parser
  unsigned files_of_worker = 0;  ///< sent to this worker in all
  std::uint32_t next_request = 0, next_answer = 0;
  Inbox inbox;         ///< of answers
  int send_error = 0;  ///< of the last message

  std::chrono::milliseconds start_limit() const { return std::max(options.wall_limit, kStartLimit); }

  void renew() {
    worker.renew(start_limit());
    in_flight = sent_until = files_of_worker = 0;
    next_request = next_answer = 0;
    inbox.clear();
  }

  /// Hands over what may be handed over now, many files in one message. A failure shows when the answer is
  /// waited for.
  void pump() {
    while (true) {
      while (sent_until < jobs.size() && !needs_parser(jobs[sent_until].sniffed)) ++sent_until;
      if (sent_until == jobs.size()) return;
      const bool worn_out = files_of_worker >= options.renew_after_files;
      if (worn_out && in_flight > 0) return;
      if (worker.stream() < 0) worker.launch(start_limit());
      if (worn_out) {
        const auto position = sent_until;
        renew();
        sent_until = position;
      }
      if (!send_some()) return;
    }
  }

  /// One message. False if nothing can be sent now.
  bool send_some() {
    const std::size_t most = std::min(
        {kMostPassed, kMostInFlight - in_flight, std::size_t{options.renew_after_files} - files_of_worker});
    std::array<protocol::Request, kMostPassed> requests;
    std::array<int, kMostPassed> fds;
    std::size_t count = 0, until = sent_until;
    for (; until < jobs.size() && count < most; ++until) {
      if (!needs_parser(jobs[until].sniffed)) continue;
      requests[count] = request_for(jobs[until], next_request + static_cast<std::uint32_t>(count));
      fds[count++] = jobs[until].fd;
    }
    const ByteView bytes(reinterpret_cast<const std::uint8_t*>(requests.data()), count * sizeof requests[0]);
    if (count == 0) return false;
    send_error = send_with_fds(worker.stream(), bytes, std::span(fds).first(count));
    if (send_error != 0) return false;
    sent_until = until;
    in_flight += count;
    files_of_worker += static_cast<unsigned>(count);
    next_request += static_cast<std::uint32_t>(count);
    return true;
  }

  protocol::Request request_for(const Job& job, std::uint32_t sequence) const {
    protocol::Request request;
    request.work = static_cast<std::uint8_t>(options.work);
    request.sequence = sequence;
    const auto found = files::stat_fd(job.fd);
    request.file_size = found.stat.kind == files::FileKind::regular ? found.stat.size_bytes : 0;
    request.kind = static_cast<std::uint8_t>(job.sniffed.kind);
    std::strncpy(request.format.data(), job.sniffed.format, request.format.size() - 1);
    return request;
  }

  void submit(int fd, const Sniffed& sniffed) {
    jobs.push_back({fd, sniffed});
    if (jobs.size() - sent_until >= kMostPassed) pump();
  }

  /// Sees whether the first worker is there by now; if there will be none, another is started.
  void check_launch(std::chrono::milliseconds limit) {
    if (!worker.launching()) return;
    const bool hopeful = worker.await_launch(limit);
    if (!hopeful || (worker.launching() && limit.count() > 0)) renew();
  }

  /// What the worker found out of a file: the one that its client works for.
  struct Found {
    MediaFacts facts;
    Looks looks;
    Pixels pixels;
  };

  Found unparsed(const Sniffed& sniffed, const std::string& problem) const {
    Found found;
    found.facts = facts_as_sniffed(sniffed, problem);
    found.looks.fingerprints.problem = problem;
    found.looks.thumbnails.problem = problem;
    return found;
  }

  Found collect() {
    while (true) {
      pump();
      if (needs_parser(jobs.front().sniffed) && worker.launching()) {
        check_launch(start_limit());
        pump();
      }
      Job& job = jobs.front();
      if (!needs_parser(job.sniffed)) return finish(unparsed(job.sniffed, {}));
      std::string problem;
      if (auto found = await_answer(problem)) {
        --in_flight;
        return finish(std::move(*found));
      }
      const bool give_up = ++job.failures >= kAttempts;
      Found found = unparsed(job.sniffed, problem);
      renew();
      if (give_up) return finish(std::move(found));
    }
  }

  Found finish(Found found) {
    jobs.pop_front();
    if (sent_until > 0) --sent_until;
    return found;
  }

  /// What is known of the first job's answer without waiting: here (or failed), or still to come.
  bool ready() {
    if (jobs.empty()) return false;
    check_launch({});
    pump();
    if (!needs_parser(jobs.front().sniffed)) return true;
    if (worker.launching()) return false;
    std::string problem;
    while (true) {
      const auto size = answer_size(problem);
      if (size && (*size == 0 || inbox.held().size() >= *size)) return true;
      const Arrival arrival = receive_now();
      if (arrival != Arrival::some) return arrival == Arrival::ended;
    }
  }

  /// The answer for the first job; absent if the worker failed it, and then `problem` says how.
  std::optional<Found> await_answer(std::string& problem) {
    const auto deadline = Clock::now() + options.wall_limit;
    // The kernel limits what all clients together may have on its way; that passes.
    while (in_flight == 0 && send_error == ETOOMANYREFS && poll_timeout(deadline) > 0) {
      poll(nullptr, 0, 1);
      pump();
    }
    if (in_flight == 0) {
      problem = "the file could not be handed to the parser";
      return std::nullopt;
    }
    while (true) {
      if (const auto size = answer_size(problem)) {
        if (*size == 0) return std::nullopt;
        if (inbox.held().size() >= *size) return take_answer(*size, problem);
      }
      if (!receive(deadline, problem)) return std::nullopt;
    }
  }

  /// Size of the arriving answer with its header, once the header is here; 0 if it is a lie.
  std::optional<std::size_t> answer_size(std::string& problem) const {
    protocol::Answer header;
    if (inbox.held().size() < sizeof header) return std::nullopt;
    std::memcpy(&header, inbox.held().data(), sizeof header);
    if (header.magic == protocol::kAnswerMagic && header.sequence == next_answer &&
        header.size <= kMaxEncoded) {
      return sizeof header + header.size;
    }
    problem = "the parser gave an answer that makes no sense";
    return 0;
  }

  /// Error(corrupt) for what no worker of ours says.
  Found decoded(ByteView body) const {
    Found found;
    switch (options.work) {
      case ParserWork::facts:
        found.facts = decode(body);
        break;
      case ParserWork::fingerprints:
        found.looks.fingerprints = decode_fingerprints(body);
        break;
      case ParserWork::thumbnails:
        found.looks.thumbnails = decode_thumbnails(body);
        break;
      case ParserWork::question:
      case ParserWork::looks:
        found.looks = protocol::decode_looks(body);
        break;
      case ParserWork::pixels:
        found.pixels = decode_pixels(body);
        break;
    }
    return found;
  }

  std::optional<Found> take_answer(std::size_t size, std::string& problem) {
    try {
      const ByteView body = inbox.held().first(size).subspan(sizeof(protocol::Answer));
      Found found = decoded(body);
      inbox.take(size);
      ++next_answer;
      return found;
    } catch (const Error&) {
      problem = "the parser gave an answer that makes no sense";
      return std::nullopt;
    }
  }

  enum class Arrival { some, nothing_yet, ended };
  /// Takes what has arrived. Descriptors that a worker might send along are dropped by recv().
  Arrival receive_now() {
    while (true) {
      const MutableByteView room = inbox.room();
      const ssize_t size = recv(worker.stream(), room.data(), room.size(), 0);
      if (size > 0) {
        inbox.put(static_cast<std::size_t>(size));
        return Arrival::some;
      }
      if (size < 0 && errno == EINTR) continue;
      return size < 0 && errno == EAGAIN ? Arrival::nothing_yet : Arrival::ended;
    }
  }

  /// Waits for more bytes.
  bool receive(Clock::time_point deadline, std::string& problem) {
    while (true) {
      const Arrival arrival = receive_now();
      if (arrival == Arrival::some) return true;
      if (arrival == Arrival::ended) {
        problem = "the parser crashed on this file";
        return false;
      }
      pollfd waiting{worker.stream(), POLLIN, 0};
      const int timeout = poll_timeout(deadline);
      if (timeout == 0) {
        problem = "the parser took longer than " + std::to_string(options.wall_limit.count()) + " ms";
        return false;
      }
      poll(&waiting, 1, timeout);
    }
  }
};

ParserClient::ParserClient(ParserOptions options) : state_(std::make_unique<State>(std::move(options))) {}
ParserClient::~ParserClient() = default;
ParserClient::ParserClient(ParserClient&&) noexcept = default;

void ParserClient::submit(int fd, const Sniffed& sniffed) {
  state_->submit(fd, sniffed);
}

std::size_t ParserClient::pending() const {
  return state_->jobs.size();
}

bool ParserClient::launching() const {
  return state_->worker.launching();
}

bool ParserClient::ready() {
  return state_->ready();
}

MediaFacts ParserClient::collect() {
  return state_->collect().facts;
}

Fingerprints ParserClient::collect_fingerprints() {
  return state_->collect().looks.fingerprints;
}

Looks ParserClient::collect_looks() {
  return state_->collect().looks;
}

Pixels ParserClient::collect_pixels() {
  return state_->collect().pixels;
}

SandboxState ParserClient::sandbox() const {
  if (state_->worker.stream() < 0) state_->renew();
  state_->check_launch(state_->start_limit());
  const protocol::Greeting& said = state_->worker.greeting();
  return {state_->worker.program(),
          {{"seccomp", "system calls", "a short list; the kernel ends it for any other", said.seccomp},
           {"landlock", "files, network", "Landlock: none can be opened", said.landlock},
           {"resource_limits", "resources", "memory, time, descriptors, no writing", said.resource_limits},
           {"no_new_privileges", "privileges", "none can be gained", said.no_new_privileges},
           {"closed_memory", "its memory", "closed to your other programs", said.closed_memory}},
          said.landlock_version};
}

bool SandboxState::complete() const {
  return std::all_of(locks.begin(), locks.end(), [](const SandboxLock& lock) { return lock.active(); });
}

std::string reason_of(const SandboxLock& lock) {
  if (lock.active()) return {};
  if (lock.error == ENOSYS) return "this kernel has it not, or something around forbids it";
  if (lock.error == EOPNOTSUPP) return "switched off when the kernel was started";
  return std::error_code(lock.error, std::generic_category()).message();
}

}  // namespace dalil::media
