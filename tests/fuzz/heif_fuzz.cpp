// The items of HEIC and AVIF, and what is to be decoded of them: whatever comes in, tiles lie within the file
// and the window within the picture.

#include <cstdlib>

#include "heif_picture.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  using namespace dalil::media;
  MemorySource source(ByteView(data, size));
  const auto items = read_heif_items(source);
  if (!items) return 0;
  for (const HeifChoice choice : {HeifChoice::primary, HeifChoice::thumbnail}) {
    std::string problem;
    const auto picture = find_heif_picture(source, *items, choice, problem);
    if (!picture) {
      if (problem.empty()) std::abort();
      continue;
    }
    const Region& seen = picture->window;
    if (seen.width == 0 || seen.height == 0 || seen.left > picture->width - seen.width ||
        seen.top > picture->height - seen.height)
      std::abort();
    if (picture->tiles.size() != std::size_t{picture->rows} * picture->columns) std::abort();
    for (const CodedPicture& tile : picture->tiles)
      for (const Extent& extent : tile.bytes)
        if (extent.offset > size || size - extent.offset < extent.size) std::abort();
    read_extents(source, picture->tiles[0].bytes);
  }
  return 0;
}
