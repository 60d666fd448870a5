// What evidence there is of each incident, and what is missing.

#include "dalil/archive/cover.hpp"

#include "archive/archive_fixture.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

struct CoverDesk : ArchiveFixture {
  Archive archive = open();
  std::optional<Editor> editor{archive.edit()};
  Row disk = editor->add_volume(volume_named("disk"));
  Row drive = editor->add_volume(volume_named("drive"));
  Row one = editor->put_incident(incident_with("ONE"), "");
  Row two = editor->put_incident(incident_with("TWO"), "");

  Row item(const std::string& name, bool on_both = false) {
    const Row row = editor->add_copy(copy_of(disk, "d", name, name)).item;
    if (on_both) editor->add_copy(copy_of(drive, "d", name, name));
    return row;
  }
  std::vector<Cover> look(const std::vector<Row>& incidents = {}) {
    editor->commit();
    View view = archive.view();
    return cover(view, incidents);
  }
};

}  // namespace

TEST_CASE("an incident without links, or with candidates alone, has no evidence") {
  CoverDesk d;
  d.editor->add_link(d.item("a"), d.two, LinkType::candidate, {}, {}, "");
  const auto covers = d.look();
  REQUIRE(covers.size() == 2);
  CHECK(covers[0].id == "ONE");
  CHECK(covers[0].gaps() == std::vector<Gap>{Gap::no_evidence});
  CHECK(covers[1].gaps() == std::vector<Gap>{Gap::no_evidence});
  CHECK(covers[1].candidates == 1);
  CHECK(covers[1].items == 0);
  CHECK(d.look({d.two}).front().id == "TWO");
}

TEST_CASE("items are counted once, by kind, state and volume; links by type") {
  CoverDesk d;
  const Row a = d.item("a", true), b = d.item("b");
  media::MediaFacts facts;
  facts.kind = media::MediaKind::video;
  d.editor->add_facts(a, facts);
  const Row link = d.editor->add_link(a, d.one, LinkType::depicts, {}, {}, "");
  d.editor->add_link(a, d.one, LinkType::aftermath, {}, {}, "");
  d.editor->add_link(a, d.one, LinkType::candidate, {}, {}, "");
  d.editor->add_link(b, d.one, LinkType::context, {}, {}, "");
  d.editor->withdraw_link(d.editor->add_link(d.item("c"), d.one, LinkType::depicts, {}, {}, ""), "");
  Review review;
  review.state = ReviewState::verified;
  review_item(*d.editor, a, review);
  review_link(*d.editor, link, review);
  Cover cover = d.look().front();
  CHECK(cover.items == 2);
  CHECK(cover.candidates == 0);
  CHECK(cover.links == 3);
  CHECK(cover.links_reviewed == 1);
  CHECK(cover.by_type == std::map<LinkType, std::uint64_t>{
                             {LinkType::depicts, 1}, {LinkType::aftermath, 1}, {LinkType::context, 1}});
  CHECK(cover.by_kind == std::map<media::MediaKind, std::uint64_t>{{media::MediaKind::other, 1},
                                                                   {media::MediaKind::video, 1}});
  CHECK(cover.reviewed() == 1);
  CHECK(cover.on_volume == std::map<Row, std::uint64_t>{{d.disk, 2}, {d.drive, 1}});
  CHECK(cover.one_volume == 1);
  CHECK(cover.no_copy == 0);
  CHECK(cover.gaps() == std::vector<Gap>{Gap::unreviewed, Gap::one_volume});
}

TEST_CASE("what was rejected, the item or each of its links, is counted apart") {
  CoverDesk d;
  Review rejected, verified;
  rejected.state = ReviewState::rejected;
  verified.state = ReviewState::verified;
  const Row a = d.item("a", true), b = d.item("b", true), c = d.item("c", true);
  d.editor->add_link(a, d.one, LinkType::depicts, {}, {}, "");
  d.editor->add_link(a, d.one, LinkType::candidate, {}, {}, "");
  review_item(*d.editor, a, rejected);
  const Row link = d.editor->add_link(b, d.one, LinkType::depicts, {}, {}, "");
  review_link(*d.editor, link, rejected);
  Cover cover = d.look({d.one}).front();
  CHECK(cover.items == 0);
  CHECK(cover.candidates == 0);
  CHECK(cover.rejected == 2);
  CHECK(cover.links == 0);
  CHECK(cover.by_type.empty());
  CHECK(cover.gaps() == std::vector<Gap>{Gap::no_evidence});

  // Another link to it stands, and what is rejected of one incident is not of another.
  d.editor->add_link(b, d.one, LinkType::context, {}, {}, "");
  d.editor->add_link(b, d.two, LinkType::depicts, {}, {}, "");
  review_item(*d.editor, a, verified);
  review_link(*d.editor, d.editor->add_link(c, d.one, LinkType::candidate, {}, {}, ""), rejected);
  const auto covers = d.look();
  CHECK(covers[0].items == 2);
  CHECK(covers[0].rejected == 1);
  CHECK(covers[0].candidates == 0);
  CHECK(covers[0].by_type ==
        std::map<LinkType, std::uint64_t>{{LinkType::depicts, 1}, {LinkType::context, 1}});
  CHECK(covers[1].items == 1);
  CHECK(covers[1].rejected == 0);
}

TEST_CASE("damaged and vanished copies are none") {
  CoverDesk d;
  const Row a = d.item("a", true), b = d.item("b");
  for (const Row item : {a, b}) d.editor->add_link(item, d.one, LinkType::depicts, {}, {}, "");
  d.editor->record_verdicts(d.disk, "d", {{"a", Verdict::corrupt}}, 77);
  d.editor->mark_vanished(d.disk, {{"d", "b", ""}});
  const Cover cover = d.look().front();
  CHECK(cover.one_volume == 1);
  CHECK(cover.no_copy == 1);
  CHECK(cover.has(Gap::no_copy));
}

TEST_CASE("what the register's text links to is compared with what is held") {
  CoverDesk d;
  Incident incident = incident_with("ONE");
  incident.evidence_links_in_text = 2;
  incident.photo_captions = {"a", "b"};
  d.editor->put_incident(incident, "");
  incident = incident_with("TWO");
  incident.evidence_links_in_text = 0;
  d.editor->put_incident(incident, "");
  d.editor->add_link(d.item("a", true), d.one, LinkType::depicts, {}, {}, "");
  auto covers = d.look();
  CHECK(covers[0].told_links == 2);
  CHECK(covers[0].told_captions == 2);
  CHECK(covers[0].has(Gap::fewer_than_told));
  CHECK(covers[1].told_links == 0);
  CHECK(!covers[1].has(Gap::fewer_than_told));
  d.editor->add_link(d.item("b", true), d.one, LinkType::depicts, {}, {}, "");
  CHECK(!d.look().front().has(Gap::fewer_than_told));
}

TEST_CASE("gaps have names that lead back to them") {
  CHECK(gap_names().size() == 6);
  for (const std::string& name : gap_names()) CHECK(name_of(*gap_from(name)) == name);
  CHECK(!gap_from("everything"));
}

TEST_CASE("an auditor sees no cover") {
  CoverDesk d;
  d.editor->commit();
  d.editor.reset();
  const ledger::Keyring auditor = d.admit(ledger::Role::auditor, "Sami");
  const Archive archive = d.open(auditor);
  View view = archive.view();
  CHECK(code_of([&] { cover(view); }) == ErrorCode::wrong_key);
}
