// A grant of keys, as anybody may encrypt one to an identity whose recipient stands in the archive: it is
// taken, and then from whom is known, or refused as damaged. Only what its signer signed is taken.

#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/crypto/age.hpp"
#include "dalil/ledger/keyring.hpp"
#include "edits.hpp"

namespace {

using namespace dalil;

/// A keyring of known keys, so that a finding can be repeated.
ledger::Keyring fixed_keyring() {
  std::string text =
      "dalil-keyring-1\narchive " + std::string(32, 'e') + "\nrole archivist\nactor Amal\nepoch 1\n";
  for (const char* name : {"inventory", "evidence", "source"})
    text += std::string("key ") + name + " 1 " + std::string(64, '7') + "\n";
  const crypto::Secret scalar(Bytes(32, 0x42));
  const crypto::Secret identity = crypto::age::Identity{scalar.clone()}.encode();
  text += "identity " + std::string(as_chars(identity.view())) + "\nsign " + std::string(64, '5') + "\n";
  return ledger::Keyring::decode(as_bytes(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ledger::Keyring ring = fixed_keyring();
  static const std::vector<Bytes> samples = [] {
    const Bytes file = ring.next_epoch().grant(ring.actor(), ring.role(), ring.grant_recipient());
    std::vector<crypto::age::Identity> identities;
    identities.push_back({crypto::Secret(Bytes(32, 0x42))});
    const crypto::age::Opened opened = crypto::age::decrypt(file, identities);
    if (opened.failure != crypto::age::Failure::none) std::abort();
    return std::vector<Bytes>{{opened.plaintext.view().begin(), opened.plaintext.view().end()}};
  }();
  const Bytes input = fuzz::input_from({data, size}, samples);
  ledger::Keyring taking = ring.clone();
  try {
    taking.take_grant(crypto::age::encrypt_to(input, {ring.grant_recipient()}));
    if (input != samples[0] && taking.granted_by(2) == ring.signing_key().public_key()) std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) std::abort();
  }
  return 0;
}
