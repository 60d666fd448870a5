#include "dalil/media/parser_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <system_error>

#include "worker_line.hpp"

namespace dalil::media {
namespace {

/// Documents and unknown content are for nobody to open.
bool needs_parser(const Sniffed& sniffed) {
  return sniffed.format[0] != '\0' && sniffed.kind != MediaKind::document;
}

}  // namespace

struct ParserClient::State {
  explicit State(ParserOptions given) : options(std::move(given)) {
    options.renew_after_files = std::max(options.renew_after_files, 1U);
    if (!options.nursery) options.nursery = make_nursery(options.program);
    options.program = options.nursery->with({}).program();  // Error(io) if there is none
  }

  struct Place {
    Sniffed sniffed;
    WorkerLine* line;  ///< null: nobody looks into it
  };

  ParserOptions options;
  /// By the libraries that files need: pictures are not kept waiting until FFmpeg's are loaded. Null before
  /// the first such file.
  std::array<std::unique_ptr<WorkerLine>, 2> lines;
  std::deque<Place> order;  ///< of submission

  WorkerLine& line(protocol::Libraries libraries) {
    auto& found = lines.at(static_cast<std::size_t>(libraries));
    if (!found) found = std::make_unique<WorkerLine>(options, options.nursery, libraries);
    return *found;
  }

  void submit(int fd, const Sniffed& sniffed) {
    WorkerLine* to = nullptr;
    if (needs_parser(sniffed)) {
      to = &line(protocol::libraries_for(options.work, sniffed.kind, sniffed.format));
      to->submit(fd, sniffed);
    }
    order.push_back({sniffed, to});
  }

  void pump() {
    for (const auto& one : lines)
      if (one) one->pump();
  }

  bool ready() {
    if (order.empty()) return false;
    pump();
    return order.front().line == nullptr || order.front().line->ready();
  }

  Found collect() {
    pump();
    const Place first = order.front();
    Found found = first.line == nullptr ? unparsed(first.sniffed, {}) : first.line->collect();
    order.pop_front();
    return found;
  }

  bool launching() const {
    return std::ranges::any_of(lines, [](const auto& one) { return one && one->launching(); });
  }

  /// All workers have the same locks.
  const protocol::Greeting& greeting() {
    const auto used = std::ranges::find_if(lines, [](const auto& one) { return one != nullptr; });
    return used != lines.end() ? (*used)->greeting() : line(protocol::Libraries::without_ffmpeg).greeting();
  }
};

ParserClient::ParserClient(ParserOptions options) : state_(std::make_unique<State>(std::move(options))) {}
ParserClient::~ParserClient() = default;
ParserClient::ParserClient(ParserClient&&) noexcept = default;

void ParserClient::submit(int fd, const Sniffed& sniffed) {
  state_->submit(fd, sniffed);
}

std::size_t ParserClient::pending() const {
  return state_->order.size();
}

bool ParserClient::launching() const {
  return state_->launching();
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
  const protocol::Greeting& said = state_->greeting();
  return {state_->options.program,
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
