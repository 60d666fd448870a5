// AVI, WAV and ASF: whatever comes in, the facts can be encoded, and no packet lies outside.

#include <cstdlib>

#include "containers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  using namespace dalil::media;
  if (size == 0) return 0;
  using Reader = void (*)(Source&, MediaFacts&, Packets&);
  constexpr Reader kReaders[] = {read_riff, read_asf};
  MemorySource source(ByteView(data, size).subspan(1));
  MediaFacts facts;
  Packets packets;
  kReaders[data[0] % std::size(kReaders)](source, facts, packets);
  if (decode(encode(facts)).times.size() > 512) std::abort();
  if (packets.xmp.offset > size) std::abort();
  const std::string_view text = as_chars(ByteView(data, size));
  if (const auto claim = riff_time("f", text); claim && claim->precision_ms <= 0) std::abort();
  return 0;
}
