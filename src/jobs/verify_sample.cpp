#include "verify_sample.hpp"

#include <algorithm>
#include <cmath>

#include "dalil/base/error.hpp"
#include "dalil/crypto/tags.hpp"

namespace dalil::jobs {

namespace {

__extension__ using Wide = unsigned __int128;

/// Chance of at most `bad` bad ones among `drawn` independent draws, each bad with probability `share`.
double chance_of_at_most(std::uint64_t bad, std::uint64_t drawn, double share) {
  if (bad >= drawn) return 1;
  const auto n = static_cast<double>(drawn);
  const double log_bad = std::log(share), log_good = std::log1p(-share);
  double sum = 0;
  for (std::uint64_t i = 0; i <= bad; ++i) {
    const auto k = static_cast<double>(i);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * log_bad +
                    (n - k) * log_good);
  }
  return std::min(sum, 1.0);
}

}  // namespace

double bad_share_below(std::uint64_t drawn, std::uint64_t bad, double confidence) {
  if (drawn == 0 || bad > drawn || !(confidence > 0 && confidence < 1))
    throw Error(ErrorCode::invalid, "a sample of nothing says nothing");
  const double error = 1 - confidence;
  if (bad == 0) return -std::expm1(std::log(error) / static_cast<double>(drawn));
  double low = static_cast<double>(bad) / static_cast<double>(drawn), high = 1;
  for (int i = 0; i < 64 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    (chance_of_at_most(bad, drawn, middle) > error ? low : high) = middle;
  }
  // For draws that are not all alike the limit is proved up to one less than is expected (Hoeffding 1956).
  const bool proved = static_cast<double>(drawn) * high >= static_cast<double>(bad) + 1;
  return proved ? high : 1;
}

std::uint64_t chunks_of(std::uint64_t size_bytes) {
  return size_bytes == 0 ? 1 : (size_bytes - 1) / crypto::kTagChunkSize + 1;
}

std::uint64_t draws_wanted(const SampleOptions& options, std::uint64_t population) {
  if (options.percent <= 0) return std::min(options.chunks, population);
  const double wanted = std::ceil(static_cast<double>(population) * options.percent / 100);
  if (wanted >= static_cast<double>(population)) return population;
  return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, population);
}

ChunkSampler::ChunkSampler(std::uint64_t population, std::uint64_t draws, std::uint64_t seed)
    : population_(population), draws_(std::min(draws, population)), random_(seed) {}

/// The i-th part is from i * N / n to (i + 1) * N / n; the place in it is a random number of 64 bits. In
/// whole numbers, so that every machine comes to the same.
std::uint64_t ChunkSampler::next_draw() {
  const std::uint64_t i = made_++;
  if (census()) return i;
  const Wide start = Wide{i} * population_;
  const Wide within = (start % draws_ << 64) + Wide{random_()} * population_;
  return static_cast<std::uint64_t>(start / draws_ + (within / draws_ >> 64));
}

std::vector<std::uint64_t> ChunkSampler::take(std::uint64_t count) {
  std::vector<std::uint64_t> drawn;
  while (true) {
    if (!next_ && made_ < draws_) next_ = next_draw();
    if (!next_ || *next_ >= at_ + count) break;
    drawn.push_back(*next_ - at_);
    next_.reset();
  }
  at_ += count;
  return drawn;
}

}  // namespace dalil::jobs
