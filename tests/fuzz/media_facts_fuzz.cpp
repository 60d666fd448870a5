// Facts decode or are refused; what decodes is exactly what encode writes.

#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/media/contradictions.hpp"
#include "dalil/media/facts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  const ByteView bytes(data, size);
  media::MediaFacts facts;
  try {
    facts = media::decode(bytes);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) std::abort();
    return 0;
  }
  if (media::encode(facts) != Bytes(bytes.begin(), bytes.end())) std::abort();
  media::best_time(facts);
  media::best_place(facts);
  media::contradictions(facts);
  return 0;
}
