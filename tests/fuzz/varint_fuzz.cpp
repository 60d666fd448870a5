// Whatever reads as a varint or a block is written back as the same bytes.
#include <cstdlib>

#include "dalil/base/bytes.hpp"
#include "dalil/base/error.hpp"

using namespace dalil;

namespace {

constexpr std::size_t kBlockLimit = 1000;

void read_and_write_back(ByteView input) {
  ByteReader reader(input);
  Bytes written;
  try {
    for (bool is_block = false; reader.remaining() > 0; is_block = !is_block) {
      if (is_block) {
        append_block(written, reader.block(kBlockLimit));
      } else {
        append_varint(written, reader.varint());
      }
      const ByteView consumed = input.first(input.size() - reader.remaining());
      if (as_chars(consumed) != as_chars(written)) std::abort();
    }
    reader.expect_end();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  read_and_write_back({data, size});
  return 0;
}
