// Any head is sniffed without reading past it, and a format comes with a kind.

#include <cstdlib>
#include <string_view>

#include "dalil/media/facts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  const auto sniffed = media::sniff({data, size});
  const std::string_view format = sniffed.format;
  if (format.empty() && sniffed.kind != media::MediaKind::other) std::abort();
  if (format.size() > 22) std::abort();  // what a request to the parser can carry
  return 0;
}
