// A part of the copy index decodes or is refused; what decodes is exactly what encode writes.

#include <cstdlib>

#include "dalil/base/error.hpp"
#include "directory_portion.hpp"
#include "edits.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  static const std::vector<Bytes> samples = [] {
    archive::DirectoryPortion portion;
    portion.volume = 3;
    portion.directory = "DCIM/100";
    for (int i = 0; i < 4; ++i) {
      archive::CopyRow row;
      row.name = "IMG_" + std::to_string(i);
      row.size_bytes = 1ULL << (i * 12);
      row.mtime_ns = row.ctime_ns = 1505118600123456789 + i;
      row.item = i == 3 ? ledger::kNoRow : static_cast<archive::Row>(i);
      portion.rows.push_back(row);
    }
    std::vector<Bytes> encoded{portion.encode(), archive::DirectoryPortion{}.encode()};
    portion.rows[1].verified_in = 77;
    encoded.push_back(portion.encode());
    return encoded;
  }();
  const Bytes input = fuzz::input_from({data, size}, samples);
  try {
    const Bytes again = archive::DirectoryPortion::decode(input).encode();
    if (again != input) std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported) std::abort();
  }
  return 0;
}
