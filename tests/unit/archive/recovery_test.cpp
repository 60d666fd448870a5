#include "dalil/archive/recovery.hpp"

#include "archive/archive_fixture.hpp"
#include "dalil/archive/proof.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using ledger::Role;

namespace {

std::string make_key(const ArchiveFixture& f) {
  Archive archive = f.open();
  Editor editor = archive.edit();
  std::string recipient = editor.make_recovery_key("the first drive");
  editor.commit();
  return recipient;
}

/// A copy on a sealed drive: what lies there is larger than the content by more than a MiB.
Copy sealed_copy(Row volume, const std::string& content) {
  Copy copy = copy_of(volume, "objects/ab", "0123.age", content);
  copy.stored =
      StoredForm{crypto::sha256(as_bytes("sealed " + content)), (2U << 20) + 17, 0, "DCIM", "raw\xff.jpg"};
  copy.tags.resize(3);
  return copy;
}

}  // namespace

TEST_CASE("recovery key: archivists and investigators read it, auditors its recipient alone") {
  const ArchiveFixture f;
  const ledger::Keyring auditor = f.admit(Role::auditor, "Sami");
  const ledger::Keyring investigator = f.admit(Role::investigator, "Huda");
  {
    const Archive archive = f.open();
    View view = archive.view();
    CHECK(recovery_recipients(view).empty());
    CHECK(recovery_identities(view).empty());
  }
  const std::string recipient = make_key(f);
  for (const auto* ring : {&f.ring, &auditor, &investigator}) {
    const Archive archive = f.open(*ring);
    View view = archive.view();
    const auto known = recovery_recipients(view);
    REQUIRE(known.size() == 1);
    CHECK(known[0].recipient == recipient);
    CHECK(known[0].made_by == "Amal");
    CHECK(known[0].why == "the first drive");
    if (ring == &auditor) {
      CHECK(code_of([&] { recovery_identities(view); }) == ErrorCode::wrong_key);
    } else {
      REQUIRE(recovery_identities(view).size() == 1);
      CHECK(recovery_identities(view)[0].recipient() == recipient);
    }
  }
  for (const auto* ring : {&auditor, &investigator}) {
    Archive archive = f.open(*ring);
    Editor editor = archive.edit();
    CHECK(code_of([&] { editor.make_recovery_key("x"); }) == ErrorCode::wrong_key);
  }
  CHECK(is_sound(f.open()));
}

TEST_CASE(
    "recovery key: a further one comes first, and the earlier ones stay, also after rotation and rebuild") {
  const ArchiveFixture f;
  const std::string first = make_key(f), second = make_key(f), third = make_key(f);
  CHECK(first != second);
  rotate_keys(f.path, f.ring.clone(), "a laptop was lost", f.clock);
  rebuild(f.path, f.ring.clone(), f.clock);
  const Archive archive = f.open();
  View view = archive.view();
  const auto recipients = recovery_recipients(view);
  const auto identities = recovery_identities(view);
  REQUIRE(recipients.size() == 3);
  REQUIRE(identities.size() == 3);
  const std::string expected[] = {third, second, first};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(recipients[i].recipient == expected[i]);
    CHECK(identities[i].recipient() == expected[i]);
  }
  CHECK(is_sound(archive));
}

TEST_CASE("recovery key: neither a proof nor the log's words give it away") {
  const ArchiveFixture f;
  make_key(f);
  const Archive archive = f.open();
  View view = archive.view();
  const Seq stated = recovery_recipients(view).front().seq;
  const std::string secret(as_chars(recovery_identities(view).front().scalar.view()));
  CHECK(prove(view, stated).kind == "recovery_key_stated");
  CHECK(code_of([&] { prove(view, stated + 1); }) == ErrorCode::invalid);
  CHECK(view.describe_entry(stated + 1).find(secret) == std::string::npos);
  CHECK(code_of([&] { redact(f.path, f.ring.clone(), {stated + 1}, "x", f.clock); }) == ErrorCode::invalid);
}

TEST_CASE("a copy on a sealed drive is of its content, and counts by what lies there") {
  const ArchiveFixture f;
  const Copy copy = [&] {
    Archive archive = f.open();
    Editor editor = archive.edit();
    editor.add_volume(volume_named("disk"));
    Volume drive = volume_named("drive");
    drive.sealed = true;
    const Row row = editor.add_volume(drive);
    editor.add_copy(copy_of(0, "DCIM", "a.jpg", "content"));
    Copy sealed = sealed_copy(row, "content");
    editor.add_copy(sealed);
    // What is recorded next is not taken for sealed: the record is used again.
    editor.add_copy(copy_of(0, "DCIM", "b.jpg", "other"));
    editor.commit();
    return sealed;
  }();
  for (const bool rebuilt : {false, true}) {
    if (rebuilt) rebuild(f.path, f.ring.clone(), f.clock);
    const Archive archive = f.open();
    View view = archive.view();
    CHECK(view.item_count() == 2);
    CHECK(view.item(0).size_bytes == copy.size_bytes);
    const auto copies = view.copies_of(0);
    REQUIRE(copies.size() == 2);
    CHECK_FALSE(copies[0].stored);
    CHECK(copies[1].stored == copy.stored);
    CHECK(copies[1].path == "objects/ab/0123.age");
    CHECK(copies[1].row.size_bytes == copy.stored->size_bytes);
    CHECK(view.volume(1).live_bytes == copy.stored->size_bytes);
    const Copy read = view.copy(copies[1].row.seq);
    CHECK(read.stored == copy.stored);
    CHECK(read.digest == copy.digest);
    CHECK(read.digest_on_volume() == copy.stored->digest);
    CHECK(read.size_on_volume() == copy.stored->size_bytes);
    CHECK(read.tags.size() == 3);
    CHECK_FALSE(view.copy(view.copies_of(1)[0].row.seq).stored);
    CHECK(is_sound(archive));
  }
}
