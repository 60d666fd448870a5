// Fingerprints decode or are refused; what decodes is exactly what encode writes.

#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/media/fingerprint_search.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  const ByteView bytes(data, size);
  media::Fingerprints fingerprints;
  try {
    fingerprints = media::decode_fingerprints(bytes);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) std::abort();
    return 0;
  }
  if (media::encode(fingerprints) != Bytes(bytes.begin(), bytes.end())) std::abort();
  for (const media::Fingerprint& print : fingerprints.prints)
    if (media::Pdq::from_hex(print.hash.hex()) != print.hash) std::abort();
  media::align(fingerprints.sketch, fingerprints.sketch, media::Pose::turned_90, 0.9, 1);
  return 0;
}
