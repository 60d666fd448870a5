// Who items came from: aliases, consent, identities, assignments.

#include "archive/archive_fixture.hpp"
#include "dalil/archive/find.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using ledger::Role;

namespace {

Source source_with(const std::string& alias, Consent consent = Consent::archive_only) {
  Source source;
  source.alias = alias;
  source.consent = consent;
  return source;
}

/// A disk with three items, and an editor in hand.
struct Desk : ArchiveFixture {
  Archive archive = open();
  std::optional<Editor> editor{archive.edit()};
  Row disk = editor->add_volume(volume_named("disk"));
  std::vector<Row> items;
  Desk() {
    for (const char* name : {"a", "b", "c"})
      items.push_back(editor->add_copy(copy_of(disk, "d", name, name)).item);
  }
  View commit() {
    editor->commit();
    return archive.view();
  }
};

std::vector<Row> items_of(const std::vector<Assignment>& assignments) {
  std::vector<Row> rows;
  for (const Assignment& one : assignments) rows.push_back(one.item);
  return rows;
}

}  // namespace

TEST_CASE("consent scopes are ordered and have names that lead back to them") {
  CHECK(Consent::archive_only < Consent::courts);
  CHECK(Consent::courts < Consent::publish);
  for (const Consent consent : {Consent::archive_only, Consent::courts, Consent::publish})
    CHECK(consent_from(name_of(consent)) == consent);
  CHECK(!consent_from("public"));
  CHECK(!consent_from(""));
}

TEST_CASE("a source is found by its alias and keeps its history") {
  Desk d;
  Source source = source_with("Witness 7");
  source.note = "met in Idlib";
  const Row row = d.editor->put_source(source, "first meeting");
  source.consent = Consent::courts;
  CHECK(d.editor->put_source(source, "asked again") == row);
  View view = d.commit();
  CHECK(view.source_count() == 1);
  CHECK(view.find_source("Witness 7") == row);
  CHECK(!view.find_source("witness 7"));
  CHECK(view.source(row).consent == Consent::courts);
  CHECK(view.source(row).note == "met in Idlib");
  const auto history = view.source_history(row);
  REQUIRE(history.size() == 2);
  CHECK(history[0].source.consent == Consent::archive_only);
  CHECK(history[0].reason == "first meeting");
  CHECK(history[1].source.consent == Consent::courts);
  CHECK(history[1].reason == "asked again");
  CHECK(history[1].author == "Amal");
  CHECK(history[0].seq < history[1].seq);
  CHECK(is_sound(d.archive));
}

TEST_CASE("nothing but text of one line can be an alias, and nothing that looks like another") {
  Desk d;
  for (const std::string& bad : {std::string(), std::string(" x"), std::string("x "), std::string("a\nb"),
                                 std::string("a\x1b[2J"), std::string("\xff"), std::string(201, 'a')})
    CHECK(code_of([&] { d.editor->put_source(source_with(bad), ""); }) == ErrorCode::invalid);
  d.editor->put_source(source_with("Witness أ"), "");
  CHECK(code_of([&] { d.editor->put_source(source_with("witness ا"), ""); }) == ErrorCode::conflict);
  d.editor->put_source(source_with("Witness أ", Consent::publish), "itself is no other");
  d.editor->put_source(source_with("witness ب"), "");
  CHECK(d.commit().source_count() == 2);
}

TEST_CASE("an identity is stated, stated anew, and never lost") {
  Desk d;
  const Row seven = d.editor->put_source(source_with("W7"), "");
  const Row eight = d.editor->put_source(source_with("W8"), "");
  d.editor->put_identity(seven, {"Real Name", "+963 000", "asks for silence"});
  d.editor->put_identity(eight, {"Another", "", ""});
  d.editor->put_identity(seven, {"Real Name", "+49 111", ""});
  View view = d.commit();
  CHECK(view.identity(seven)->identity == SourceIdentity{"Real Name", "+49 111", ""});
  CHECK(view.identity_history(seven).size() == 2);
  CHECK(view.identity_history(seven)[0].identity.note == "asks for silence");
  CHECK(view.identity(eight)->identity.name == "Another");
  const Row nine = d.editor->put_source(source_with("W9"), "");
  CHECK(!d.commit().identity(nine));
  CHECK(is_sound(d.archive));
}

TEST_CASE("an item has several sources, and each source many items") {
  Desk d;
  const Row x = d.editor->put_source(source_with("X"), "");
  const Row y = d.editor->put_source(source_with("Y"), "");
  CHECK(d.editor->assign(x, d.items, "by hand") == 3);
  CHECK(d.editor->assign(x, d.items, "again") == 0);
  CHECK(d.editor->assign(y, std::vector<Row>{d.items[1], d.items[1]}, "") == 1);
  View view = d.commit();
  CHECK(items_of(view.items_of_source(x)) == d.items);
  CHECK(items_of(view.items_of_source(y)) == std::vector<Row>{d.items[1]});
  const auto sources = view.sources_of_item(d.items[1]);
  REQUIRE(sources.size() == 2);
  CHECK(sources[0].source == x);
  CHECK(sources[0].why == "by hand");
  CHECK(sources[1].source == y);
  CHECK(view.sources_of_item(99).empty());
}

TEST_CASE("what was unassigned stays on record and can be assigned again") {
  Desk d;
  const Row x = d.editor->put_source(source_with("X"), "");
  d.editor->assign(x, d.items, "why");
  const std::vector<Row> first{d.items[0]};
  CHECK(d.editor->unassign(x, first, "another card") == 1);
  CHECK(d.editor->unassign(x, first, "twice") == 0);
  View view = d.commit();
  CHECK(view.sources_of_item(d.items[0]).empty());
  const auto all = view.sources_of_item(d.items[0], true);
  REQUIRE(all.size() == 1);
  CHECK(all[0].withdrawn());
  CHECK(all[0].why == "why");
  CHECK(all[0].withdrawn_why == "another card");
  CHECK(view.items_of_source(x).size() == 2);
  CHECK(view.items_of_source(x, true).size() == 3);
  CHECK(d.editor->assign(x, first, "it was, after all") == 1);
  d.editor->commit();
  view.renew();
  CHECK(view.sources_of_item(d.items[0]).size() == 1);
  CHECK(view.sources_of_item(d.items[0], true).size() == 2);
  CHECK(is_sound(d.archive));
}

TEST_CASE("assignments are remembered from one editor to the next") {
  Desk d;
  const Row x = d.editor->put_source(source_with("X"), "");
  d.editor->assign(x, d.items, "");
  d.editor->commit();
  d.editor.reset();
  d.editor.emplace(d.archive.edit());
  CHECK(d.editor->find_source("X") == x);
  CHECK(d.editor->assign(x, d.items, "") == 0);
  CHECK(d.editor->unassign(x, d.items, "") == 3);
}

TEST_CASE("more than a thousand items take several entries of at most a thousand") {
  Desk d;
  std::vector<Row> many;
  for (int i = 0; i < 2500; ++i)
    many.push_back(d.editor->add_copy(copy_of(d.disk, "m", std::to_string(i), std::to_string(i))).item);
  const Row x = d.editor->put_source(source_with("X"), "");
  const Seq before = d.editor->writer().size();
  CHECK(d.editor->assign(x, many, "") == 2500);
  CHECK(d.editor->writer().size() == before + 3);
  View view = d.commit();
  CHECK(view.items_of_source(x).size() == 2500);
  CHECK(view.describe_entry(before) == "1000 items assigned to source X");
  CHECK(view.describe_entry(before + 2) == "500 items assigned to source X");
}

TEST_CASE("the strictest consent of its sources holds for an item, and none where there is no source") {
  Desk d;
  const Row open = d.editor->put_source(source_with("Open", Consent::publish), "");
  const Row court = d.editor->put_source(source_with("Court", Consent::courts), "");
  const Row closed = d.editor->put_source(source_with("Closed"), "");
  const auto [a, b, c] = std::tuple(d.items[0], d.items[1], d.items[2]);
  d.editor->assign(open, std::vector{a, b}, "");
  d.editor->assign(court, std::vector{b}, "");
  View view = d.commit();
  CHECK(view.consent_of_item(a) == Consent::publish);
  CHECK(view.consent_of_item(b) == Consent::courts);
  CHECK(!view.consent_of_item(c));
  d.editor->assign(closed, std::vector{b}, "");
  d.editor->commit();
  view.renew();
  CHECK(view.consent_of_item(b) == Consent::archive_only);
  d.editor->unassign(closed, std::vector{b}, "");
  d.editor->put_source(source_with("Court", Consent::publish), "they agreed");
  d.editor->commit();
  view.renew();
  CHECK(view.consent_of_item(b) == Consent::publish);
}

TEST_CASE("items are found by source and by consent") {
  Desk d;
  const Row open = d.editor->put_source(source_with("Open", Consent::publish), "");
  const Row closed = d.editor->put_source(source_with("Closed"), "");
  d.editor->assign(open, std::vector{d.items[0], d.items[1]}, "");
  d.editor->assign(closed, std::vector{d.items[1]}, "");
  View view = d.commit();
  const auto found = [&](auto set) { return find(view, query(set)); };
  const auto [a, b, c] = std::tuple(d.items[0], d.items[1], d.items[2]);
  CHECK(found([](Query& q) { q.sources = {"Open"}; }) == std::vector{a, b});
  CHECK(found([](Query& q) { q.sources = {"Closed"}; }) == std::vector{b});
  CHECK(found([](Query& q) { q.sources = {"Open", "Closed"}; }) == std::vector{a, b});
  CHECK(found([](Query& q) { q.consents = {Consent::publish}; }) == std::vector{a});
  CHECK(found([](Query& q) { q.consents = {Consent::archive_only}; }) == std::vector{b});
  CHECK(found([](Query& q) { q.consents = {Consent::courts}; }).empty());
  CHECK(found([](Query& q) { q.without_source = true; }) == std::vector{c});
  CHECK(found([](Query& q) {
          q.without_source = true;
          q.consents = {Consent::publish};
        }) == std::vector{a, c});
  CHECK(found([](Query& q) {
          q.sources = {"Open"};
          q.consents = {Consent::archive_only};
        }) == std::vector{b});
  CHECK(code_of([&] { found([](Query& q) { q.sources = {"Nobody"}; }); }) == ErrorCode::not_found);
}

TEST_CASE("an investigator states and assigns sources, and neither sees nor states who they are") {
  Desk d;
  const Row x = d.editor->put_source(source_with("X"), "");
  d.editor->put_identity(x, {"Real Name", "", ""});
  d.editor->commit();
  d.editor.reset();
  const ledger::Keyring huda = d.admit(Role::investigator, "Huda");
  {
    Archive archive = d.open(huda);
    Editor editor = archive.edit();
    const Row y = editor.put_source(source_with("Y", Consent::courts), "by phone");
    editor.assign(y, d.items, "");
    CHECK(code_of([&] { editor.put_identity(y, {"Other Name", "", ""}); }) == ErrorCode::wrong_key);
    editor.commit();
    View view = archive.view();
    CHECK(view.source_count() == 2);
    CHECK(view.consent_of_item(d.items[0]) == Consent::courts);
    CHECK(code_of([&] { view.identity(x); }) == ErrorCode::wrong_key);
    CHECK(code_of([&] { view.identity_history(y); }) == ErrorCode::wrong_key);
  }
  const Archive archive = d.open();
  CHECK(archive.view().identity(x)->identity.name == "Real Name");
  CHECK(archive.view().source_history(1).at(0).author == "Huda");
  CHECK(is_sound(archive));
}

TEST_CASE("an auditor is told that sources are not visible, also where there are none") {
  Desk d;
  d.editor->commit();
  d.editor.reset();
  const Archive archive = d.open(d.admit(Role::auditor, "Sami"));
  View view = archive.view();
  const std::function<void()> questions[] = {
      [&] { view.source_count(); },
      [&] { view.sources(); },
      [&] { view.find_source("X"); },
      [&] { view.source(0); },
      [&] { view.source_history(0); },
      [&] { view.identity(0); },
      [&] { view.sources_of_item(0); },
      [&] { view.items_of_source(0); },
      [&] { view.consent_of_item(0); },
      [&] { view.incidents(); },
      [&] { view.links_of_item(0); },
      [&] { view.for_each_assignment([](Row, Row) {}); },
      [&] { view.for_each_link([](Row, Row, LinkType) {}); },
      [&] { find(view, query([](Query& q) { q.sources = {"X"}; })); },
      [&] { find(view, query([](Query& q) { q.consents = {Consent::courts}; })); },
      [&] { find(view, query([](Query& q) { q.without_source = true; })); },
      [&] { find(view, query([](Query& q) { q.linked = false; })); }};
  for (std::size_t i = 0; i < std::size(questions); ++i) {
    CAPTURE(i);
    CHECK(code_of(questions[i]) == ErrorCode::wrong_key);
  }
  Archive writable = d.open(d.admit(Role::auditor, "Other"));
  Editor editor = writable.edit();
  CHECK(code_of([&] { editor.put_source(source_with("X"), ""); }) == ErrorCode::wrong_key);
}

TEST_CASE("entries of sources are told in a line, without the identity") {
  Desk d;
  const Row x = d.editor->put_source(source_with("X", Consent::courts), "by phone");
  d.editor->put_identity(x, {"Real Name", "", ""});
  d.editor->assign(x, std::vector{d.items[0]}, "card 3");
  d.editor->unassign(x, std::vector{d.items[0]}, "card 4");
  View view = d.commit();
  const Seq last = view.reader().size() - 1;
  const std::string digits = view.item(d.items[0]).digest.hex().substr(0, 12);
  CHECK(view.describe_entry(last - 3) == "source X: consent courts: by phone");
  CHECK(view.describe_entry(last - 2) == "identity of source X");
  CHECK(view.describe_entry(last - 1) == digits + " assigned to source X: card 3");
  CHECK(view.describe_entry(last) == digits + " no longer assigned to source X: card 4");
}

TEST_CASE("who a source is can be destroyed, and what they consented to cannot") {
  Desk d;
  const Row x = d.editor->put_source(source_with("X", Consent::publish), "");
  const Seq identity = d.editor->writer().size();
  d.editor->put_identity(x, {"Real Name", "", ""});
  const Seq stricter = d.editor->writer().size();
  d.editor->put_source(source_with("X"), "is afraid");
  const Seq assigned = d.editor->writer().size();
  d.editor->assign(x, d.items, "");
  d.editor->commit();
  d.editor.reset();
  for (const Seq seq : {stricter, assigned})
    CHECK(code_of([&] { redact(d.path, d.ring.clone(), {seq}, "why", d.clock); }) == ErrorCode::invalid);
  redact(d.path, d.ring.clone(), {identity}, "asked to be forgotten", d.clock);
  const Archive archive = d.open();
  View view = archive.view();
  CHECK(!view.identity(x));
  CHECK(view.source(x).consent == Consent::archive_only);
  CHECK(view.items_of_source(x).size() == 3);
  CHECK(is_sound(archive));
}

TEST_CASE("what was assigned outlives the destruction of one of the items") {
  Desk d;
  const Row x = d.editor->put_source(source_with("X"), "");
  d.editor->assign(x, d.items, "");
  d.editor->unassign(x, std::vector{d.items[0]}, "");
  View before = d.commit();
  const Seq copy = before.item(d.items[0]).first_seq;
  d.editor.reset();
  redact(d.path, d.ring.clone(), {copy}, "why", d.clock);
  const Archive archive = d.open();
  CHECK(archive.view().items_of_source(0, true).size() == 2);
  CHECK(is_sound(archive));
}

TEST_CASE(
    "consent holds for a content that is seen again after the entries of all its copies were destroyed") {
  Desk d;
  const Row x = d.editor->put_source(source_with("X"), "");
  d.editor->put_source(source_with("Y", Consent::publish), "");
  d.editor->assign(x, std::vector{d.items[0]}, "");
  View before = d.commit();
  const Seq copy = before.item(d.items[0]).first_seq;
  d.editor.reset();
  redact(d.path, d.ring.clone(), {copy}, "why", d.clock);
  {
    Archive archive = d.open();
    CHECK(archive.view().items_of_source(x).empty());
    Editor editor = archive.edit();
    const Row again = editor.add_copy(copy_of(d.disk, "elsewhere", "a", "a")).item;
    CHECK(editor.add_copy(copy_of(d.disk, "elsewhere", "other", "other")).new_item);
    editor.commit();
    View view = archive.view();
    CHECK(view.consent_of_item(again) == Consent::archive_only);
    CHECK(items_of(view.items_of_source(x)) == std::vector{again});
    CHECK(items_of(view.items_of_source(x + 1)).empty());
    CHECK(is_sound(archive));
  }
  rebuild(d.path, d.ring.clone(), d.clock);
  const Archive archive = d.open();
  CHECK(archive.view().items_of_source(x).size() == 1);
  CHECK(is_sound(archive));
}

TEST_CASE("what was unassigned before all copies were destroyed stays unassigned") {
  Desk d;
  const Row x = d.editor->put_source(source_with("X"), "");
  d.editor->assign(x, std::vector{d.items[0]}, "");
  d.editor->unassign(x, std::vector{d.items[0]}, "a mistake");
  d.editor->assign(x, std::vector{d.items[1]}, "");
  View before = d.commit();
  const Seq first = before.item(d.items[0]).first_seq, second = before.item(d.items[1]).first_seq;
  d.editor.reset();
  redact(d.path, d.ring.clone(), {first, second}, "why", d.clock);
  Archive archive = d.open();
  Editor editor = archive.edit();
  const Row unassigned = editor.add_copy(copy_of(d.disk, "d", "a", "a")).item;
  const Row assigned = editor.add_copy(copy_of(d.disk, "d", "b", "b")).item;
  editor.commit();
  View view = archive.view();
  CHECK(!view.consent_of_item(unassigned));
  CHECK(items_of(view.items_of_source(x)) == std::vector{assigned});
  CHECK(is_sound(archive));
}
