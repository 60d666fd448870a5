#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "dalil/files/handle.hpp"
#include "dalil/files/read.hpp"

namespace dalil::files {

namespace {

constexpr unsigned kRequests = 256;
/// What the kernel reads of its own accord when a file's first byte is wanted. Longer files have a request of
/// their own anyway, so they lose nothing with posix_fadvise, which fetches as much as it is told.
constexpr std::uint64_t kFetchedWithFirstByte = 16 << 10;

class Mapping {
 public:
  Mapping() = default;
  Mapping(int fd, std::uint64_t offset, std::size_t size)
      : size_(size),
        at_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
                 static_cast<off_t>(offset))) {}
  ~Mapping() {
    if (at_ != MAP_FAILED) munmap(at_, size_);
  }
  Mapping(Mapping&& other) noexcept : size_(other.size_), at_(std::exchange(other.at_, MAP_FAILED)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(at_, other.at_);
    return *this;
  }
  explicit operator bool() const { return at_ != MAP_FAILED; }
  template <typename T>
  T* at(std::size_t offset) const {
    return reinterpret_cast<T*>(static_cast<char*>(at_) + offset);
  }

 private:
  std::size_t size_ = 0;
  void* at_ = MAP_FAILED;
};

}  // namespace

/// One ring of io_uring (io_uring(7)): requests go in at the tail of one queue, results come out at the head
/// of the other. The kernel's ends of both move by themselves.
struct Prefetcher::State {
  Fd ring;
  Mapping requests, results, entries;
  io_uring_params parameters{};
  unsigned queued = 0;    ///< not yet shown to the kernel
  unsigned underway = 0;  ///< shown, and not yet answered
  std::uint8_t byte = 0;  ///< where all of the first bytes go; nobody looks at them

  bool open() {
    ring = Fd(static_cast<int>(syscall(SYS_io_uring_setup, kRequests, &parameters)));
    if (!ring) return false;
    const auto& p = parameters;
    requests = Mapping(ring.get(), IORING_OFF_SQ_RING, p.sq_off.array + p.sq_entries * sizeof(unsigned));
    results = Mapping(ring.get(), IORING_OFF_CQ_RING, p.cq_off.cqes + p.cq_entries * sizeof(io_uring_cqe));
    entries = Mapping(ring.get(), IORING_OFF_SQES, p.sq_entries * sizeof(io_uring_sqe));
    return requests && results && entries;
  }

  static std::atomic_ref<unsigned> word(const Mapping& mapping, unsigned offset) {
    return std::atomic_ref<unsigned>(*mapping.at<unsigned>(offset));
  }

  bool has_room() const { return underway + queued < kRequests; }

  void queue_first_byte(int fd) {
    const auto tail = word(requests, parameters.sq_off.tail);
    const unsigned position = tail.load(std::memory_order_relaxed);
    const unsigned index = position & *requests.at<unsigned>(parameters.sq_off.ring_mask);
    io_uring_sqe& entry = entries.at<io_uring_sqe>(0)[index];
    std::memset(&entry, 0, sizeof entry);
    entry.opcode = IORING_OP_READ;
    entry.fd = fd;
    entry.addr = reinterpret_cast<std::uint64_t>(&byte);
    entry.len = 1;
    requests.at<unsigned>(parameters.sq_off.array)[index] = index;
    tail.store(position + 1, std::memory_order_release);
    ++queued;
  }

  /// Shows what is queued, and waits for so many results. What the kernel does not take now stays queued.
  bool enter(unsigned wait_for) {
    const long taken = syscall(SYS_io_uring_enter, ring.get(), queued, wait_for,
                               wait_for > 0 ? IORING_ENTER_GETEVENTS : 0, nullptr, 0);
    if (taken < 0) return errno == EINTR || errno == EAGAIN || errno == EBUSY;
    queued -= static_cast<unsigned>(taken);
    underway += static_cast<unsigned>(taken);
    return true;
  }

  /// Results say only that a request is over.
  void drop_results() {
    const auto head = word(results, parameters.cq_off.head);
    const unsigned seen = head.load(std::memory_order_relaxed);
    const unsigned now = word(results, parameters.cq_off.tail).load(std::memory_order_acquire);
    underway -= now - seen;
    head.store(now, std::memory_order_release);
  }

  ~State() {
    if (!requests || !results || !entries) return;
    drop_results();
    while (underway + queued > 0 && enter(1)) drop_results();
  }
};

Prefetcher::Prefetcher() {
  auto state = std::make_unique<State>();
  if (state->open()) state_ = std::move(state);
}
Prefetcher::~Prefetcher() = default;
Prefetcher::Prefetcher(Prefetcher&&) noexcept = default;

void Prefetcher::fetch(std::span<const Wanted> files) {
  if (state_) state_->drop_results();
  for (const Wanted& file : files) {
    if (state_ && file.bytes <= kFetchedWithFirstByte && state_->has_room())
      state_->queue_first_byte(file.fd);
    else
      read_ahead(file.fd, file.bytes);
  }
  if (state_ && state_->queued > 0) state_->enter(0);
}

}  // namespace dalil::files
