// What is read as a proof is written again byte for byte, and its check never throws. A proof that holds is
// the one that the seed was made from, or differs from it in what is for people only.
#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/formats/proof.hpp"

using namespace dalil;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::optional<archive::Proof> proof;
  try {
    proof = formats::decode_proof(text);
  } catch (const Error&) {
    return 0;
  }
  if (formats::encode_proof(*proof) != text) std::abort();
  const formats::ProofCheck check = formats::check_proof(*proof);
  if (check.right() == check.proven.empty()) std::abort();
  return 0;
}
