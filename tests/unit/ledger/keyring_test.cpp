// Keyrings and grants: what a key slot holds, and what a rotation hands out.

#include "dalil/ledger/keyring.hpp"

#include <catch2/catch.hpp>

#include "dalil/base/text.hpp"
#include "ledger/ledger_fixture.hpp"

using namespace dalil;
using namespace dalil::ledger;
using namespace dalil::ledger::testing;

namespace {

bool same_keys(const Keyring& a, const Keyring& b) {
  bool same = a.archive_id() == b.archive_id() && a.role() == b.role() && a.actor() == b.actor() &&
              a.epoch() == b.epoch() && a.root() == b.root() && a.grant_recipient() == b.grant_recipient();
  for (const SealClass c : kSealClasses) {
    same = same && a.can_read(c) == b.can_read(c);
    if (same && a.can_read(c))
      same = std::ranges::equal(a.class_key(c, a.epoch()).view(), b.class_key(c, b.epoch()).view());
  }
  return same;
}

Keyring decoded(std::string text) {
  return Keyring::decode(as_bytes(text));
}

std::string text_of(const Keyring& ring) {
  const crypto::Secret secret = ring.encode();
  return std::string(as_chars(secret.view()));
}

}  // namespace

TEST_CASE("a keyring with grants, tag keys and an identity survives its text form") {
  Keyring ring = Keyring::generate("Amal");
  for (int epochs = 0; epochs < 3; ++epochs) {
    CHECK(same_keys(ring, Keyring::decode(ring.encode().view())));
    ring = ring.next_epoch();
  }
  for (const Role role : {Role::archivist, Role::investigator, Role::auditor}) {
    const Keyring derived = ring.derive(role, "Sami");
    CHECK(same_keys(derived, Keyring::decode(derived.encode().view())));
    CHECK(derived.root() == ring.root());
    CHECK(derived.actor() != ring.actor());
    for (const SealClass c : kSealClasses) CHECK(derived.can_read(c) == may_read(role, c));
    for (std::uint32_t epoch = 1; epoch <= ring.epoch(); ++epoch)
      CHECK(std::ranges::equal(derived.tag_key(epoch).view(), ring.tag_key(epoch).view()));
  }
}

TEST_CASE("a keyring of the first version is its archive's root and cannot be granted keys") {
  const std::string text = "dalil-keyring-1\narchive " + std::string(32, 'e') +
                           "\nrole archivist\nactor Amal\nepoch 1\nkey inventory 1 " + std::string(64, '7') +
                           "\nsign " + std::string(64, '5') + "\n";
  const Keyring ring = decoded(text);
  CHECK(ring.root() == ring.signing_key().public_key());
  CHECK(ring.grant_recipient().empty());
}

TEST_CASE("the next epoch has other class keys and the earlier tag keys") {
  const Keyring ring = Keyring::generate("Amal");
  const Keyring next = ring.next_epoch();
  CHECK(next.epoch() == 2);
  CHECK(next.actor() == ring.actor());
  for (const SealClass c : kSealClasses)
    CHECK(!std::ranges::equal(next.class_key(c, 2).view(), ring.class_key(c, 1).view()));
  CHECK(std::ranges::equal(next.tag_key(1).view(), ring.tag_key(1).view()));
  CHECK(!std::ranges::equal(next.tag_key(2).view(), ring.tag_key(1).view()));
  CHECK(code_of([&] { (void)next.class_key(SealClass::inventory, 1); }) == ErrorCode::wrong_key);
}

TEST_CASE("a grant gives its actor the next epoch's keys, by role, and nobody else") {
  const Keyring archivist = Keyring::generate("Amal");
  Keyring auditor = archivist.derive(Role::auditor, "Sami");
  Keyring other = archivist.derive(Role::auditor, "Rima");
  const Keyring next = archivist.next_epoch();
  const Bytes grant = next.grant(auditor.actor(), Role::auditor, auditor.grant_recipient());
  CHECK(code_of([&] { other.take_grant(grant); }) == ErrorCode::corrupt);
  CHECK(code_of([&] { auditor.use_epoch(2); }) == ErrorCode::wrong_key);
  auditor.take_grant(grant);
  auditor.use_epoch(2);
  CHECK(auditor.can_read(SealClass::inventory));
  CHECK(!auditor.can_read(SealClass::evidence));
  CHECK(std::ranges::equal(auditor.class_key(SealClass::inventory, 2).view(),
                           next.class_key(SealClass::inventory, 2).view()));
  CHECK(std::ranges::equal(auditor.tag_key(1).view(), archivist.tag_key(1).view()));
  CHECK(auditor.granted_by(2) == archivist.signing_key().public_key());
  CHECK(code_of([&] { (void)auditor.class_key(SealClass::inventory, 1); }) == ErrorCode::wrong_key);
}

TEST_CASE("a grant that was changed anywhere, or is to another actor, is refused") {
  const Keyring archivist = Keyring::generate("Amal");
  Keyring auditor = archivist.derive(Role::auditor, "Sami");
  const Keyring next = archivist.next_epoch();
  // Readdressed by somebody who may encrypt to the identity and cannot sign for the archivist.
  const Keyring eve = archivist.derive(Role::archivist, "Eve").next_epoch();
  Keyring taken_in = auditor.clone();
  taken_in.take_grant(eve.grant(auditor.actor(), Role::auditor, auditor.grant_recipient()));
  CHECK(taken_in.granted_by(2) == eve.signing_key().public_key());  // which the ledger then refuses
  const Bytes to_other = next.grant(archivist.actor(), Role::auditor, auditor.grant_recipient());
  CHECK(code_of([&] { auditor.take_grant(to_other); }) == ErrorCode::corrupt);
  const Bytes grant = next.grant(auditor.actor(), Role::auditor, auditor.grant_recipient());
  for (std::size_t at = 0; at < grant.size(); at += 7) {
    Bytes flipped = grant;
    flipped[at] ^= 1;
    CHECK(code_of([&] { auditor.take_grant(flipped); }) == ErrorCode::corrupt);
  }
  for (std::size_t size = 0; size < grant.size(); size += 13)
    CHECK(code_of([&] { auditor.take_grant(Bytes(grant.begin(), grant.begin() + size)); }) ==
          ErrorCode::corrupt);
}

TEST_CASE("the text of a keyring names what it holds and nothing of a lesser role's") {
  const Keyring auditor = Keyring::generate("Amal").derive(Role::auditor, "Sami");
  const std::string text = text_of(auditor);
  CHECK(text.find("key inventory 1 ") != std::string::npos);
  CHECK(text.find("evidence") == std::string::npos);
  CHECK(text.find("source") == std::string::npos);
  CHECK(text.find("identity AGE-SECRET-KEY-1") != std::string::npos);
}
