// What is read as the public line of an entry is written again byte for byte: two texts never are one leaf.

#include <cstdlib>

#include "dalil/ledger/entry.hpp"
#include "edits.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  static const std::string sample = [] {
    ledger::PublicLine line;
    line.seq = 12345678901;
    line.time.ms = 1505118600123;
    line.seal_class = ledger::SealClass::evidence;
    return line.text();
  }();
  static const std::vector<Bytes> samples = {{as_bytes(sample).begin(), as_bytes(sample).end()}};
  const Bytes input = fuzz::input_from({data, size}, samples);
  const auto line = ledger::PublicLine::parse(as_chars(input));
  if (line && line->text() != as_chars(input)) std::abort();
  return 0;
}
