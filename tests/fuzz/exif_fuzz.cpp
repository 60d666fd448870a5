// EXIF and the picture containers around it: whatever comes in, the facts can be encoded, and no packet lies
// outside.

#include <cstdlib>

#include "exif.hpp"
#include "pictures.hpp"

namespace {

using namespace dalil;
using namespace dalil::media;

void check(const MediaFacts& facts, const Packets& packets, std::size_t size) {
  const MediaFacts again = decode(encode(facts));
  if (again.times.size() > 512) std::abort();
  if (packets.xmp.offset > size + (std::uint64_t{1} << 33)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  using Reader = void (*)(Source&, MediaFacts&, Packets&);
  constexpr Reader kReaders[] = {read_tiff_file, read_jpeg, read_png, read_webp, read_psd,
                                 read_raf,       read_jp2,  read_gif, read_bmp};
  // The first byte chooses a reader, so that one corpus serves all.
  const Reader reader = kReaders[data[0] % std::size(kReaders)];
  MemorySource source(ByteView(data, size).subspan(1));
  MediaFacts facts;
  Packets packets;
  reader(source, facts, packets);
  check(facts, packets, size);
  return 0;
}
