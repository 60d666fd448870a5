#include "worker_line.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "dalil/base/error.hpp"
#include "passing.hpp"

namespace dalil::media {
namespace {

using Clock = std::chrono::steady_clock;

/// Requests that wait in the socket, so that the worker has work while we hash the next files. Our end does
/// not block, so a full socket is no danger, only a pause.
constexpr std::size_t kMostInFlight = 128;
constexpr unsigned kAttempts = 2;
/// Of a file during which the nursery goes. That should be chance, as workers cannot reach it: a file that
/// can do it all the same, by eating all memory for instance, must not do so for ever.
constexpr unsigned kMostNurseries = 4;
/// Starting is no file's fault, and may be slow on a busy machine.
constexpr std::chrono::milliseconds kStartLimit{10'000};

MediaFacts facts_as_sniffed(const Sniffed& sniffed, std::string problem) {
  MediaFacts facts;
  facts.kind = sniffed.kind;
  facts.format = sniffed.format;
  facts.problem = std::move(problem);
  return facts;
}

}  // namespace

Found unparsed(const Sniffed& sniffed, const std::string& problem) {
  Found found;
  found.facts = facts_as_sniffed(sniffed, problem);
  found.looks.fingerprints.problem = problem;
  found.looks.thumbnails.problem = problem;
  return found;
}

std::chrono::milliseconds WorkerLine::start_limit() const {
  return std::max(options_.wall_limit, kStartLimit);
}

void WorkerLine::renew() {
  worker_.renew(start_limit());
  begin_anew();
}

/// Precondition: nothing is in flight.
void WorkerLine::launch() {
  worker_.launch(start_limit());
  begin_anew();
}

void WorkerLine::begin_anew() {
  in_flight_ = files_of_worker_ = 0;
  next_request_ = next_answer_ = 0;
  inbox_.clear();
}

void WorkerLine::submit(int fd, const Sniffed& sniffed) {
  jobs_.push_back({fd, sniffed});
  // A worker that takes long to start is not put off until a message is full.
  const bool slow_start = libraries_ == protocol::Libraries::all && worker_.stream() < 0;
  if (slow_start || jobs_.size() - in_flight_ >= kMostPassed) pump();
}

void WorkerLine::pump() {
  while (in_flight_ < jobs_.size()) {
    if (worker_.stream() < 0 || files_of_worker_ >= options_.renew_after_files) {
      if (in_flight_ > 0) return;
      launch();
    }
    if (!send_some()) return;
  }
}

/// One message. False if nothing can be sent now.
bool WorkerLine::send_some() {
  const std::size_t count = std::min({jobs_.size() - in_flight_, kMostPassed, kMostInFlight - in_flight_,
                                      std::size_t{options_.renew_after_files} - files_of_worker_});
  if (count == 0) return false;
  std::array<protocol::Request, kMostPassed> requests;
  std::array<int, kMostPassed> fds;
  for (std::size_t i = 0; i < count; ++i) {
    const Job& job = jobs_[in_flight_ + i];
    requests[i] = request_for(job, next_request_ + static_cast<std::uint32_t>(i));
    fds[i] = job.fd;
  }
  const ByteView bytes(reinterpret_cast<const std::uint8_t*>(requests.data()), count * sizeof requests[0]);
  send_error_ = send_with_fds(worker_.stream(), bytes, std::span(fds).first(count));
  if (send_error_ != 0) return false;
  in_flight_ += count;
  files_of_worker_ += static_cast<unsigned>(count);
  next_request_ += static_cast<std::uint32_t>(count);
  return true;
}

protocol::Request WorkerLine::request_for(const Job& job, std::uint32_t sequence) const {
  protocol::Request request;
  request.work = static_cast<std::uint8_t>(options_.work);
  request.sound = options_.sound ? 1 : 0;
  request.sequence = sequence;
  const auto found = files::stat_fd(job.fd);
  request.file_size = found.stat.kind == files::FileKind::regular ? found.stat.size_bytes : 0;
  request.kind = static_cast<std::uint8_t>(job.sniffed.kind);
  std::strncpy(request.format.data(), job.sniffed.format, request.format.size() - 1);
  return request;
}

/// Sees whether the worker that was launched is there by now; if it will never be, another is started.
void WorkerLine::check_launch(std::chrono::milliseconds limit) {
  if (!worker_.launching()) return;
  const bool hopeful = worker_.await_launch(limit);
  if (!hopeful || (worker_.launching() && limit.count() > 0)) renew();
}

Found WorkerLine::collect() {
  while (true) {
    pump();
    if (worker_.launching()) {
      check_launch(start_limit());
      pump();
    }
    Job& job = jobs_.front();
    std::string problem;
    if (auto found = await_answer(problem)) {
      --in_flight_;
      jobs_.pop_front();
      return std::move(*found);
    }
    const bool give_up =
        worker_.went_with_nursery() ? ++job.nurseries_lost >= kMostNurseries : ++job.failures >= kAttempts;
    renew();
    if (!give_up) continue;
    Found found = unparsed(job.sniffed, problem);
    jobs_.pop_front();
    return found;
  }
}

/// What is known of the first job's answer without waiting: here (or failed), or still to come.
bool WorkerLine::ready() {
  check_launch({});
  pump();
  if (worker_.launching()) return false;
  std::string problem;
  while (true) {
    const auto size = answer_size(problem);
    if (size && (*size == 0 || inbox_.held().size() >= *size)) return true;
    const Arrival arrival = receive_now();
    if (arrival != Arrival::some) return arrival == Arrival::ended;
  }
}

const protocol::Greeting& WorkerLine::greeting() {
  if (worker_.stream() < 0) renew();
  check_launch(start_limit());
  return worker_.greeting();
}

/// The answer for the first job; absent if the worker failed it, and then `problem` says how.
std::optional<Found> WorkerLine::await_answer(std::string& problem) {
  const auto deadline = Clock::now() + options_.wall_limit;
  // The kernel limits what all clients together may have on its way; that passes.
  while (in_flight_ == 0 && send_error_ == ETOOMANYREFS && poll_timeout(deadline) > 0) {
    poll(nullptr, 0, 1);
    pump();
  }
  if (in_flight_ == 0) {
    problem = "the file could not be handed to the parser";
    return std::nullopt;
  }
  while (true) {
    if (const auto size = answer_size(problem)) {
      if (*size == 0) return std::nullopt;
      if (inbox_.held().size() >= *size) return take_answer(*size, problem);
    }
    if (!receive(deadline, problem)) return std::nullopt;
  }
}

/// Size of the arriving answer with its header, once the header is here; 0 if it is a lie.
std::optional<std::size_t> WorkerLine::answer_size(std::string& problem) const {
  protocol::Answer header;
  if (inbox_.held().size() < sizeof header) return std::nullopt;
  std::memcpy(&header, inbox_.held().data(), sizeof header);
  if (header.magic == protocol::kAnswerMagic && header.sequence == next_answer_ &&
      header.size <= kMaxEncoded) {
    return sizeof header + header.size;
  }
  problem = "the parser gave an answer that makes no sense";
  return 0;
}

/// Error(corrupt) for what no worker of ours says.
Found WorkerLine::decoded(ByteView body) const {
  Found found;
  switch (options_.work) {
    case ParserWork::facts:
      found.facts = decode(body);
      break;
    case ParserWork::thumbnails:
      found.looks.thumbnails = decode_thumbnails(body);
      break;
    case ParserWork::fingerprints:
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

std::optional<Found> WorkerLine::take_answer(std::size_t size, std::string& problem) {
  try {
    const ByteView body = inbox_.held().first(size).subspan(sizeof(protocol::Answer));
    Found found = decoded(body);
    inbox_.take(size);
    ++next_answer_;
    return found;
  } catch (const Error&) {
    problem = "the parser gave an answer that makes no sense";
    return std::nullopt;
  }
}

/// Takes what has arrived. Descriptors that a worker might send along are dropped by recv().
WorkerLine::Arrival WorkerLine::receive_now() {
  while (true) {
    const MutableByteView room = inbox_.room();
    const ssize_t size = recv(worker_.stream(), room.data(), room.size(), 0);
    if (size > 0) {
      inbox_.put(static_cast<std::size_t>(size));
      return Arrival::some;
    }
    if (size < 0 && errno == EINTR) continue;
    return size < 0 && errno == EAGAIN ? Arrival::nothing_yet : Arrival::ended;
  }
}

/// Waits for more bytes.
bool WorkerLine::receive(Clock::time_point deadline, std::string& problem) {
  while (true) {
    const Arrival arrival = receive_now();
    if (arrival == Arrival::some) return true;
    if (arrival == Arrival::ended) {
      problem = "the parser crashed on this file";
      return false;
    }
    pollfd waiting{worker_.stream(), POLLIN, 0};
    const int timeout = poll_timeout(deadline);
    if (timeout == 0) {
      problem = "the parser took longer than " + std::to_string(options_.wall_limit.count()) + " ms";
      return false;
    }
    poll(&waiting, 1, timeout);
  }
}

}  // namespace dalil::media
