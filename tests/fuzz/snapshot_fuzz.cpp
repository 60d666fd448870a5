// Hostile snapshots: what is parsed in pieces is parsed as in one, and encodes to the same bytes.
#include <algorithm>
#include <cstdlib>

#include "dalil/base/error.hpp"
#include "snapshot_format.hpp"

using namespace dalil;
using namespace dalil::ledger::snapshot;

namespace {

struct Parsed {
  bool whole = false;
  Bytes again{kMagic.begin(), kMagic.end()};
  bool operator==(const Parsed&) const = default;
};

Parsed parse(ByteView bytes, std::size_t piece) {
  Parsed parsed;
  Parser parser([&](RecordKind kind, ByteView first, ByteView second) {
    append_record(parsed.again, kind, first, second);
  });
  try {
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      parser.update(bytes.subspan(at).first(std::min(piece, bytes.size() - at)));
    parser.finish();
    parsed.whole = true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) std::abort();
  }
  return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // The first line is not for the fuzzer to find.
  Bytes bytes(kMagic.begin(), kMagic.end());
  append(bytes, ByteView(data + 1, size - 1));
  const Parsed whole = parse(bytes, bytes.size()), pieces = parse(bytes, 1 + data[0] % 32);
  if (whole.whole != pieces.whole) std::abort();
  if (whole.whole && (whole.again != bytes || pieces.again != bytes)) std::abort();
  return 0;
}
