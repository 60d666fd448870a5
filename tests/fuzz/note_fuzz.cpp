// Whatever is read as a signed note or a verifier key is encoded again byte for byte, and its signatures can
// be judged whatever their length.
#include <cstdlib>

#include "dalil/merkle/note.hpp"

using namespace dalil;

namespace {

/// Signatures are compared with a key only under the right id: the fuzzer is spared the search for it.
void judge(merkle::Note note) {
  std::vector<merkle::NoteKey> keys;
  for (const auto type : {merkle::NoteKeyType::ed25519, merkle::NoteKeyType::cosignature}) {
    keys.push_back({note.signatures.front().name, type, {}});
    note.signatures.front().key_id = keys.back().id();
    const merkle::NoteCheck result = merkle::check(note, keys);
    if (result.rejected && !result.verified.empty()) std::abort();
    (void)merkle::cosignature_time(note, keys.back());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_chars({data, size});
  if (const auto note = merkle::Note::parse(text)) {
    if (note->encode() != text) std::abort();
    judge(*note);
  }
  const auto key = merkle::NoteKey::parse(text);
  if (key && key->encode() != text) std::abort();
  return 0;
}
