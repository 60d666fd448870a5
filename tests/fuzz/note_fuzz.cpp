// Whatever is read as a signed note or a verifier key is encoded again byte for byte.
#include <cstdlib>

#include "dalil/merkle/note.hpp"

using namespace dalil;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_chars({data, size});
  if (const auto note = merkle::Note::parse(text)) {
    if (note->encode() != text) std::abort();
    // A key of the signer's name and another's id: nothing may verify.
    const merkle::NoteKey stranger{note->signatures.front().name, merkle::NoteKeyType::cosignature, {}};
    if (merkle::cosignature_time(*note, stranger) && !merkle::check(*note, {stranger}).verified.empty())
      std::abort();
  }
  const auto key = merkle::NoteKey::parse(text);
  if (key && key->encode() != text) std::abort();
  return 0;
}
