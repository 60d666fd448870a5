// An identity that is accepted is written and read back the same; the rest is refused without telling what it
// is.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dalil/base/error.hpp"
#include "dalil/formats/identity.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil::formats;
  try {
    const auto identity = read_identity({reinterpret_cast<const char*>(data), size});
    if (!(read_identity(write_identity(identity)) == identity)) std::abort();
  } catch (const dalil::Error& error) {
    if (error.code() != dalil::ErrorCode::invalid) std::abort();
  }
  return 0;
}
