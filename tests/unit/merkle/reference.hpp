#pragma once

#include <string>
#include <vector>

#include "dalil/crypto/hash.hpp"
#include "dalil/merkle/tree.hpp"

namespace dalil::merkle::testing {

/// RFC 6962 section 2.1 word for word: slow, recursive, and written without the code under test.
using Leaves = std::vector<Bytes>;

inline Digest hash_of(std::uint8_t prefix, ByteView first, ByteView second = {}) {
  Bytes message{prefix};
  append(message, first);
  append(message, second);
  return crypto::sha256(message);
}

inline std::size_t largest_power_below(std::size_t n) {
  std::size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

inline Digest naive_root(const Leaves& d, std::size_t begin, std::size_t end) {
  if (begin == end) return crypto::sha256(ByteView{});
  if (end - begin == 1) return hash_of(0, d[begin]);
  const std::size_t k = largest_power_below(end - begin);
  return hash_of(1, naive_root(d, begin, begin + k).view(), naive_root(d, begin + k, end).view());
}

inline std::vector<Digest> naive_path(const Leaves& d, std::size_t m, std::size_t begin, std::size_t end) {
  if (end - begin == 1) return {};
  const std::size_t k = largest_power_below(end - begin);
  const bool left = m < k;
  auto path = left ? naive_path(d, m, begin, begin + k) : naive_path(d, m - k, begin + k, end);
  path.push_back(left ? naive_root(d, begin + k, end) : naive_root(d, begin, begin + k));
  return path;
}

inline std::vector<Digest> naive_subproof(const Leaves& d, std::size_t m, std::size_t begin, std::size_t end,
                                          bool whole) {
  if (m == end - begin) return whole ? std::vector<Digest>{} : std::vector<Digest>{naive_root(d, begin, end)};
  const std::size_t k = largest_power_below(end - begin);
  const bool left = m <= k;
  auto proof =
      left ? naive_subproof(d, m, begin, begin + k, whole) : naive_subproof(d, m - k, begin + k, end, false);
  proof.push_back(left ? naive_root(d, begin + k, end) : naive_root(d, begin, begin + k));
  return proof;
}

inline Leaves make_leaves(std::size_t count) {
  Leaves leaves;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = "entry " + std::to_string(i * 7919);
    leaves.emplace_back(text.begin(), text.end());
  }
  return leaves;
}

/// All perfect subtrees, level by level.
struct NodeTable {
  explicit NodeTable(const Leaves& leaves) : levels(1) {
    for (const Bytes& leaf : leaves) levels[0].push_back(leaf_hash(leaf));
    while (levels.back().size() > 1) {
      std::vector<Digest> above;
      const auto& below = levels.back();
      for (std::size_t i = 0; i + 1 < below.size(); i += 2)
        above.push_back(node_hash(below[i], below[i + 1]));
      levels.push_back(std::move(above));
    }
  }
  NodeReader reader() const {
    return [this](unsigned level, std::uint64_t index) { return levels.at(level).at(index); };
  }
  std::vector<std::vector<Digest>> levels;
};

}  // namespace dalil::merkle::testing
