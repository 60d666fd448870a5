// A list of a set of parity from anywhere is refused or says again what it was read from; what is read of a
// damaged one stays below the payload's folders. Names of files in dalil/parity likewise.
#include <algorithm>
#include <cstdlib>

#include "edits.hpp"
#include "parity_set.hpp"

using namespace dalil;
using namespace dalil::drives;

namespace {

std::vector<Bytes> samples() {
  const ParitySet set{{5, 1},
                      {{"dalil/parity/p5-0001.par2", {}, 0}, {"dalil/parity/p5-0001.vol00+50.par2", {}, 0}},
                      {{"data/disk/a b", {}, 0}, {"objects/aa/b.age", {}, 0}}};
  std::vector<Bytes> all;
  for (const std::string& text : {set.text(), std::string("p5-0001.par2"), std::string("p100-12345.sha256")})
    all.emplace_back(text.begin(), text.end());
  return all;
}

void require_below(std::string_view path) {
  const std::string framed = "/" + std::string(path) + "/";
  if ((!path.starts_with("data/") && !path.starts_with("objects/")) || framed.find("/../") != framed.npos ||
      framed.find("/./") != framed.npos || framed.find("//") != framed.npos ||
      framed.find('\0') != framed.npos)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Bytes> all = samples();
  const Bytes input = fuzz::input_from({data, size}, all);
  const std::string_view text = as_chars(input);
  if (const auto set = ParitySet::parse({5, 1}, text)) {
    if (set->text() != text) std::abort();
    for (const ParityFile& file : set->files) require_below(file.path);
    if (payload_paths_in(text).size() != set->files.size()) std::abort();
  }
  for (const std::string& path : payload_paths_in(text)) require_below(path);
  if (const auto name = ParityName::of_file(text); name && !text.starts_with(name->text())) std::abort();
  return 0;
}
