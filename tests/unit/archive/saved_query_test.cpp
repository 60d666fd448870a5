#include "dalil/archive/saved_query.hpp"
#include "archive/archive_fixture.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

TEST_CASE("a query is kept under a name, replaced, and removed on record") {
  ArchiveFixture f;
  Archive archive = f.open();
  {
    Editor editor = archive.edit();
    save_query(editor, "unseen", "is:unlinked", "for the weekly round");
    save_query(editor, "a", "kind:video", "");
    save_query(editor, "unseen", "is:unlinked kind:video", "");
    editor.commit();
  }
  View view = archive.view();
  const auto all = saved_queries(view);
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "a");
  CHECK(all[1].text == "is:unlinked kind:video");
  CHECK(all[1].author == "Amal");
  CHECK_FALSE(find_saved_query(view, "Unseen"));
  {
    Editor editor = archive.edit();
    remove_saved_query(editor, "unseen", "not needed");
    CHECK(code_of([&] { remove_saved_query(editor, "unseen", ""); }) == ErrorCode::not_found);
    CHECK(code_of([&] { remove_saved_query(editor, "none", ""); }) == ErrorCode::not_found);
    editor.commit();
  }
  view.renew();
  CHECK(saved_queries(view).size() == 1);
  CHECK(is_sound(archive));
  {
    Editor editor = archive.edit();
    save_query(editor, "unseen", "is:linked", "");
    editor.commit();
  }
  view.renew();
  CHECK(find_saved_query(view, "unseen")->text == "is:linked");
}

TEST_CASE("a name that a query could not be asked for by is refused, and so is an auditor") {
  ArchiveFixture f;
  const ledger::Keyring auditor = f.admit(ledger::Role::auditor, "Nur");
  {
    Archive archive = f.open();
    Editor editor = archive.edit();
    for (const char* name : {"", "two words", "a(b", "quote\"", "a~b", "line\nbreak"})
      CHECK(code_of([&] { save_query(editor, name, "x", ""); }) == ErrorCode::invalid);
    CHECK(code_of([&] { save_query(editor, "empty", "", ""); }) == ErrorCode::invalid);
  }
  Archive archive = f.open(auditor);
  View view = archive.view();
  CHECK(code_of([&] { saved_queries(view); }) == ErrorCode::wrong_key);
}
