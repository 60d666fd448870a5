// Previews in raw files: whatever comes in, the one that is found lies within the file.

#include <cstdlib>

#include "raw_preview.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  using namespace dalil::media;
  if (size == 0) return 0;
  // The first byte chooses a reader, so that one corpus serves all.
  constexpr const char* kFormats[] = {"nef", "raf", "cr3"};
  const ByteView file = ByteView(data, size).subspan(1);
  MemorySource source(file);
  const auto found = find_raw_preview(source, kFormats[data[0] % std::size(kFormats)]);
  if (!found) return 0;
  if (found->jpeg.size == 0 || found->jpeg.offset > file.size() ||
      file.size() - found->jpeg.offset < found->jpeg.size)
    std::abort();
  return 0;
}
