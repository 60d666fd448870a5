#include "dalil/media/parser_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <deque>

#include "dalil/base/error.hpp"
#include "passing.hpp"
#include "worker_process.hpp"

namespace dalil::media {
namespace {

using Clock = std::chrono::steady_clock;

/// Requests that wait in the socket, so that the worker never waits for us; small enough that neither side
/// blocks.
constexpr std::size_t kMostInFlight = 8;
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
  explicit State(ParserOptions given) : options(std::move(given)), worker(find_parser(options.program)) {}

  ParserOptions options;
  WorkerProcess worker;
  std::deque<Job> jobs;          ///< oldest first
  std::size_t in_flight = 0;     ///< sent to this worker, not answered; they are the first that need a parser
  std::size_t sent_until = 0;    ///< jobs before this index are in flight or need no parser
  unsigned files_of_worker = 0;  ///< sent to this worker in all
  std::uint32_t next_request = 0, next_answer = 0;
  Bytes received;  ///< of the answer that is arriving

  void renew() {
    worker.renew(std::max(options.wall_limit, kStartLimit));
    in_flight = sent_until = files_of_worker = 0;
    next_request = next_answer = 0;
    received.clear();
  }

  /// Hands over what may be handed over now. A failure shows when the answer is waited for.
  void pump() {
    for (; sent_until < jobs.size(); ++sent_until) {
      if (!needs_parser(jobs[sent_until].sniffed)) continue;
      const bool worn_out = files_of_worker >= options.renew_after_files;
      if (worn_out && in_flight > 0) return;
      if (worn_out || worker.stream() < 0) {
        const auto position = sent_until;
        renew();
        sent_until = position;
      }
      if (in_flight >= kMostInFlight || !send(jobs[sent_until])) return;
      ++in_flight;
      ++files_of_worker;
    }
  }

  bool send(const Job& job) {
    protocol::Request request;
    request.sequence = next_request;
    const auto found = files::stat_fd(job.fd);
    request.file_size = found.stat.kind == files::FileKind::regular ? found.stat.size_bytes : 0;
    request.kind = static_cast<std::uint8_t>(job.sniffed.kind);
    std::strncpy(request.format.data(), job.sniffed.format, request.format.size() - 1);
    const ByteView bytes(reinterpret_cast<const std::uint8_t*>(&request), sizeof request);
    if (send_with_fd(worker.stream(), bytes, job.fd) != 0) return false;
    ++next_request;
    return true;
  }

  MediaFacts collect() {
    while (true) {
      pump();
      Job& job = jobs.front();
      if (!needs_parser(job.sniffed)) return finish(facts_as_sniffed(job.sniffed, {}));
      std::string problem;
      if (auto facts = await_answer(problem)) {
        --in_flight;
        return finish(std::move(*facts));
      }
      const bool give_up = ++job.failures >= kAttempts;
      MediaFacts facts = facts_as_sniffed(job.sniffed, problem);
      renew();
      if (give_up) return finish(std::move(facts));
    }
  }

  MediaFacts finish(MediaFacts facts) {
    jobs.pop_front();
    if (sent_until > 0) --sent_until;
    return facts;
  }

  /// The answer for the first job; absent if the worker failed it, and then `problem` says how.
  std::optional<MediaFacts> await_answer(std::string& problem) {
    const auto deadline = Clock::now() + options.wall_limit;
    if (in_flight == 0) {
      problem = "the file could not be handed to the parser";
      return std::nullopt;
    }
    while (true) {
      if (const auto size = answer_size(problem)) {
        if (*size == 0) return std::nullopt;
        if (received.size() >= *size) return take_answer(*size, problem);
      }
      if (!receive(deadline, problem)) return std::nullopt;
    }
  }

  /// Size of the arriving answer with its header, once the header is here; 0 if it is a lie.
  std::optional<std::size_t> answer_size(std::string& problem) {
    protocol::Answer header;
    if (received.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, received.data(), sizeof header);
    if (header.magic == protocol::kAnswerMagic && header.sequence == next_answer &&
        header.size <= kMaxEncoded) {
      return sizeof header + header.size;
    }
    problem = "the parser gave an answer that makes no sense";
    return 0;
  }

  std::optional<MediaFacts> take_answer(std::size_t size, std::string& problem) {
    try {
      MediaFacts facts =
          decode(ByteView(received).subspan(sizeof(protocol::Answer), size - sizeof(protocol::Answer)));
      received.erase(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(size));
      ++next_answer;
      return facts;
    } catch (const Error&) {
      problem = "the parser gave an answer that makes no sense";
      return std::nullopt;
    }
  }

  /// Waits for more bytes. Descriptors that a worker might send along are dropped by recv().
  bool receive(Clock::time_point deadline, std::string& problem) {
    constexpr std::size_t kPiece = 64 << 10;
    while (true) {
      const std::size_t before = received.size();
      received.resize(before + kPiece);
      const ssize_t size = recv(worker.stream(), received.data() + before, kPiece, 0);
      const int error = errno;
      received.resize(before + (size > 0 ? static_cast<std::size_t>(size) : 0));
      if (size > 0) return true;
      if (size == 0 || (error != EAGAIN && error != EINTR)) {
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
  state_->jobs.push_back({fd, sniffed});
  state_->pump();
}

std::size_t ParserClient::pending() const {
  return state_->jobs.size();
}

MediaFacts ParserClient::collect() {
  return state_->collect();
}

SandboxState ParserClient::sandbox() const {
  if (state_->worker.stream() < 0) state_->renew();
  const std::uint32_t door = state_->worker.door();
  return {(door & protocol::no_new_privileges) != 0, (door & protocol::seccomp) != 0,
          (door & protocol::landlock) != 0, (door & protocol::resource_limits) != 0};
}

}  // namespace dalil::media
