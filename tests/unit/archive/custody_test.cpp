// Cosigning, comparing with checkpoints kept elsewhere, accepting a rollback, and the log, by role.

#include "dalil/archive/custody.hpp"

#include <algorithm>
#include <boost/filesystem.hpp>

#include "archive/archive_fixture.hpp"
#include "dalil/base/text.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using ledger::Role;
namespace fs = boost::filesystem;

namespace {

/// Remembers in this process only.
struct Memory : ledger::CheckpointMemory {
  std::optional<ledger::SeenCheckpoint> seen;
  static ledger::SeenCheckpoint parse(const std::string& note) {
    return {note, *merkle::Checkpoint::parse(merkle::Note::parse(note)->text), {}};
  }
  std::optional<ledger::SeenCheckpoint> recall() override { return seen; }
  void remember(const std::string& note) noexcept override {
    const auto one = parse(note);
    if (!seen || seen->checkpoint.size < one.checkpoint.size) seen = one;
  }
  void replace(const std::string& note) override { seen = parse(note); }
};

struct Case : ArchiveFixture {
  ledger::Keyring auditor = admit(Role::auditor, "Sami");
  Memory cosigned;
  void add_incident(const std::string& id) {
    Archive archive = open();
    Editor editor = archive.edit();
    editor.put_incident(incident_with(id), "");
    editor.commit();
  }
  Cosigned cosign_as_auditor() {
    Archive archive = open(auditor);
    return cosign(archive, cosigned);
  }
  Archive open_with(const ledger::Keyring& as, const std::shared_ptr<Memory>& memory) {
    return Archive::open(path, as.clone(), clock, memory);
  }
  std::string keep() {
    const std::string to = dir / "kept";
    fs::remove(to);
    fs::copy_file(path + "/data.mdb", to);
    return to;
  }
  void put_back(const std::string& from) {
    fs::remove(path + "/data.mdb");
    fs::remove(path + "/lock.mdb");
    fs::copy_file(from, path + "/data.mdb");
  }
};

}  // namespace

TEST_CASE("an auditor's cosignature counts, and is bound to the auditor") {
  Case c;
  c.add_incident("I1");
  const Cosigned first = c.cosign_as_auditor();
  CHECK(!first.before);
  const Archive archive = c.open();
  View view = archive.view();
  const auto all = cosignatures(view);
  REQUIRE(all.size() == 1);
  CHECK(all[0].fault.empty());
  CHECK(all[0].actor_name == "Sami");
  CHECK(all[0].tree_size == first.checkpoint.size);
  CHECK(all[0].key == cosigner_key(c.auditor));
  CHECK(all[0].key.name == ledger::origin_of(c.ring.archive_id()) + "/cosigner/" + to_hex(c.auditor.actor()));
  CHECK(all[0].key.key != c.auditor.signing_key().public_key());
  CHECK(signed_checkpoint(view, first.checkpoint.size)->encode() == first.note.encode());
  CHECK(view.anchors().size() == 1);
  CHECK(!signed_checkpoint(view, 4711));
  CHECK(is_sound(archive));
}

TEST_CASE("each cosigning continues the one before, by memory or by the archive") {
  Case c;
  const Cosigned first = c.cosign_as_auditor();
  c.add_incident("I1");
  CHECK(c.cosign_as_auditor().before == first.checkpoint);
  c.cosigned.seen.reset();
  CHECK(c.cosign_as_auditor().before->size > first.checkpoint.size);
}

TEST_CASE("what does not continue a cosigned checkpoint is not cosigned, and nothing is written") {
  Case c;
  const std::string fork = c.keep();
  c.add_incident("I1");
  c.cosign_as_auditor();
  c.put_back(fork);
  CHECK(code_of([&] { c.cosign_as_auditor(); }) == ErrorCode::corrupt);
  for (const char* id : {"J1", "J2", "J3"}) c.add_incident(id);
  const auto size = c.open().view().reader().size();
  CHECK(code_of([&] { c.cosign_as_auditor(); }) == ErrorCode::corrupt);
  CHECK(c.open().view().reader().size() == size);
}

TEST_CASE("a cosignature that does not count says why") {
  Case c;
  c.add_incident("I1");
  struct Bad {
    std::uint64_t size;
    bool other_key, other_actor, wrong;
    const char* fault;
  };
  for (const Bad& bad :
       {Bad{2, false, true, false, "another actor"}, Bad{2, false, false, true, "wrong"},
        Bad{1, false, false, false, "never had"}, Bad{99, false, false, false, "never had"}}) {
    Archive archive = c.open(c.auditor);
    Editor editor = archive.edit();
    View view = archive.view();
    merkle::Checkpoint checkpoint{ledger::origin_of(c.ring.archive_id()), bad.size, merkle::empty_root()};
    if (bad.size == 2)
      checkpoint = *merkle::Checkpoint::parse(merkle::Note::parse(*view.reader().checkpoint_at(2))->text);
    const ledger::Keyring& signer = bad.other_actor ? c.ring : c.auditor;
    merkle::Note note{checkpoint.body(), {}};
    merkle::cosign(note, cosigner_key(signer).name, cosigning_key(signer), 7);
    if (bad.wrong) note.signatures[0].bytes.back() ^= 1;
    std::string text = note.encode();
    text.pop_back();
    editor.add_cosignature(checkpoint, text.substr(text.rfind('\n') + 1), cosigner_key(signer), 7);
    editor.commit();
    view.renew();
    INFO(bad.fault);
    CHECK(cosignatures(view).back().fault.find(bad.fault) != std::string::npos);
    CHECK(custody_keys(view).size() == 2);  // the two that sign, and no cosigner
  }
  CHECK(check(c.open()).problems.size() == 4);
}

TEST_CASE("a checkpoint kept elsewhere tells continuation, rollback and another history") {
  Case c;
  using Outcome = Comparison::Outcome;
  const auto note_now = [&] { return *merkle::Note::parse(c.open().view().reader().checkpoint()); };
  const auto outcome = [&](const merkle::Note& note) {
    const Archive archive = c.open();
    View view = archive.view();
    const Comparison one = compare(view, note);
    CHECK((one.outcome == Outcome::consistent) ==
          merkle::verify_consistency(one.old.size, one.now.size, one.proof, one.old.root, one.now.root));
    return one.outcome;
  };
  const std::string fork = c.keep();
  c.add_incident("I1");
  const merkle::Note kept = note_now();
  CHECK(outcome(kept) == Outcome::consistent);
  for (int i = 0; i < 20; ++i) {
    c.add_incident("more" + std::to_string(i));
    CHECK(outcome(kept) == Outcome::consistent);
  }
  c.put_back(fork);
  CHECK(outcome(kept) == Outcome::newer);
  c.add_incident("another");
  CHECK(outcome(kept) == Outcome::inconsistent);
  c.add_incident("and more");
  CHECK(outcome(kept) == Outcome::inconsistent);

  merkle::Note foreign = kept, altered = kept;
  foreign.signatures[0].key_id ^= 1;
  CHECK(outcome(foreign) == Outcome::unknown_key);
  altered.signatures[0].bytes[3] ^= 1;
  CHECK(outcome(altered) == Outcome::bad_signature);
  // A cosigner's word alone is not the archive's.
  const Cosigned cosigned = c.cosign_as_auditor();
  merkle::Note only_cosigned = cosigned.note;
  only_cosigned.signatures.erase(only_cosigned.signatures.begin());
  CHECK(outcome(cosigned.note) == Outcome::consistent);
  CHECK(outcome(only_cosigned) == Outcome::unknown_key);
}

TEST_CASE("a rolled back archive is accepted by an archivist, and then by the others") {
  Case c;
  const auto archivists = std::make_shared<Memory>(), auditors = std::make_shared<Memory>();
  const std::string before = c.keep();
  c.add_incident("I1");
  c.open_with(c.ring, archivists);
  c.open_with(c.auditor, auditors);
  c.put_back(before);
  {
    Archive archive = c.open_with(c.auditor, auditors);
    CHECK(code_of([&] { archive.edit(); }) == ErrorCode::corrupt);
    CHECK(code_of([&] { archive.accept_rollback("so"); }) == ErrorCode::wrong_key);
  }
  {
    Archive archive = c.open_with(c.ring, archivists);
    CHECK(code_of([&] { archive.edit(); }) == ErrorCode::corrupt);
    CHECK(archive.accept_rollback("restored"));
  }
  CHECK(!c.open_with(c.ring, archivists).ledger().rollback());
  {
    Archive archive = c.open_with(c.auditor, auditors);
    REQUIRE(archive.ledger().rollback());
    const auto size = archive.view().reader().size();
    CHECK(!archive.accept_rollback("as told"));
    CHECK(archive.view().reader().size() == size);
  }
  CHECK(!c.open_with(c.auditor, auditors).ledger().rollback());
  CHECK(is_sound(c.open()));
}

TEST_CASE("nothing is derived anew over a rollback, and a rebuild changes no checkpoint") {
  Case c;
  const auto memory = std::make_shared<Memory>();
  const std::string before = c.keep();
  c.add_incident("I1");
  c.open_with(c.ring, memory);
  const std::string note = c.open().view().reader().checkpoint();
  rebuild(c.path, c.ring.clone(), c.clock, memory);
  CHECK(c.open().view().reader().checkpoint() == note);
  c.put_back(before);
  CHECK(code_of([&] { rebuild(c.path, c.ring.clone(), c.clock, memory); }) == ErrorCode::corrupt);
}

TEST_CASE("the log gives the newest first and stops early") {
  Case c;
  for (int i = 0; i < 10; ++i) c.add_incident("I" + std::to_string(i));
  const Archive archive = c.open();
  View view = archive.view();
  LogQuery newest;
  newest.newest_first = true;
  newest.limit = 3;
  std::vector<Seq> seqs;
  log(view, newest, [&](const LoggedEntry& entry) {
    seqs.push_back(entry.line.seq);
    return true;
  });
  CHECK(seqs == std::vector<Seq>{11, 10, 9});
  newest.from = 10;
  newest.limit = SIZE_MAX;
  seqs.clear();
  log(view, newest, [&](const LoggedEntry& entry) {
    seqs.push_back(entry.line.seq);
    return true;
  });
  CHECK(seqs == std::vector<Seq>{11, 10});
}

TEST_CASE("the log tells an auditor that there are entries, and nothing of what they say") {
  Case c;
  c.add_incident("secret incident");
  const Archive archive = c.open(c.auditor);
  View view = archive.view();
  std::size_t hidden = 0;
  log(view, {}, [&](const LoggedEntry& entry) {
    if (entry.kind.empty()) {
      CHECK(entry.what == "not visible to this role");
      CHECK(entry.fields.empty());
      ++hidden;
    }
    return true;
  });
  CHECK(hidden == 1);
  LogQuery incidents;
  incidents.kinds = {*entry_kind_from("incident-revised")};
  // Refused, whatever the archive holds: an empty list would be an answer.
  CHECK(code_of([&] { log(view, incidents, [](const LoggedEntry&) { return true; }); }) ==
        ErrorCode::wrong_key);
  LogQuery volumes;
  volumes.kinds = {*entry_kind_from("volume-stated")};
  log(view, volumes, [](const LoggedEntry& entry) {
    CHECK(entry.kind == "volume_stated");
    return true;
  });
}

TEST_CASE("every kind of entry has a name that leads back to it") {
  unsigned number = 0;
  for (std::string name : entry_kind_names()) {
    const auto kind = entry_kind_from(name);
    REQUIRE(kind);
    CHECK(*kind > number);
    number = *kind;
    std::ranges::replace(name, '_', '-');
    CHECK(entry_kind_from(name) == number);
  }
  CHECK(!entry_kind_from("record 99"));
}
