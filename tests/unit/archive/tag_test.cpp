// Tags on items: put on, taken off, kept on record.

#include "dalil/archive/tag.hpp"

#include "archive/archive_fixture.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using ledger::Role;

namespace {

/// A disk with three items, and an editor in hand.
struct TagDesk : ArchiveFixture {
  Archive archive = open();
  std::optional<Editor> editor{archive.edit()};
  Row disk = editor->add_volume(volume_named("disk"));
  std::vector<Row> items;
  std::vector<Seq> copies;
  TagDesk() {
    for (const char* name : {"a", "b", "c"}) {
      const AddedCopy added = editor->add_copy(copy_of(disk, "d", name, name));
      items.push_back(added.item);
      copies.push_back(added.seq);
    }
  }
  View commit() {
    editor->commit();
    return archive.view();
  }
};

std::vector<std::string> names_of(const std::vector<Tagging>& taggings) {
  std::vector<std::string> names;
  for (const Tagging& one : taggings) names.push_back(one.name);
  return names;
}

std::vector<std::pair<std::string, std::uint64_t>> counts_of(const std::vector<Tag>& tags) {
  std::vector<std::pair<std::string, std::uint64_t>> counts;
  for (const Tag& tag : tags) counts.emplace_back(tag.name, tag.items);
  return counts;
}

}  // namespace

TEST_CASE("items bear tags until these are taken off, and both stay on record") {
  TagDesk d;
  CHECK(add_tag(*d.editor, "سوق", d.items, "seen") == 3);
  CHECK(add_tag(*d.editor, "سوق", d.items, "again") == 0);
  CHECK(add_tag(*d.editor, "drone", std::vector{d.items[1], d.items[1]}, "") == 1);
  CHECK(remove_tag(*d.editor, "سوق", std::vector{d.items[1]}, "another place") == 1);
  CHECK(remove_tag(*d.editor, "سوق", std::vector{d.items[1]}, "twice") == 0);
  CHECK(remove_tag(*d.editor, "unknown", d.items, "") == 0);
  View view = d.commit();
  CHECK(counts_of(tags(view)) ==
        std::vector<std::pair<std::string, std::uint64_t>>{{"drone", 1}, {"سوق", 2}});
  CHECK(names_of(tags_of_item(view, d.items[1])) == std::vector<std::string>{"drone"});
  const auto all = tags_of_item(view, d.items[1], true);
  REQUIRE(all.size() == 2);
  CHECK(all[0].withdrawn());
  CHECK(all[0].why == "seen");
  CHECK(all[0].withdrawn_why == "another place");
  CHECK(find_tag(view, "drone"));
  CHECK(!find_tag(view, "Drone"));
  CHECK(is_sound(d.archive));
}

TEST_CASE("a tag can be put on again, also by another editor") {
  TagDesk d;
  add_tag(*d.editor, "x", d.items, "");
  d.editor->commit();
  d.editor.reset();
  d.editor.emplace(d.archive.edit());
  CHECK(add_tag(*d.editor, "x", d.items, "") == 0);
  CHECK(remove_tag(*d.editor, "x", d.items, "") == 3);
  CHECK(add_tag(*d.editor, "x", d.items, "") == 3);
  View view = d.commit();
  CHECK(tags_of_item(view, d.items[0], true).size() == 2);
  CHECK(is_sound(d.archive));
}

TEST_CASE("a tag is text of one line, and does not look like another") {
  TagDesk d;
  for (const std::string& bad :
       {std::string(), std::string(" x"), std::string("a\nb"), std::string("\xff"), std::string(201, 'a')})
    CHECK(code_of([&] { add_tag(*d.editor, bad, d.items, ""); }) == ErrorCode::invalid);
  add_tag(*d.editor, "Market", d.items, "");
  CHECK(code_of([&] { add_tag(*d.editor, "market", d.items, ""); }) == ErrorCode::conflict);
  View view = d.commit();
  CHECK(counts_of(tags(view)) == std::vector<std::pair<std::string, std::uint64_t>>{{"Market", 3}});
}

TEST_CASE("more than a thousand items take several entries") {
  TagDesk d;
  std::vector<Row> many;
  for (int i = 0; i < 1500; ++i)
    many.push_back(d.editor->add_copy(copy_of(d.disk, "m", std::to_string(i), std::to_string(i))).item);
  const Seq before = d.editor->writer().size();
  CHECK(add_tag(*d.editor, "many", many, "by night") == 1500);
  CHECK(d.editor->writer().size() == before + 2);
  View view = d.commit();
  CHECK(view.describe_entry(before) == "tag many put on 1000 items: by night");
  CHECK(is_sound(d.archive));
}

TEST_CASE("auditors neither see tags nor put them on") {
  TagDesk d;
  add_tag(*d.editor, "x", d.items, "");
  d.editor->commit();
  d.editor.reset();
  const ledger::Keyring auditor = d.admit(Role::auditor, "Sami");
  Archive archive = d.open(auditor);
  View view = archive.view();
  CHECK(code_of([&] { tags(view); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { tags_of_item(view, 0); }) == ErrorCode::wrong_key);
  Editor editor = archive.edit();
  CHECK(code_of([&] { add_tag(editor, "y", std::vector<Row>{0}, ""); }) == ErrorCode::wrong_key);
}

TEST_CASE("destroyed tags are gone, and what took a tag off cannot be destroyed") {
  TagDesk d;
  const Seq first = d.editor->writer().size();
  add_tag(*d.editor, "names somebody", d.items, "");
  add_tag(*d.editor, "kept", d.items, "");
  remove_tag(*d.editor, "names somebody", std::vector{d.items[0]}, "");
  d.editor->commit();
  d.editor.reset();
  CHECK(code_of([&] { redact(d.path, d.ring.clone(), {first + 2}, "", d.clock); }) == ErrorCode::invalid);
  redact(d.path, d.ring.clone(), {first}, "asked for", d.clock);
  const Archive after = d.open();
  View view = after.view();
  CHECK(counts_of(tags(view)) == std::vector<std::pair<std::string, std::uint64_t>>{{"kept", 3}});
  CHECK(is_sound(after));
  CHECK(check(after).unresolved == 1);
}

TEST_CASE("tags of an item that is gone go with it") {
  TagDesk d;
  add_tag(*d.editor, "x", d.items, "");
  d.editor->commit();
  d.editor.reset();
  redact(d.path, d.ring.clone(), {d.copies[2]}, "asked for", d.clock);
  const Archive after = d.open();
  View view = after.view();
  CHECK(counts_of(tags(view)) == std::vector<std::pair<std::string, std::uint64_t>>{{"x", 2}});
  CHECK(is_sound(after));
}

TEST_CASE("a rebuild gives the same tags") {
  TagDesk d;
  add_tag(*d.editor, "x", d.items, "why");
  remove_tag(*d.editor, "x", std::vector{d.items[2]}, "not so");
  d.editor->commit();
  d.editor.reset();
  rebuild(d.path, d.ring.clone(), d.clock);
  const Archive after = d.open();
  View view = after.view();
  CHECK(counts_of(tags(view)) == std::vector<std::pair<std::string, std::uint64_t>>{{"x", 2}});
  CHECK(tags_of_item(view, d.items[2], true).front().withdrawn_why == "not so");
}
