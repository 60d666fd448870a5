// New keys for the whole archive, and contents that are destroyed.

#include <unistd.h>

#include <filesystem>
#include <set>

#include "archive/archive_fixture.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using ledger::Role;

namespace {

struct Case : ArchiveFixture {
  Row disk = 0;
  Seq link_seq = 0, incident_seq = 0, copy_seq = 0, second_copy_seq = 0;
  Case() {
    Archive archive = open();
    Editor editor = archive.edit();
    disk = editor.add_volume(volume_named("disk"));
    const AddedCopy first = editor.add_copy(copy_of(disk, "a", "x", "content"));
    copy_seq = first.seq;
    second_copy_seq = editor.add_copy(copy_of(disk, "a", "y", "other content")).seq;
    media::MediaFacts facts;
    facts.kind = media::MediaKind::photo;
    facts.make = "Canon";
    editor.add_facts(first.item, facts);
    incident_seq = editor.writer().size();
    const Row incident = editor.put_incident(incident_with("I1", "2017"), "reason");
    link_seq = editor.writer().size();
    editor.add_link(first.item, incident, LinkType::depicts, {}, {}, "a witness said so");
    RunSummary run;
    run.kind = "scan";
    run.volume = disk;
    run.note = "handed over by a neighbour";
    editor.add_run(run);
    editor.commit();
  }
  Archive open_with(const ledger::Keyring& keyring) const { return open(keyring); }
  std::string checkpoint() const { return open().view().reader().checkpoint(); }
  std::set<std::string> key_files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path + "/keys"))
      names.insert(entry.path().filename().string());
    return names;
  }
};

std::string bytes_of(const std::string& path) {
  return std::string(as_chars(files::read_small_file(path, 1 << 26)));
}

}  // namespace

TEST_CASE("after a rotation everybody who was not removed opens everything that their role may, anew") {
  Case c;
  const ledger::Keyring auditor = c.admit(Role::auditor, "Sami");
  const ledger::Keyring second = c.admit(Role::archivist, "Basel");
  const std::string before = bytes_of(c.path + "/data.mdb");
  CHECK(rotate_keys(c.path, c.ring.clone(), "a laptop was lost", c.clock) == 2);
  for (const ledger::Keyring* ring : std::initializer_list<const ledger::Keyring*>{&c.ring, &second}) {
    const Archive archive = c.open(*ring);
    CHECK(archive.keyring().epoch() == 2);
    View view = archive.view();
    CHECK(view.item_count() == 2);
    CHECK(view.links_of_incident(0).at(0).why == "a witness said so");
    CHECK(view.runs().at(0).note == "handed over by a neighbour");
    CHECK(is_sound(archive));
  }
  const Archive archive = c.open(auditor);
  CHECK(archive.view().copies_of(0).size() == 1);
  CHECK(code_of([&] { archive.view().incidents(); }) == ErrorCode::wrong_key);
  CHECK(rotate_keys(c.path, second.clone(), "again", c.clock) == 3);
  CHECK(c.open().keyring().epoch() == 3);
  CHECK(c.open(auditor).view().item_count() == 2);
  CHECK(c.key_files().size() == 1 + 3);  // the slot, and the newest grants only
}

TEST_CASE("a removed actor's key opens nothing after a rotation, and nothing stays sealed as it was") {
  Case c;
  const ledger::Keyring investigator = c.admit(Role::investigator, "Huda");
  {
    Archive archive = c.open();
    Editor editor = archive.edit();
    editor.remove_key(investigator.actor(), "left the group");
    editor.commit();
  }
  CHECK(c.open(investigator).view().item_count() == 2);  // removal alone shuts nobody out of reading
  CHECK(code_of([&] { (void)c.open(investigator).edit(); }) == ErrorCode::wrong_key);
  std::vector<Bytes> sealed_before;
  for (Seq seq = 0; seq < c.open().view().reader().size(); ++seq)
    sealed_before.push_back(c.open().view().reader().entry(seq).content);
  rotate_keys(c.path, c.ring.clone(), "Huda left", c.clock);
  CHECK(code_of([&] { (void)c.open(investigator); }) == ErrorCode::wrong_key);
  const Archive archive = c.open();
  for (Seq seq = 0; seq < sealed_before.size(); ++seq)
    CHECK(archive.view().reader().entry(seq).content == sealed_before[seq]);
  const auto keys = archive.view().keys();
  REQUIRE(keys.size() == 2);
  CHECK(keys[1].removed_seq.has_value());
  CHECK(is_sound(archive));
}

TEST_CASE("a rotation leaves the tree as it was, and older checkpoints stay valid") {
  Case c;
  const auto old_checkpoint = merkle::Checkpoint::parse(merkle::Note::parse(c.checkpoint())->text);
  rotate_keys(c.path, c.ring.clone(), "why not", c.clock);
  Archive archive = c.open();
  View view = archive.view();
  CHECK(view.reader().size() == old_checkpoint->size + 1);
  CHECK(merkle::root_at(old_checkpoint->size, view.reader().nodes()) == old_checkpoint->root);
}

TEST_CASE("tags of earlier epochs keep their key, new copies get the new one") {
  Case c;
  rotate_keys(c.path, c.ring.clone(), "why", c.clock);
  Archive archive = c.open();
  const Seq seq = [&] {
    Editor editor = archive.edit();
    const Seq made = editor.add_copy(copy_of(c.disk, "b", "z", "third")).seq;
    editor.commit();
    return made;
  }();
  View view = archive.view();
  CHECK(view.copy(c.copy_seq).tag_epoch == 1);
  CHECK(view.copy(seq).tag_epoch == 2);
  CHECK(std::ranges::equal(archive.tag_key(1).view(), c.ring.tag_key(1).view()));
  CHECK(!std::ranges::equal(archive.tag_key(1).view(), archive.tag_key().view()));
}

TEST_CASE("a rotation that ends before its database is in place leaves the old archive open to all") {
  Case c;
  const ledger::Keyring auditor = c.admit(Role::auditor, "Sami");
  // What a crash may leave: grants of an epoch that never came, and a half-made database.
  ledger::write_grants(c.path, c.ring.next_epoch(), c.open().view().reader().signers());
  CHECK(c.open().keyring().epoch() == 1);
  CHECK(c.open(auditor).view().item_count() == 2);
  CHECK(rotate_keys(c.path, c.ring.clone(), "once more", c.clock) == 2);
  CHECK(c.open(auditor).keyring().epoch() == 2);
  CHECK(is_sound(c.open()));
}

TEST_CASE("keys that somebody else handed out are refused") {
  Case c;
  const ledger::Keyring auditor = c.admit(Role::auditor, "Sami");
  rotate_keys(c.path, c.ring.clone(), "why", c.clock);
  // The auditor hands the archivist a grant that holds the right inventory key and other evidence keys.
  ledger::Keyring forger = c.open(auditor).keyring().clone();
  const auto signers = c.open().view().reader().signers();
  const Bytes forged = forger.grant(signers[0].actor(), Role::archivist, signers[0].recipient);
  for (const std::string& name : c.key_files())
    if (name.find(to_hex(signers[0].actor())) != std::string::npos)
      files::write_atomically(c.path + "/keys/" + name, forged, 0600);
  CHECK(code_of([&] { (void)c.open(); }) == ErrorCode::corrupt);
}

TEST_CASE("only an archivist rotates, destroys, adds and removes") {
  Case c;
  for (const Role role : {Role::auditor, Role::investigator}) {
    const ledger::Keyring ring = c.admit(role, ledger::name_of(role));
    CHECK(code_of([&] { rotate_keys(c.path, ring.clone(), "", c.clock); }) == ErrorCode::wrong_key);
    CHECK(code_of([&] { redact(c.path, ring.clone(), {c.copy_seq}, "", c.clock); }) == ErrorCode::wrong_key);
    Archive archive = c.open(ring);
    Editor editor = archive.edit();
    CHECK(code_of([&] { editor.remove_key(c.ring.actor(), ""); }) == ErrorCode::wrong_key);
    CHECK(code_of([&] { editor.add_key(ring.derive(Role::auditor, "E"), "e.age", OpensWith::recipient); }) ==
          ErrorCode::wrong_key);
  }
  const ledger::Keyring auditor = c.admit(Role::auditor, "Sami");
  Archive archive = c.open(auditor);
  Editor editor = archive.edit();
  CHECK(code_of([&] { editor.add_volume(volume_named("more")); }) == ErrorCode::wrong_key);
  RunSummary scan;
  scan.kind = "scan";
  CHECK(code_of([&] { editor.add_run(scan); }) == ErrorCode::wrong_key);
}

TEST_CASE("a destroyed content is gone, the tree still verifies, and the fact is an entry") {
  Case c;
  const auto old_checkpoint = merkle::Checkpoint::parse(merkle::Note::parse(c.checkpoint())->text);
  redact(c.path, c.ring.clone(), {c.link_seq}, "consent withdrawn", c.clock);
  Archive archive = c.open();
  View view = archive.view();
  CHECK(view.reader().entry(c.link_seq).state == ledger::Entry::State::redacted);
  CHECK(view.links_of_incident(0, true).empty());
  CHECK(merkle::root_at(old_checkpoint->size, view.reader().nodes()) == old_checkpoint->root);
  CHECK(view.describe_entry(view.reader().size() - 1).find("consent withdrawn") != std::string::npos);
  CHECK(view.describe_entry(c.link_seq) == "content destroyed");
  CHECK(is_sound(archive));
  CHECK(check(archive).redacted == 1);
  rebuild(c.path, c.ring.clone(), c.clock);
  CHECK(is_sound(c.open()));
  CHECK(code_of([&] { redact(c.path, c.ring.clone(), {c.link_seq}, "", c.clock); }) == ErrorCode::not_found);
  CHECK(code_of([&] { redact(c.path, c.ring.clone(), {99'999}, "", c.clock); }) == ErrorCode::not_found);
}

TEST_CASE("what refers to something destroyed is passed over, and counted") {
  Case c;
  redact(c.path, c.ring.clone(), {c.copy_seq}, "the source asked for it", c.clock);
  const Archive archive = c.open();
  View view = archive.view();
  CHECK(view.item_count() == 1);
  CHECK(view.links_of_incident(0).empty());
  CHECK(view.volumes().at(0).live_copies == 1);
  const CheckReport report = check(archive);
  CHECK(report.problems.empty());
  CHECK(report.unresolved == 2);  // its metadata and its link
  redact(c.path, c.ring.clone(), {c.incident_seq}, "more", c.clock);
  CHECK(c.open().view().incident_count() == 0);
  CHECK(is_sound(c.open()));
}

TEST_CASE("what others stand on cannot be destroyed, and nothing changes then") {
  Case c;
  const std::uint64_t size = c.open().view().reader().size();
  CHECK(code_of([&] { redact(c.path, c.ring.clone(), {c.link_seq, 0}, "", c.clock); }) == ErrorCode::invalid);
  CHECK(code_of([&] { redact(c.path, c.ring.clone(), {1}, "", c.clock); }) == ErrorCode::invalid);
  CHECK(c.open().view().reader().size() == size);
  CHECK(c.open().view().links_of_incident(0).size() == 1);
}

TEST_CASE("what was destroyed survives a rotation as destroyed") {
  Case c;
  redact(c.path, c.ring.clone(), {c.link_seq}, "consent withdrawn", c.clock);
  rotate_keys(c.path, c.ring.clone(), "and the old keys with it", c.clock);
  const Archive archive = c.open();
  CHECK(archive.view().reader().entry(c.link_seq).state == ledger::Entry::State::redacted);
  CHECK(is_sound(archive));
}
