// Hostile age files: nothing opens under a key that they were not made for, and what is written always opens.
#include <algorithm>
#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/crypto/age.hpp"

using namespace dalil;
using namespace dalil::crypto;

namespace {

constexpr int kQuickLogN = 1;

const std::vector<age::Identity>& identities() {
  static const std::vector<age::Identity> known = [] {
    std::vector<age::Identity> one;
    one.push_back(age::Identity{Secret(Bytes(32, 0x42))});
    return one;
  }();
  return known;
}

bool holds(const age::Opened& opened, ByteView expected) {
  return opened.failure == age::Failure::none &&
         std::equal(opened.plaintext.view().begin(), opened.plaintext.view().end(), expected.begin(),
                    expected.end());
}

void check_reading(ByteView file) {
  const age::Opened opened = age::decrypt(file, identities());
  if (opened.failure != age::Failure::none && !opened.plaintext.empty()) std::abort();
  static_cast<void>(age::needs_passphrase(file));
}

void check_writing(ByteView plaintext) {
  const Bytes file = age::encrypt_to(plaintext, {identities().front().recipient()});
  if (!holds(age::decrypt(file, identities()), plaintext)) std::abort();
  const Bytes locked = age::encrypt_with_passphrase(plaintext, plaintext, kQuickLogN);
  if (!holds(age::decrypt_with_passphrase(locked, plaintext), plaintext)) std::abort();
}

void check_key_file(ByteView text) {
  try {
    for (const age::Identity& identity : age::Identity::parse_file(as_chars(text))) {
      const Secret encoded = identity.encode();
      const age::Identity again = age::Identity::parse(as_chars(encoded.view()));
      if (!equal_constant_time(again.scalar.view(), identity.scalar.view())) std::abort();
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  if (data[0] % 8 == 0) check_writing(rest);
  if (data[0] % 8 == 1) check_key_file(rest);
  if (data[0] % 8 > 1) check_reading(rest);
  return 0;
}
