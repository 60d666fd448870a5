#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "dalil/base/bytes.hpp"

namespace dalil::fuzz {

/// What the fuzzer's bytes stand for, where a format is too strict to be hit upon: an odd first byte is
/// followed by the input itself, an even one by edits of a valid sample, three bytes each (position, mask),
/// so that both the fuzzer and plain mutations get past the first check. All bytes together choose the
/// sample.
inline Bytes input_from(ByteView data, const std::vector<Bytes>& samples) {
  if (data.empty()) return {};
  if (data[0] % 2 == 1) return {data.begin() + 1, data.end()};
  Bytes out = samples[std::accumulate(data.begin(), data.end(), std::size_t{0}) % samples.size()];
  for (std::size_t at = 1; at + 2 < data.size() && !out.empty(); at += 3) {
    const std::size_t place = (data[at] * std::size_t{256} + data[at + 1]) % (out.size() + 1);
    if (place == out.size())
      out.push_back(data[at + 2]);
    else if (data[at + 2] == 0xEE)
      out.resize(place);
    else
      out[place] ^= data[at + 2];
  }
  return out;
}

}  // namespace dalil::fuzz
