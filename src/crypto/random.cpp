#include <openssl/rand.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <limits>

#include "dalil/base/error.hpp"
#include "dalil/crypto/secret.hpp"

namespace dalil::crypto {
namespace {

constexpr std::size_t kBufferSize = 4096;
/// Larger requests go to OpenSSL at once: the buffer would save them nothing.
constexpr std::size_t kLargestBuffered = 256;

void fill_from_openssl(MutableByteView out) {
  while (!out.empty()) {
    const std::size_t count = std::min<std::size_t>(out.size(), std::numeric_limits<int>::max());
    if (RAND_bytes(out.data(), static_cast<int>(count)) != 1) {
      throw Error(ErrorCode::io, "cannot get random bytes from the system");
    }
    out = out.subspan(count);
  }
}

/// Rises in each forked child, which must not give out what its parent's buffer still holds.
std::uint64_t fork_generation() {
  static std::atomic<std::uint64_t> generation{0};
  static const int registered = pthread_atfork(nullptr, nullptr, [] { ++generation; });
  if (registered != 0) throw Error(ErrorCode::io, "cannot register a fork handler: out of memory");
  return generation.load(std::memory_order_relaxed);
}

/// Random bytes in stock. What has been given out is wiped from it.
class RandomBuffer {
 public:
  void take(MutableByteView out) {
    const std::uint64_t generation = fork_generation();
    if (generation != generation_ || available_ < out.size()) refill(generation);
    const MutableByteView taken = buffer_.mutable_view().subspan(available_ - out.size(), out.size());
    std::copy(taken.begin(), taken.end(), out.begin());
    wipe(taken);
    available_ -= out.size();
  }

 private:
  void refill(std::uint64_t generation) {
    if (buffer_.empty()) buffer_ = Secret(kBufferSize);
    available_ = 0;
    fill_from_openssl(buffer_.mutable_view());
    available_ = kBufferSize;
    generation_ = generation;
  }

  Secret buffer_;
  std::size_t available_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace

void random_bytes(MutableByteView out) {
  if (out.size() > kLargestBuffered) return fill_from_openssl(out);
  thread_local RandomBuffer buffer;
  buffer.take(out);
}

Secret random_secret(std::size_t size) {
  Secret secret(size);
  random_bytes(secret.mutable_view());
  return secret;
}

}  // namespace dalil::crypto
