#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "dalil/jobs/verify.hpp"

namespace dalil::jobs {

/// Chunks of a file of this size; the empty file has one.
std::uint64_t chunks_of(std::uint64_t size_bytes);

/// Draws chunks from a row of them, a stratum at a time: the row is cut into as many equal parts as there are
/// draws, and each part gives one, uniformly and independently of the others. Every chunk has the same
/// chance, also where the parts' ends fall into a chunk, which may then be drawn twice. The same seed,
/// population and number give the same draws on every machine.
class ChunkSampler {
 public:
  /// All of them, each once, if `draws` is not less than the population.
  ChunkSampler(std::uint64_t population, std::uint64_t draws, std::uint64_t seed);

  /// Passes over the next `count` chunks: places of those drawn, counted from the first of them, in order.
  std::vector<std::uint64_t> take(std::uint64_t count);
  bool census() const { return draws_ == population_; }
  std::uint64_t draws() const { return draws_; }
  std::uint64_t population() const { return population_; }
  std::uint64_t passed() const { return at_; }  ///< the population at the end

 private:
  std::uint64_t next_draw();

  std::uint64_t population_, draws_;
  std::mt19937_64 random_;
  std::uint64_t made_ = 0;  ///< draws so far
  std::uint64_t at_ = 0;    ///< chunks passed
  std::optional<std::uint64_t> next_;
};

/// How many draws the options ask for.
std::uint64_t draws_wanted(const SampleOptions& options, std::uint64_t population);

}  // namespace dalil::jobs
