// A keyring decodes or is refused as damaged; what decodes survives being written again.

#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/ledger/keyring.hpp"
#include "edits.hpp"

namespace {

using namespace dalil;

void expect_same(const ledger::Keyring& a, const ledger::Keyring& b) {
  bool same = a.archive_id() == b.archive_id() && a.role() == b.role() && a.actor_name() == b.actor_name() &&
              a.actor() == b.actor() && a.epoch() == b.epoch();
  for (const ledger::SealClass c : ledger::kSealClasses) {
    same = same && a.can_read(c) == b.can_read(c);
    if (same && a.can_read(c))
      same = crypto::equal_constant_time(a.class_key(c, a.epoch()).view(), b.class_key(c, b.epoch()).view());
  }
  if (!same) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Bytes> samples = [] {
    std::string text =
        "dalil-keyring-1\narchive " + std::string(32, 'e') + "\nrole archivist\nactor Amal\nepoch 1\n";
    for (const char* name : {"inventory", "evidence", "source"})
      text += std::string("key ") + name + " 1 " + std::string(64, '7') + "\n";
    text += "sign " + std::string(64, '5') + "\n";
    return std::vector<Bytes>{{as_bytes(text).begin(), as_bytes(text).end()}};
  }();
  const Bytes input = fuzz::input_from({data, size}, samples);
  try {
    const ledger::Keyring ring = ledger::Keyring::decode(input);
    const crypto::Secret encoded = ring.encode();
    expect_same(ring, ledger::Keyring::decode(encoded.view()));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) std::abort();
  }
  return 0;
}
