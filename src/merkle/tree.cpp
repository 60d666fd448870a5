#include "dalil/merkle/tree.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "dalil/base/error.hpp"
#include "dalil/crypto/hash.hpp"

namespace dalil::merkle {

namespace {

/// The largest power of two that is smaller than `size`; `size` > 1.
std::uint64_t split_of(std::uint64_t size) {
  return std::bit_floor(size - 1);
}

/// Hash of a list of peaks, left to right: the last two are joined first.
Digest fold(const std::vector<Digest>& peaks) {
  if (peaks.empty()) return empty_root();
  Digest root = peaks.back();
  for (auto peak = std::next(peaks.rbegin()); peak != peaks.rend(); ++peak) root = node_hash(*peak, root);
  return root;
}

/// Hash of the leaves [begin, end), where `begin` is a multiple of a power of two not below the range's size:
/// so all ranges are that the proofs cut a tree into.
Digest range_hash(std::uint64_t begin, std::uint64_t end, const NodeReader& nodes) {
  std::vector<Digest> peaks;
  while (begin < end) {
    const auto level = static_cast<unsigned>(std::bit_width(end - begin) - 1);
    peaks.push_back(nodes(level, begin >> level));
    begin += std::uint64_t{1} << level;
  }
  return fold(peaks);
}

/// Goes up in both trees until the path is a right child.
void skip_left_edges(std::uint64_t& node, std::uint64_t& last) {
  while (node != 0 && (node & 1) == 0) {
    node >>= 1;
    last >>= 1;
  }
}

}  // namespace

Digest leaf_hash(ByteView entry) {
  static constexpr std::uint8_t kPrefix[] = {0x00};
  return crypto::sha256(kPrefix, entry);
}

Digest node_hash(const Digest& left, const Digest& right) {
  std::array<std::uint8_t, 1 + 2 * Digest::kSize> joined;
  joined[0] = 0x01;
  std::copy(left.bytes.begin(), left.bytes.end(), joined.begin() + 1);
  std::copy(right.bytes.begin(), right.bytes.end(), joined.begin() + 1 + Digest::kSize);
  return crypto::sha256(joined);
}

Digest empty_root() {
  return crypto::sha256(ByteView{});
}

Frontier::Frontier(std::uint64_t size, std::vector<Digest> peaks) : size_(size), peaks_(std::move(peaks)) {
  if (static_cast<std::size_t>(std::popcount(size_)) != peaks_.size()) {
    throw Error(ErrorCode::corrupt, "a tree of " + std::to_string(size_) + " leaves cannot have " +
                                        std::to_string(peaks_.size()) + " peaks");
  }
}

void Frontier::append(const Digest& leaf_hash) {
  Digest peak = leaf_hash;
  for (std::uint64_t full = size_; (full & 1) != 0; full >>= 1) {
    peak = node_hash(peaks_.back(), peak);
    peaks_.pop_back();
  }
  peaks_.push_back(peak);
  ++size_;
}

Digest Frontier::root() const {
  return fold(peaks_);
}

std::vector<Digest> inclusion_proof(std::uint64_t index, std::uint64_t tree_size, const NodeReader& nodes) {
  if (index >= tree_size) {
    throw Error(ErrorCode::invalid, "entry " + std::to_string(index) + " is not in a tree of " +
                                        std::to_string(tree_size) + " leaves");
  }
  std::vector<Digest> proof;
  for (std::uint64_t begin = 0, end = tree_size; end - begin > 1;) {
    const std::uint64_t middle = begin + split_of(end - begin);
    if (index < middle) {
      proof.push_back(range_hash(middle, end, nodes));
      end = middle;
    } else {
      proof.push_back(range_hash(begin, middle, nodes));
      begin = middle;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

std::vector<Digest> consistency_proof(std::uint64_t from, std::uint64_t to, const NodeReader& nodes) {
  if (from == 0 || from > to) {
    throw Error(ErrorCode::invalid, "a tree of " + std::to_string(to) +
                                        " leaves cannot be compared with one of " + std::to_string(from));
  }
  std::vector<Digest> proof;
  std::uint64_t begin = 0;
  std::uint64_t end = to;
  while (from != end) {
    const std::uint64_t middle = begin + split_of(end - begin);
    if (from <= middle) {
      proof.push_back(range_hash(middle, end, nodes));
      end = middle;
    } else {
      proof.push_back(range_hash(begin, middle, nodes));
      begin = middle;
    }
  }
  // Who has the old root need not be told it.
  if (begin != 0) proof.push_back(range_hash(begin, end, nodes));
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Digest root_at(std::uint64_t tree_size, const NodeReader& nodes) {
  return range_hash(0, tree_size, nodes);
}

bool verify_inclusion(const Digest& leaf_hash, std::uint64_t index, std::uint64_t tree_size,
                      const std::vector<Digest>& proof, const Digest& root) {
  if (index >= tree_size) return false;
  std::uint64_t node = index;
  std::uint64_t last = tree_size - 1;
  Digest hash = leaf_hash;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      skip_left_edges(node, last);
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t from, std::uint64_t to, const std::vector<Digest>& proof,
                        const Digest& from_root, const Digest& to_root) {
  if (from == 0 || from > to) return false;
  if (from == to) return proof.empty() && from_root == to_root;
  if (proof.empty()) return false;
  std::uint64_t node = from - 1;
  std::uint64_t last = to - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  const bool old_is_perfect = std::has_single_bit(from);
  Digest old_hash = old_is_perfect ? from_root : proof.front();
  Digest new_hash = old_hash;
  for (auto sibling = proof.begin() + (old_is_perfect ? 0 : 1); sibling != proof.end(); ++sibling) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(*sibling, old_hash);
      new_hash = node_hash(*sibling, new_hash);
      skip_left_edges(node, last);
    } else {
      new_hash = node_hash(new_hash, *sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == from_root && new_hash == to_root;
}

}  // namespace dalil::merkle
