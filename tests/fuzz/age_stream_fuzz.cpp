// Hostile age files in pieces: the same outcome as in one, and nothing released that is not in it.
#include <algorithm>
#include <cstdlib>

#include "dalil/crypto/age_stream.hpp"

using namespace dalil;
using namespace dalil::crypto;

namespace {

const std::vector<age::Identity>& identities() {
  static const std::vector<age::Identity> known = [] {
    std::vector<age::Identity> one;
    one.push_back(age::Identity{Secret(Bytes(32, 0x42))});
    return one;
  }();
  return known;
}

template <typename Stream>
void feed(Stream& stream, ByteView bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    stream.update(bytes.subspan(at).first(std::min(piece, bytes.size() - at)));
}

void check_reading(ByteView file, std::size_t piece) {
  Bytes plain;
  age::Decryptor decryptor(identities(), [&](ByteView released) { append(plain, released); });
  feed(decryptor, file, piece);
  const age::Failure failure = decryptor.finish();
  if (!as_chars(file).starts_with("age-encryption.org/")) {  // it may be armored
    if (failure == age::Failure::none || !plain.empty()) std::abort();
    return;
  }
  const age::Opened whole = age::decrypt(file, identities());
  if (failure != whole.failure) std::abort();
  if (failure == age::Failure::none && !std::ranges::equal(plain, whole.plaintext.view())) std::abort();
}

/// A file that is right but for one byte, so that mutations get beyond the header.
void check_changed(ByteView plain, std::size_t piece, std::uint8_t at) {
  Bytes file;
  age::Encryptor encryptor({identities().front().recipient()}, [&](ByteView made) { append(file, made); });
  feed(encryptor, plain, piece);
  encryptor.finish();
  check_reading(file, piece);
  file[file.size() - 1 - at % file.size()] ^= 1;
  check_reading(file, piece);
  file.resize(file.size() - 1 - at % file.size());
  check_reading(file, piece);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const ByteView rest(data + 3, size - 3);
  const std::size_t piece = 1 + data[1];
  if (data[0] % 2 == 0) check_reading(rest, piece);
  if (data[0] % 2 == 1) check_changed(rest, piece, data[2]);
  return 0;
}
