// Whatever is read as a checkpoint begins with its own encoding; only extension lines may follow.
#include <cstdlib>

#include "dalil/merkle/note.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = dalil::as_chars({data, size});
  const auto checkpoint = dalil::merkle::Checkpoint::parse(text);
  if (!checkpoint) return 0;
  const std::string body = checkpoint->body();
  if (!text.starts_with(body) || dalil::merkle::Checkpoint::parse(body) != checkpoint) std::abort();
  return 0;
}
