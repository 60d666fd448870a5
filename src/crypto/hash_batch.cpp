#include "hash_batch.hpp"

#include <algorithm>
#include <vector>

#include "dalil/crypto/hash.hpp"
#include "sha256_pair.hpp"

namespace dalil::crypto {
namespace {

/// Below this there is too little to fill lanes with.
constexpr std::size_t kSmallestBatch = 2;

bool suits_lanes(ByteView message) {
  return message.size() >= HashLanes::kSmallestMessage && message.size() <= HashLanes::kLargestMessage;
}

/// Blocks of 64 bytes, with the padding's 9 bytes.
std::size_t blocks_of(std::size_t size) {
  return (size + 9 + 63) / 64;
}

}  // namespace

std::size_t count_outlasting(std::span<const std::size_t> sizes, unsigned lanes, double step_cost) {
  double blocks_left = 0;
  for (const std::size_t size : sizes) blocks_left += static_cast<double>(blocks_of(size));
  double openssl_blocks = 0;
  double best_cost = blocks_left;
  std::size_t best = sizes.size();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto longest = static_cast<double>(blocks_of(sizes[i]));
    const double cost = openssl_blocks + step_cost * std::max(longest, blocks_left / lanes);
    if (cost < best_cost) {
      best_cost = cost;
      best = i;
    }
    openssl_blocks += longest;
    blocks_left -= longest;
  }
  return best;
}

void hash_batch(HashLanes& lanes, std::span<const ByteView> messages, std::span<Digest> digests) {
  std::vector<std::size_t> order;
  std::vector<ByteView> long_ones;
  std::vector<Digest*> long_targets;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (suits_lanes(messages[i])) {
      order.push_back(i);
    } else if (messages[i].size() > HashLanes::kLargestMessage && Sha256Pair::available()) {
      long_ones.push_back(messages[i]);
      long_targets.push_back(&digests[i]);
    } else {
      digests[i] = sha256(messages[i]);
    }
  }
  Sha256Pair::hash(long_ones, long_targets);
  // Longest first: the lanes then run out of work at nearly the same time.
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return messages[a].size() > messages[b].size(); });
  std::vector<std::size_t> sizes;
  sizes.reserve(order.size());
  for (const std::size_t i : order) sizes.push_back(messages[i].size());
  const std::size_t outlasting = count_outlasting(sizes, lanes.lanes(), lanes.step_cost());

  std::vector<ByteView> in_lanes;
  std::vector<Digest*> targets;
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k < outlasting) {
      digests[order[k]] = sha256(messages[order[k]]);
    } else {
      in_lanes.push_back(messages[order[k]]);
      targets.push_back(&digests[order[k]]);
    }
  }
  if (lanes.hash(in_lanes, targets)) return;
  for (std::size_t k = 0; k < in_lanes.size(); ++k) *targets[k] = sha256(in_lanes[k]);
}

struct Sha256Batch::State {
  std::unique_ptr<HashLanes> lanes;  ///< null: OpenSSL does it all
};

Sha256Batch::Sha256Batch() : state_(std::make_unique<State>(State{make_best_hash_lanes()})) {}
Sha256Batch::~Sha256Batch() = default;
Sha256Batch::Sha256Batch(Sha256Batch&&) noexcept = default;

void Sha256Batch::hash(std::span<const ByteView> messages, std::span<Digest> digests) {
  if (state_->lanes && messages.size() >= kSmallestBatch)
    return hash_batch(*state_->lanes, messages, digests);
  for (std::size_t i = 0; i < messages.size(); ++i) digests[i] = sha256(messages[i]);
}

const char* Sha256Batch::backend() const {
  return state_->lanes ? state_->lanes->name() : "openssl";
}

}  // namespace dalil::crypto
