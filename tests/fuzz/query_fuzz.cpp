#include <cstdlib>

#include "dalil/archive/condition.hpp"
#include "dalil/base/error.hpp"

/// Whatever a person types is a condition or Error(invalid), and reads the same twice.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  const std::string text(reinterpret_cast<const char*>(data), size);
  archive::QueryReader reader;
  reader.saved = [](const std::string& name) { return name == "a" ? "kind:video or @b" : "\"x\""; };
  try {
    if (reader.read(text) != reader.read(text)) std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid) std::abort();
  }
  return 0;
}
