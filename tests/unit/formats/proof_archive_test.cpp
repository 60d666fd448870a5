#include <catch2/catch.hpp>

#include "dalil/base/text.hpp"
#include "proof_fixture.hpp"

using namespace dalil;
using namespace dalil::formats;
using namespace dalil::testing;
using archive::Proof;
using archive::Seq;
using archive::Verdict;

namespace {

/// Two volumes, three items, an incident with a link, and verdicts.
struct Populated : ArchiveFixture {
  archive::Archive archive = open();
  archive::Row disk = 0, backup = 0, item = 0;
  Seq seen = 0, seen_again = 0, link = 0;
  Populated() {
    auto editor = archive.edit();
    disk = editor.add_volume(volume_named("Zeitoun-disk"));
    backup = editor.add_volume(volume_named("Backup-in-Gaziantep"));
    const auto added = editor.add_copy(copy_of(disk, "field", "one.jpg", "one"));
    item = added.item;
    seen = added.seq;
    seen_again = editor.add_copy(copy_of(backup, "of/field", "uno.jpg", "one")).seq;
    editor.add_copy(copy_of(disk, "hidden-directory", "witness-Hassan.mp4", "two"));
    editor.add_copy(copy_of(disk, "field", "three.jpg", "three"));
    media::MediaFacts facts;
    facts.make = "Canonical";
    editor.add_facts(item, facts);
    const auto incident =
        editor.put_incident(incident_with("SECRET-INCIDENT-7", "2017-09-11"), "first report");
    link = editor.writer().size();
    editor.add_link(item, incident, archive::LinkType::depicts, 100, {}, "the minaret is to be seen");
    editor.record_verdicts(disk, "field", {{"three.jpg", Verdict::corrupt}}, 1'505'119'000);
    editor.commit();
  }
  void verify(archive::Row volume, const std::string& directory, std::int64_t at) {
    auto editor = archive.edit();
    editor.record_verdicts(volume, directory, {}, at);
    editor.commit();
  }
};

/// Everything that the file holds: its text, and what its base64 values stand for.
std::string taken_apart(const std::string& text) {
  std::string all = text;
  std::string word;
  for (const char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/' || c == '=') {
      word += c;
      continue;
    }
    if (const auto bytes = from_base64(word)) all += as_chars(*bytes);
    word.clear();
  }
  return all;
}

bool tells(const std::string& all, std::string_view secret) {
  return all.find(secret) != all.npos;
}

}  // namespace

TEST_CASE_METHOD(Populated, "every entry of an archive can be proven") {
  auto view = archive.view();
  for (Seq seq = 0; seq < view.reader().size(); ++seq) {
    const ProofCheck check = check_proof(decode_proof(encode_proof(archive::prove(view, seq))));
    INFO(steps_of(check));
    CHECK(check.right());
    CHECK(check.line->seq == seq);
    CHECK(check.statement.text.find("cannot read") == std::string::npos);
  }
}

TEST_CASE_METHOD(Populated, "a proof tells of one entry and of nothing else") {
  auto view = archive.view();
  const std::string all = taken_apart(encode_proof(archive::prove(view, seen)));
  for (const char* own : {"field", "one.jpg", "Amal", "archivist"}) CHECK(tells(all, own));
  CHECK(tells(all, as_chars(crypto::sha256(as_bytes("one")).view())));
  for (const char* other : {"Zeitoun", "Gaziantep", "uno.jpg", "hidden-directory", "Hassan", "three.jpg",
                            "Canonical", "SECRET", "minaret", "first report", "dalil 0"})
    CHECK_FALSE(tells(all, other));
  for (Seq seq = 0; seq < view.reader().size(); ++seq) {
    if (seq == seen) continue;
    const ledger::Entry entry = view.reader().entry(seq);
    CHECK_FALSE(tells(all, as_chars(entry.salt)));
    CHECK_FALSE(tells(all, as_chars(entry.content)));
    CHECK_FALSE(tells(all, as_chars(entry.line.commitment.view())));
    CHECK_FALSE(tells(all, entry.line.text()));
  }
  for (const char* content : {"two", "three"})
    CHECK_FALSE(tells(all, as_chars(crypto::sha256(as_bytes(content)).view())));
}

TEST_CASE_METHOD(Populated, "only who signed the checkpoint is named") {
  const ledger::Keyring other = admit(ledger::Role::archivist, "Bassel the second archivist");
  auto view = archive.view();
  const Proof proof = archive::prove(view, seen);
  REQUIRE(proof.keys.size() == 1);
  CHECK(proof.keys[0].name == "Amal");
}

TEST_CASE_METHOD(Populated, "the entries of an item, its copies, its facts and its verdicts are found") {
  auto view = archive.view();
  CHECK(archive::first_entry_of(view, item) == seen);
  CHECK(archive::copy_entry(view, disk, "field/one.jpg") == seen);
  CHECK(archive::copy_entry(view, backup, "of/field/uno.jpg") == seen_again);
  CHECK(code_of([&] { archive::copy_entry(view, backup, "field/one.jpg"); }) == ErrorCode::not_found);
  CHECK(archive::prove(view, archive::facts_entry(view, item).value()).kind == "facts_stated");
  CHECK_FALSE(archive::facts_entry(view, item + 1));
  CHECK(archive::prove(view, link).kind == "link_made");

  const Seq first = archive::verdict_entry(view, item, disk).value();
  CHECK(archive::prove(view, first).kind == "directories_verified");
  CHECK_FALSE(archive::verdict_entry(view, item, backup));
  verify(backup, "of/field", 1'505'120'000);
  verify(disk, "hidden-directory", 1'505'121'000);
  view.renew();
  CHECK(archive::verdict_entry(view, item, disk) == first);
  CHECK(archive::verdict_entry(view, item, backup) > first);
  verify(disk, "field", 1'505'122'000);
  view.renew();
  CHECK(archive::verdict_entry(view, item, disk) == view.reader().size() - 1);
}

TEST_CASE_METHOD(Populated, "a role proves what it may see") {
  const ledger::Keyring auditor = admit(ledger::Role::auditor, "Omar");
  const archive::Archive seen_by_auditor = open(auditor);
  auto view = seen_by_auditor.view();
  CHECK(check_proof(archive::prove(view, 0)).right());
  // What it is about is visible to the role, whether it may leave is not.
  CHECK(code_of([&] { archive::prove(view, seen); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { archive::prove(view, link); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { archive::facts_entry(view, item); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { archive::prove(view, 10'000); }) == ErrorCode::not_found);
}

TEST_CASE("a content of no known form says so, and speaks of no file") {
  // The number of a kind that no version has; a kind whose message is cut off; nothing; nonsense.
  for (const char* hex : {"ba3e00", "1a05220101", "", "ffffffffffffffffffffffff", "00"}) {
    const archive::Statement statement = archive::read_statement(*from_hex(hex));
    INFO(hex);
    CHECK(statement.text.find("cannot read") != std::string::npos);
    CHECK_FALSE(statement.digest);
    CHECK(statement.fields.empty());
  }
  CHECK(archive::read_statement(*from_hex("ba3e00")).kind == "record 999");
  CHECK(archive::read_statement(*from_hex("1a05220101")).kind == "copy_seen");
}
