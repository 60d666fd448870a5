// Reviews of items and of links: history, what holds, columns for filters.

#include "dalil/archive/review.hpp"

#include "archive/archive_fixture.hpp"
#include "schema.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using ledger::Role;

namespace {

/// A disk with three items, the first of which is linked to an incident.
struct ReviewDesk : ArchiveFixture {
  Archive archive = open();
  std::optional<Editor> editor{archive.edit()};
  Row disk = editor->add_volume(volume_named("disk"));
  std::vector<Row> items;
  Row incident = editor->put_incident(incident_with("INC-1", "2017-09-11"), "");
  Row link;
  Seq link_seq;
  ReviewDesk() {
    for (const char* name : {"a", "b", "c"})
      items.push_back(editor->add_copy(copy_of(disk, "d", name, name)).item);
    link_seq = editor->writer().size();
    link = editor->add_link(items[0], incident, LinkType::depicts, {}, {}, "");
  }
  View commit() {
    editor->commit();
    return archive.view();
  }
};

Review whole_review() {
  Review review;
  review.analysis = Analysis::content;
  review.method = "compared with satellite pictures";
  review.result = "the dome and both minarets fit";
  review.note = "from the north";
  review.confidence = Confidence::high;
  review.state = ReviewState::verified;
  review.time = {1505118600000, 1505118659999, TimePrecision::minute, 180};
  review.made = {35.3312, 40.1425, 500, "roof of a house"};
  review.shown = {35.34, 40.15, 50, ""};
  return review;
}

Review with_state(ReviewState state) {
  Review review;
  review.state = state;
  return review;
}

Review with_note(const std::string& note) {
  Review review;
  review.note = note;
  return review;
}

std::vector<std::pair<Row, ReviewState>> reviewed_items(View& view, const std::vector<ReviewState>& states) {
  std::vector<std::pair<Row, ReviewState>> found;
  for_each_reviewed_item(view, states, [&](Row row, ReviewState state) {
    found.emplace_back(row, state);
    return true;
  });
  return found;
}

std::uint64_t u64_in(View& view, const ledger::Column& column, Row row) {
  return load_u64(view.reader().cell(column, row).data());
}

}  // namespace

TEST_CASE("states, analyses and confidences have names that lead back to them") {
  for (const std::string& name : review_state_names()) CHECK(name_of(*review_state_from(name)) == name);
  CHECK(review_state_names().size() == 6);
  CHECK(!review_state_from("done"));
  for (const Analysis one : {Analysis::source, Analysis::technical, Analysis::content})
    CHECK(analysis_from(name_of(one)) == one);
  for (const Confidence one : {Confidence::low, Confidence::moderate, Confidence::high})
    CHECK(confidence_from(name_of(one)) == one);
  CHECK(!is_reviewed(ReviewState::unreviewed));
  CHECK(!is_reviewed(ReviewState::in_progress));
  CHECK(is_reviewed(ReviewState::verified));
  CHECK(is_reviewed(ReviewState::rejected));
}

TEST_CASE("a review says all that it was given") {
  ReviewDesk d;
  const Seq seq = review_item(*d.editor, d.items[1], whole_review());
  View view = d.commit();
  const auto reviews = reviews_of_item(view, d.items[1]);
  REQUIRE(reviews.size() == 1);
  CHECK(reviews[0].review == whole_review());
  CHECK(reviews[0].author == "Amal");
  CHECK(reviews[0].seq == seq);
  CHECK(reviews[0].item == d.items[1]);
  CHECK(reviews[0].link == ledger::kNoRow);
  CHECK(review_of_entry(view, seq).review == whole_review());
  CHECK(code_of([&] { review_of_entry(view, d.link_seq); }) == ErrorCode::not_found);
  CHECK(view.describe_entry(seq).ends_with(
      ": verified (content analysis, high confidence): the dome and both minarets fit"));
  CHECK(is_sound(d.archive));
}

TEST_CASE("all reviews are kept, and of each thing the newest holds") {
  ReviewDesk d;
  const Row item = d.items[0];
  review_item(*d.editor, item, with_note("first look"));
  review_item(*d.editor, item, whole_review());
  review_item(*d.editor, item, with_state(ReviewState::disputed));
  review_item(*d.editor, item, with_note("asked the source"));
  View view = d.commit();
  const auto reviews = reviews_of_item(view, item);
  REQUIRE(reviews.size() == 4);
  CHECK(reviews[0].review.note == "first look");
  CHECK(!reviews[0].review.state);
  CHECK(!reviews[3].review.state);
  CHECK(assessment_of({reviews[0]}).state == ReviewState::in_progress);
  CHECK(state_of_item(view, item) == ReviewState::disputed);
  Assessment now = assessment_of(reviews);
  CHECK(now.state == ReviewState::disputed);
  CHECK(now.time == whole_review().time);
  CHECK(now.made == whole_review().made);
  Review cleared;
  cleared.clears_time = cleared.clears_made = true;
  review_item(*d.editor, item, cleared);
  d.editor->commit();
  view.renew();
  now = assessment_of(reviews_of_item(view, item));
  CHECK(!now.time);
  CHECK(!now.made);
  CHECK(now.shown == whole_review().shown);
  CHECK(is_sound(d.archive));
}

TEST_CASE("columns hold what filters need") {
  ReviewDesk d;
  review_item(*d.editor, d.items[1], whole_review());
  View view = d.commit();
  CHECK(state_of_item(view, d.items[0]) == ReviewState::unreviewed);
  CHECK(state_of_item(view, d.items[1]) == ReviewState::verified);
  CHECK(schema::unshift_time(u64_in(view, schema::kItemVerifiedFrom, d.items[1])) == 1505118600000);
  CHECK(schema::unshift_time(u64_in(view, schema::kItemVerifiedTo, d.items[1])) == 1505118659999);
  CHECK(schema::unshift_place(u64_in(view, schema::kItemVerifiedMade, d.items[1])) ==
        std::pair(35.3312, 40.1425));
  CHECK(schema::unshift_place(u64_in(view, schema::kItemVerifiedShown, d.items[1])) ==
        std::pair(35.34, 40.15));
  CHECK(schema::load_u32(view.reader().cell(schema::kItemMadeRadius, d.items[1]).data()) == 500);
  CHECK(schema::load_u32(view.reader().cell(schema::kItemShownRadius, d.items[1]).data()) == 50);
  for (const Row none : {d.items[0], d.items[2]})
    for (const ledger::Column& column : {schema::kItemVerifiedFrom, schema::kItemVerifiedTo,
                                         schema::kItemVerifiedMade, schema::kItemVerifiedShown})
      CHECK(u64_in(view, column, none) == 0);
  Review cleared;
  cleared.clears_time = cleared.clears_made = cleared.clears_shown = true;
  review_item(*d.editor, d.items[1], cleared);
  d.editor->commit();
  view.renew();
  for (const ledger::Column& column : {schema::kItemVerifiedFrom, schema::kItemVerifiedTo,
                                       schema::kItemVerifiedMade, schema::kItemVerifiedShown})
    CHECK(u64_in(view, column, d.items[1]) == 0);
}

TEST_CASE("items and links are found by state") {
  ReviewDesk d;
  review_item(*d.editor, d.items[0], with_state(ReviewState::verified));
  review_item(*d.editor, d.items[2], with_state(ReviewState::rejected));
  review_link(*d.editor, d.link, with_state(ReviewState::disputed));
  View view = d.commit();
  using Found = std::vector<std::pair<Row, ReviewState>>;
  CHECK(reviewed_items(view, {}) ==
        Found{{d.items[0], ReviewState::verified}, {d.items[2], ReviewState::rejected}});
  CHECK(reviewed_items(view, {ReviewState::rejected}) == Found{{d.items[2], ReviewState::rejected}});
  CHECK(reviewed_items(view, {ReviewState::unreviewed}) == Found{{d.items[1], ReviewState::unreviewed}});
  std::vector<Row> links;
  const auto gather = [&](Row row, ReviewState) {
    links.push_back(row);
    return true;
  };
  for_each_reviewed_link(view, {}, gather);
  CHECK(links == std::vector<Row>{d.link});
  d.editor->withdraw_link(d.link, "wrong");
  d.editor->commit();
  view.renew();
  links.clear();
  for_each_reviewed_link(view, {}, gather);
  CHECK(links.empty());
}

TEST_CASE("a link is reviewed apart from its item") {
  ReviewDesk d;
  review_link(*d.editor, d.link, with_state(ReviewState::verified));
  View view = d.commit();
  CHECK(link_of_entry(view, d.link_seq) == d.link);
  CHECK(code_of([&] { link_of_entry(view, d.link_seq - 1); }) == ErrorCode::not_found);
  CHECK(state_of_link(view, d.link) == ReviewState::verified);
  CHECK(state_of_item(view, d.items[0]) == ReviewState::unreviewed);
  CHECK(reviews_of_item(view, d.items[0]).empty());
  CHECK(reviews_of_link(view, d.link).front().link == d.link);
  CHECK(code_of([&] { review_link(*d.editor, d.link, whole_review()); }) == ErrorCode::invalid);
  CHECK(is_sound(d.archive));
}

TEST_CASE("what cannot be is not stated") {
  ReviewDesk d;
  const Seq before = d.editor->writer().size();
  const auto refused = [&](const std::function<void(Review&)>& change) {
    Review review = whole_review();
    change(review);
    return code_of([&] { review_item(*d.editor, d.items[0], review); }) == ErrorCode::invalid;
  };
  CHECK(code_of([&] { review_item(*d.editor, d.items[0], {}); }) == ErrorCode::invalid);
  CHECK(refused([](Review& r) { r.time->to_ms = r.time->from_ms - 1; }));
  CHECK(refused([](Review& r) { r.time->offset_minutes = 15 * 60; }));
  CHECK(refused([](Review& r) { r.made->latitude = 90.5; }));
  CHECK(refused([](Review& r) { r.shown->longitude = std::numeric_limits<double>::quiet_NaN(); }));
  CHECK(refused([](Review& r) { r.made->radius_m = 30'000'000; }));
  CHECK(refused([](Review& r) { r.clears_shown = true; }));
  CHECK(refused([](Review& r) { r.note = "\xff"; }));
  CHECK(d.editor->writer().size() == before);
}

TEST_CASE("auditors neither see reviews nor state any; investigators do both") {
  ReviewDesk d;
  review_item(*d.editor, d.items[0], whole_review());
  d.editor->commit();
  d.editor.reset();
  const ledger::Keyring auditor = d.admit(Role::auditor, "Sami");
  const ledger::Keyring investigator = d.admit(Role::investigator, "Huda");
  {
    Archive archive = d.open(auditor);
    View view = archive.view();
    CHECK(code_of([&] { reviews_of_item(view, 0); }) == ErrorCode::wrong_key);
    CHECK(code_of([&] { state_of_item(view, 0); }) == ErrorCode::wrong_key);
    CHECK(code_of([&] { reviewed_items(view, {}); }) == ErrorCode::wrong_key);
    Editor editor = archive.edit();
    CHECK(code_of([&] { review_item(editor, 0, whole_review()); }) == ErrorCode::wrong_key);
  }
  Archive archive = d.open(investigator);
  {
    Editor editor = archive.edit();
    review_item(editor, d.items[0], with_state(ReviewState::disputed));
    editor.commit();
  }
  View view = archive.view();
  CHECK(reviews_of_item(view, d.items[0]).back().author == "Huda");
  CHECK(is_sound(d.open()));
}

TEST_CASE("without a destroyed review the one before it holds") {
  ReviewDesk d;
  review_item(*d.editor, d.items[0], with_state(ReviewState::verified));
  const Seq seq = review_item(*d.editor, d.items[0], whole_review());
  review_link(*d.editor, d.link, with_state(ReviewState::verified));
  d.editor->commit();
  d.editor.reset();
  redact(d.path, d.ring.clone(), {seq, d.link_seq}, "it tells where somebody lives", d.clock);
  const Archive after = d.open();
  View view = after.view();
  CHECK(reviews_of_item(view, d.items[0]).size() == 1);
  CHECK(!assessment_of(reviews_of_item(view, d.items[0])).made);
  CHECK(u64_in(view, schema::kItemVerifiedMade, d.items[0]) == 0);
  CHECK(is_sound(after));
  CHECK(check(after).unresolved == 1);  // the review of the link
}

TEST_CASE("a rebuild gives the same reviews") {
  ReviewDesk d;
  review_item(*d.editor, d.items[0], whole_review());
  review_item(*d.editor, d.items[0], with_state(ReviewState::superseded));
  review_link(*d.editor, d.link, with_note("see the other one"));
  d.editor->commit();
  d.editor.reset();
  rebuild(d.path, d.ring.clone(), d.clock);
  const Archive after = d.open();
  View view = after.view();
  CHECK(reviews_of_item(view, d.items[0]).size() == 2);
  CHECK(state_of_item(view, d.items[0]) == ReviewState::superseded);
  CHECK(reviews_of_link(view, d.link).front().review.note == "see the other one");
}
