// A log proof is encoded again byte for byte. Hashes from anywhere never prove anything about a root that
// they were not made for, and never lead the verification astray.
#include <cstdlib>

#include "dalil/merkle/note.hpp"
#include "dalil/merkle/tree.hpp"

using namespace dalil;

namespace {

void verify_arbitrary(ByteView bytes) {
  constexpr std::size_t kNumbers = 16;
  if (bytes.size() < kNumbers) return;
  const std::uint64_t first = load_u64(bytes.data());
  const std::uint64_t second = load_u64(bytes.data() + 8);
  std::vector<Digest> proof;
  for (std::size_t at = kNumbers; at + Digest::kSize <= bytes.size(); at += Digest::kSize) {
    proof.push_back(Digest::from_bytes(bytes.subspan(at, Digest::kSize)));
  }
  const Digest leaf = merkle::leaf_hash(bytes);
  const Digest root = merkle::node_hash(leaf, leaf);
  // The root is a hash over these very bytes, so that no input can contain its proof.
  if (merkle::verify_inclusion(leaf, first, second, proof, root)) std::abort();
  if (merkle::verify_consistency(first, second, proof, leaf, root)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const auto proof = merkle::LogProof::parse(as_chars(bytes));
  if (proof && proof->encode() != as_chars(bytes)) std::abort();
  verify_arbitrary(bytes);
  return 0;
}
