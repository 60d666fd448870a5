// Who may sign for an archive, and what somebody with the inventory key can do to the list: nothing.

#include "signers.hpp"

#include "ledger/ledger_fixture.hpp"

using namespace dalil;
using namespace dalil::ledger;
using namespace dalil::ledger::testing;

namespace {

struct People {
  Keyring root = Keyring::generate("Amal");
  Keyring second = root.derive(Role::archivist, "Basel");
  Keyring auditor = root.derive(Role::auditor, "Sami");
  std::vector<Signer> signers;
  People() {
    signers.push_back(admit(signers, root, root));
    signers.push_back(admit(signers, second, root));
    signers.push_back(admit(signers, auditor, second));
  }
  std::optional<ErrorCode> decoding() const {
    return code_of([&] { decode_signers(encode_signers(signers), root.root()); });
  }
};

}  // namespace

TEST_CASE("the list of signers comes back, and only its root's archive takes it") {
  const People p;
  const auto back = decode_signers(encode_signers(p.signers), p.root.root());
  REQUIRE(back.size() == 3);
  CHECK(back[1].actor_name == "Basel");
  CHECK(back[2].role == Role::auditor);
  CHECK(back[2].admitted_by == p.second.signing_key().public_key());
  CHECK(code_of([&] { decode_signers(encode_signers(p.signers), p.second.signing_key().public_key()); }) ==
        ErrorCode::corrupt);
}

TEST_CASE("nobody can be added, promoted, renamed or put first without an archivist's signature") {
  {
    People p;  // an auditor vouches for a friend
    CHECK(code_of([&] { admit(p.signers, p.root.derive(Role::auditor, "Eve"), p.auditor); }) ==
          ErrorCode::wrong_key);
    Signer eve = p.signers[2];
    const Keyring ring = p.root.derive(Role::archivist, "Eve");
    eve.key.key = ring.signing_key().public_key();
    eve.actor_name = "Eve";
    eve.admitted_by = p.auditor.signing_key().public_key();
    eve.certificate = p.auditor.signing_key().sign(as_bytes(certificate_text(eve)));
    p.signers.push_back(eve);
    CHECK(p.decoding() == ErrorCode::corrupt);
  }
  const std::function<void(Signer&)> changes[] = {
      [](Signer& s) { s.role = Role::archivist; }, [](Signer& s) { s.actor_name = "Basel"; },
      [](Signer& s) { s.recipient = "age1eve"; }, [](Signer& s) { s.key.key[0] ^= 1; },
      [](Signer& s) { s.certificate[5] ^= 1; }};
  for (const auto& change : changes) {
    People p;
    change(p.signers[2]);
    CHECK(p.decoding() == ErrorCode::corrupt);
  }
  People p;
  std::swap(p.signers[0], p.signers[1]);
  CHECK(p.decoding() == ErrorCode::corrupt);
}

TEST_CASE("a name or a key is taken once and for ever") {
  People p;
  CHECK(code_of([&] { admit(p.signers, p.root.derive(Role::auditor, "Sami"), p.root); }) ==
        ErrorCode::conflict);
  remove(p.signers, p.auditor.actor(), 10, p.root);
  CHECK(code_of([&] { admit(p.signers, p.root.derive(Role::auditor, "Sami"), p.root); }) ==
        ErrorCode::conflict);
  CHECK(p.decoding() == std::nullopt);
}

TEST_CASE("a removed signer counts for what was signed before, and the last archivist stays") {
  People p;
  CHECK(code_of([&] { remove(p.signers, p.second.actor(), 10, p.auditor); }) == ErrorCode::wrong_key);
  remove(p.signers, p.second.actor(), 10, p.root);
  CHECK(p.signers[1].counts_at(10));
  CHECK_FALSE(p.signers[1].counts_at(11));
  CHECK(code_of([&] { remove(p.signers, p.second.actor(), 11, p.root); }) == ErrorCode::not_found);
  CHECK(code_of([&] { remove(p.signers, p.root.actor(), 11, p.root); }) == ErrorCode::invalid);
  CHECK(p.decoding() == std::nullopt);  // whom a removed archivist admitted stays admitted
}

TEST_CASE("the list of signers is refused when cut anywhere") {
  const People p;
  const Bytes bytes = encode_signers(p.signers);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(code_of([&] { decode_signers(ByteView(bytes).first(size), p.root.root()); }).has_value());
}

TEST_CASE("a removed signer's commits end, and those before stay valid") {
  Fixture f;
  const Keyring basel = f.ring.derive(Role::archivist, "Basel");
  {
    Ledger ledger = f.open();
    Writer writer = ledger.write();
    writer.add_signer(basel);
    writer.commit();
  }
  Ledger by_basel = Ledger::open(f.path, basel.clone(), kColumns, f.clock);
  {
    Writer writer = by_basel.write();
    writer.append({SealClass::inventory, text("by Basel")});
    writer.commit();
  }
  {
    Ledger ledger = f.open();
    CHECK(ledger.read().entry(0).line.actor == basel.actor());
    Writer writer = ledger.write();
    writer.remove_signer(basel.actor());
    writer.append({SealClass::inventory, text("Basel removed")});
    writer.commit();
  }
  CHECK(code_of([&] { (void)Ledger::open(f.path, basel.clone(), kColumns, f.clock).write(); }) ==
        ErrorCode::wrong_key);
  CHECK(f.open().read().size() == 2);
}

TEST_CASE("the archive counts its seals") {
  Fixture f;
  Ledger ledger = f.open();
  const std::uint64_t before = ledger.read().seals();
  Writer writer = ledger.write();
  for (int i = 0; i < 100; ++i) writer.append({SealClass::inventory, text("x")});
  writer.commit();
  const std::uint64_t after = ledger.read().seals();
  CHECK(after >= before + 101);  // and the state
  CHECK(after < before + 120);
}
