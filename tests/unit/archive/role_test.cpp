// An auditor sees what lies where and whether it is whole; nothing of what it shows.

#include "archive/archive_fixture.hpp"
#include "dalil/archive/find.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using ledger::Role;

namespace {

struct Case : ArchiveFixture {
  Row item = 0;
  ledger::Keyring auditor = admit(Role::auditor, "Sami");
  ledger::Keyring investigator = admit(Role::investigator, "Huda");
  Case() {
    Archive archive = open();
    Editor editor = archive.edit();
    const Row disk = editor.add_volume(volume_named("disk"));
    item = editor.add_copy(copy_of(disk, "a", "x", "content")).item;
    media::MediaFacts facts;
    facts.kind = media::MediaKind::photo;
    editor.add_facts(item, facts);
    const Row incident = editor.put_incident(incident_with("I1", "2017"), "secret reason");
    editor.add_link(item, incident, LinkType::depicts, {}, {}, "secret why");
    RunSummary run;
    run.kind = "scan";
    run.volume = disk;
    run.source = "a name that must stay hidden";
    editor.add_run(run);
    editor.commit();
  }
};

}  // namespace

TEST_CASE("an auditor finds by path, size, digest and volume, and by nothing else") {
  Case c;
  const Archive archive = c.open(c.auditor);
  View view = archive.view();
  const std::vector<Row> one{c.item};
  CHECK(find(view, query([&](Query& q) { q.path_parts = {"A/X"}; })) == one);
  CHECK(find(view, query([&](Query& q) {
               q.min_size = 7;
               q.max_size = 7;
             })) == one);
  CHECK(find(view, query([&](Query& q) { q.digest_prefix = view.item(c.item).digest.hex(); })) == one);
  CHECK(find(view, query([&](Query& q) { q.volume = "disk"; })) == one);
  const DateSpan year = *parse_date("2017");
  const Query closed[] = {query([&](Query& q) { q.incidents = {"I1"}; }),
                          query([&](Query& q) { q.link_type = LinkType::depicts; }),
                          query([&](Query& q) { q.embedded = year; }),
                          query([&](Query& q) { q.claimed = year; }),
                          query([&](Query& q) { q.incident_date = year; }),
                          query([&](Query& q) { q.kind = media::MediaKind::photo; }),
                          query([&](Query& q) { q.camera = "canon"; }),
                          query([&](Query& q) { q.linked = true; }),
                          query([&](Query& q) { q.linked = false; })};
  for (const Query& each : closed) CHECK(code_of([&] { find(view, each); }) == ErrorCode::wrong_key);
}

TEST_CASE("an auditor cannot look at facts, incidents, links and sources") {
  Case c;
  const Archive archive = c.open(c.auditor);
  View view = archive.view();
  CHECK(!view.facts(c.item));
  CHECK(code_of([&] { view.find_incident("I1"); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { view.incidents(); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { view.links_of_item(c.item, true); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { view.links_of_incident(0, true); }) == ErrorCode::wrong_key);
  std::size_t hidden = 0;
  for (Seq seq = 0; seq < view.reader().size(); ++seq) {
    const std::string text = view.describe_entry(seq);
    CHECK(text.find("secret") == std::string::npos);
    CHECK(text.find("I1") == std::string::npos);
    if (text == "not visible to this role") ++hidden;
  }
  CHECK(hidden == 4);  // facts, incident, link, provenance
  REQUIRE(view.runs().size() == 1);
  CHECK(view.runs()[0].source.empty());
  CHECK(view.copies_of(c.item).size() == 1);
}

TEST_CASE("an investigator sees everything but sources") {
  Case c;
  const Archive archive = c.open(c.investigator);
  View view = archive.view();
  CHECK(find(view, query([&](Query& q) {
               q.incidents = {"I1"};
               q.kind = media::MediaKind::photo;
             }))
            .size() == 1);
  CHECK(view.links_of_item(c.item).at(0).why == "secret why");
  CHECK(view.runs().at(0).source.empty());
  CHECK(c.open().view().runs().at(0).source == "a name that must stay hidden");
}

TEST_CASE("what an auditor records is there for the archivist, under the auditor's name") {
  Case c;
  {
    Archive archive = c.open(c.auditor);
    Editor editor = archive.edit();
    RunSummary run;
    run.kind = "verify";
    run.volume = 0;
    run.result = "PASS";
    editor.record_verdicts(0, "a", {}, 77);
    editor.add_run(run);
    editor.commit();
  }
  Archive archive = c.open();
  View view = archive.view();
  CHECK(view.runs().at(0).result == "PASS");
  CHECK(view.volume(0).last_verification_result == "PASS");
  CHECK(view.directory(0, "a").at(0).verdict == Verdict::intact);
  CHECK(view.actor_name(view.reader().line(view.reader().size() - 1).actor) == "Sami");
  CHECK(is_sound(archive));
}

TEST_CASE("an auditor can neither make a link nor revise an incident") {
  Case c;
  Archive archive = c.open(c.auditor);
  Editor editor = archive.edit();
  CHECK(code_of([&] { editor.put_incident(incident_with("I2"), ""); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { editor.add_link(c.item, 0, LinkType::depicts, {}, {}, ""); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { editor.withdraw_link(0, ""); }) == ErrorCode::wrong_key);
}

TEST_CASE("a key that nobody admitted cannot write, and so cannot close the archive to others") {
  Case c;
  const ledger::Keyring stranger = c.ring.derive(Role::archivist, "Stranger");
  {
    Archive archive = c.open(stranger);
    CHECK(archive.view().item_count() == 1);
    CHECK(code_of([&] { (void)archive.edit(); }) == ErrorCode::wrong_key);
  }
  CHECK(c.open().view().item_count() == 1);
}

TEST_CASE("deriving anew takes every key") {
  Case c;
  CHECK(code_of([&] { rebuild(c.path, c.auditor.clone(), c.clock); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { rebuild(c.path, c.investigator.clone(), c.clock); }) == ErrorCode::wrong_key);
  CHECK(check(c.open(c.auditor)).problems.empty());
}
