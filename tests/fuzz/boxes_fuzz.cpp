// MP4, QuickTime, HEIC, AVIF and CR3 boxes: whatever comes in, the facts can be encoded.

#include <cstdlib>

#include "boxes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  using namespace dalil::media;
  if (size == 0) return 0;
  using Reader = void (*)(Source&, MediaFacts&, Packets&);
  constexpr Reader kReaders[] = {read_movie, read_heif, read_cr3};
  MemorySource source(ByteView(data, size).subspan(1));
  MediaFacts facts;
  Packets packets;
  kReaders[data[0] % std::size(kReaders)](source, facts, packets);
  if (decode(encode(facts)).places.size() > 512) std::abort();
  return 0;
}
