// Which checkpoints a proof leads to, and who speaks for them.

#include "dalil/archive/custody.hpp"
#include "dalil/archive/timestamp.hpp"
#include "dalil/base/text.hpp"
#include "proof_fixture.hpp"
#include "time_authority.hpp"

using namespace dalil;
using namespace dalil::formats;
using namespace dalil::testing;
using archive::Proof;
using archive::Seq;
using Sizes = std::vector<std::uint64_t>;

namespace {

constexpr std::int64_t kNow = AuthorityOptions().now;

struct Forgetful : ledger::CheckpointMemory {
  std::optional<ledger::SeenCheckpoint> recall() override { return std::nullopt; }
  void remember(const std::string&) noexcept override {}
  void replace(const std::string&) override {}
};

AuthorityOptions options_of(const std::string& name, std::int64_t now = kNow) {
  AuthorityOptions options;
  options.name = name;
  options.now = now;
  options.valid_from = kNow - 86'400;
  options.valid_to = kNow + 86'400;
  options.ca_valid_from = kNow - 864'000;
  options.ca_valid_to = kNow + 864'000;
  return options;
}

struct Case : ArchiveFixture {
  Forgetful memory;
  Seq seen = 0;
  Case() {
    archive::Archive archive = open();
    auto editor = archive.edit();
    const auto volume = editor.add_volume(volume_named("disk"));
    seen = editor.add_copy(copy_of(volume, "d", "one", "one")).seq;
    editor.commit();
  }
  /// Entries after this commit.
  std::uint64_t add_incident(const std::string& id) {
    {
      archive::Archive archive = open();
      auto editor = archive.edit();
      editor.put_incident(incident_with(id), "");
      editor.commit();
    }
    return size();
  }
  Bytes request() {
    const archive::Archive archive = open();
    auto view = archive.view();
    return crypto::timestamp::make_request(archive::checkpoint_to_stamp(view).imprint());
  }
  std::uint64_t size() { return open().view().reader().size(); }
  /// Of the newest checkpoint; its size.
  std::uint64_t cosign(const ledger::Keyring& as) {
    archive::Archive archive = open(as);
    return archive::cosign(archive, memory).checkpoint.size;
  }
  std::uint64_t stamp(TimeAuthority& authority, bool trusted = true) {
    const Bytes stamped = request();
    archive::TimestampToAttach what;
    what.token = crypto::timestamp::read_reply(authority.reply(stamped)).token;
    if (trusted) what.trusted = {authority.root()};
    archive::Archive archive = open();
    return archive::attach_timestamp(archive, what).checkpoint.tree_size;
  }
  /// As it is once it was written and read again.
  Proof prove(Seq seq, std::optional<std::uint64_t> checkpoint = {}) {
    const archive::Archive archive = open();
    auto view = archive.view();
    Proof proof = decode_proof(encode_proof(archive::prove(view, seq, checkpoint)));
    const ProofCheck check = check_proof(proof);
    INFO(steps_of(check));
    CHECK(check.right());
    return proof;
  }
};

Sizes sizes_of(const Proof& proof) {
  Sizes sizes;
  for (const auto& one : proof.checkpoints)
    sizes.push_back(merkle::Checkpoint::parse(merkle::Note::parse(one.proof.checkpoint)->text)->size);
  return sizes;
}

std::vector<std::string> names_of(const Proof& proof) {
  std::vector<std::string> names;
  for (const archive::ProofKey& key : proof.keys) names.push_back(key.name);
  return names;
}

std::vector<std::size_t> stamps_of(const Proof& proof) {
  std::vector<std::size_t> counts;
  for (const auto& one : proof.checkpoints) counts.push_back(one.timestamps.size());
  return counts;
}

}  // namespace

TEST_CASE_METHOD(Case, "without witnesses a proof leads to the newest checkpoint") {
  add_incident("I1");
  const Proof proof = prove(seen);
  CHECK(sizes_of(proof) == Sizes{size()});
  CHECK(proof.checkpoints[0].timestamps.empty());
  CHECK(proof.keys.size() == 1);
}

TEST_CASE_METHOD(Case, "a proof holds the first time-stamp of each authority that covers the entry") {
  TimeAuthority early(options_of("early", kNow - 100)), late(options_of("late", kNow + 100)),
      again(options_of("early", kNow + 200));
  const std::uint64_t first = stamp(early);
  add_incident("I1");
  const std::uint64_t second = stamp(late);
  add_incident("I2");
  stamp(late);
  const Proof proof = prove(seen);
  CHECK(sizes_of(proof) == Sizes{first, second, size()});
  CHECK(stamps_of(proof) == std::vector<std::size_t>{1, 1, 0});
  CHECK(proof.checkpoints[0].timestamps[0].chain == std::vector<Bytes>{early.signer(), early.root()});

  ProofQuestion question;
  question.authorities = {early.root(), late.root()};
  CHECK(check_proof(proof, question).stamped_at == UtcTime{(kNow - 100) * 1000});
  question.authorities = {late.root()};
  CHECK(check_proof(proof, question).stamped_at == UtcTime{(kNow + 100) * 1000});

  // A name is anybody's: another root is another authority.
  const std::uint64_t third = stamp(again);
  CHECK(sizes_of(prove(seen)) == Sizes{first, second, third, size()});
}

TEST_CASE_METHOD(Case, "the earliest time counts, not the smallest tree") {
  TimeAuthority slow(options_of("one", kNow + 50));
  const std::uint64_t covered = size();
  const Bytes asked = request();
  add_incident("I1");
  slow.set_clock(kNow + 10);
  const std::uint64_t larger = stamp(slow);
  slow.set_clock(kNow + 50);
  {
    archive::Archive archive = open();
    archive::attach_timestamp(archive,
                              {crypto::timestamp::read_reply(slow.reply(asked)).token, {}, {slow.root()}});
  }
  CHECK(larger > covered);
  CHECK(sizes_of(prove(seen)) == Sizes{larger, size()});
  CHECK(sizes_of(prove(seen, covered)) == Sizes{covered});
}

TEST_CASE_METHOD(Case, "what witnesses saw before the entry is no matter to it") {
  TimeAuthority authority;
  const ledger::Keyring sami = admit(ledger::Role::auditor, "Sami");
  stamp(authority);
  cosign(sami);
  add_incident("I1");
  const Seq newest = size() - 1;
  const Proof proof = prove(newest);
  CHECK(sizes_of(proof) == Sizes{newest + 1});
  CHECK(names_of(proof) == std::vector<std::string>{"Amal"});
}

TEST_CASE_METHOD(Case, "a proof holds the first cosignature of each cosigner, and all of a checkpoint") {
  const ledger::Keyring sami = admit(ledger::Role::auditor, "Sami");
  const ledger::Keyring omar = admit(ledger::Role::auditor, "Omar");
  const std::uint64_t first = cosign(sami);
  add_incident("I1");
  const std::uint64_t second = cosign(omar);
  add_incident("I2");
  cosign(sami);
  const Proof proof = prove(seen);
  // Each commit is signed by who made it: auditors sign the checkpoint in which their cosignature stands.
  CHECK(sizes_of(proof) == Sizes{first, second, size()});
  for (const archive::ProofKey& key : proof.keys) {
    ProofQuestion question;
    question.trusted = {key.key};
    CHECK(check_proof(proof, question).trusted);
  }
  const auto cosigners = std::ranges::count(proof.keys, merkle::NoteKeyType::cosignature,
                                            [](const auto& one) { return one.key.type; });
  CHECK(cosigners == 2);
}

TEST_CASE_METHOD(Case, "a checkpoint that is asked for is the only one, with all that speaks for it") {
  TimeAuthority authority, other(options_of("other"));
  const std::uint64_t stamped = stamp(authority, false);
  {
    // Attached once more, by somebody who compared the root; and by another authority.
    archive::Archive archive = open();
    auto view = archive.view();
    const auto known = archive::timestamps(view);
    archive::attach_timestamp(archive, {known[0].token, {}, {authority.root()}});
    const Bytes request = crypto::timestamp::make_request(known[0].checkpoint.imprint());
    archive::attach_timestamp(
        archive, {crypto::timestamp::read_reply(other.reply(request)).token, {}, {other.root()}});
  }
  add_incident("I1");
  const Proof proof = prove(seen, stamped);
  CHECK(sizes_of(proof) == Sizes{stamped});
  CHECK(stamps_of(proof) == std::vector<std::size_t>{2});
  CHECK(proof.checkpoints[0].timestamps[0].chain.back() == authority.root());
  CHECK(sizes_of(prove(seen, size())) == Sizes{size()});

  const archive::Archive archive = open();
  auto view = archive.view();
  const auto code = [&](Seq seq, std::uint64_t checkpoint) {
    return code_of([&] { archive::prove(view, seq, checkpoint); });
  };
  CHECK(code(seen, 0) == ErrorCode::not_found);
  CHECK(code(seen, seen) == ErrorCode::not_found);        // older than the entry
  CHECK(code(0, 2) == ErrorCode::not_found);              // in the middle of a commit
  CHECK(code(seen, size() + 1) == ErrorCode::not_found);  // not there yet
  CHECK(code(seen, UINT64_MAX) == ErrorCode::not_found);
}

TEST_CASE_METHOD(Case, "a time-stamp or cosignature that does not hold is left out of proofs") {
  TimeAuthority authority;
  const ledger::Keyring sami = admit(ledger::Role::auditor, "Sami");
  const std::uint64_t good = cosign(sami);
  {
    // Forged by somebody with an archivist's keys: a cosignature that is none.
    archive::Archive archive = open();
    auto editor = archive.edit();
    auto view = archive.view();
    const auto checkpoint = *merkle::Checkpoint::parse(merkle::Note::parse(view.reader().checkpoint())->text);
    merkle::Note note{checkpoint.body(), {}};
    const auto key = archive::cosigner_key(ring);
    merkle::cosign(note, key.name, archive::cosigning_key(ring), 7);
    note.signatures[0].bytes.back() ^= 1;
    std::string text = note.encode();
    text.pop_back();
    editor.add_cosignature(checkpoint, text.substr(text.rfind('\n') + 1), key, 7);
    editor.commit();
  }
  CHECK(sizes_of(prove(seen)) == Sizes{good, size()});
}
