// Vocabularies of the group's own: the newest of a name holds, and all stay on record.

#include "dalil/archive/stated_vocabulary.hpp"

#include "archive/archive_fixture.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

TEST_CASE("the newest vocabulary of a name holds, and what was stated before stays on record") {
  ArchiveFixture fixture;
  Archive archive = fixture.open();
  {
    Editor editor = archive.edit();
    state_vocabulary(editor, "parties", "{\"a\":1}", "first");
    state_vocabulary(editor, "gazetteer", "{}", "");
    state_vocabulary(editor, "parties", "{\"a\":2}", "second");
    editor.commit();
  }
  View view = archive.view();
  CHECK(stated_vocabulary(view, "parties")->content == "{\"a\":2}");
  CHECK(stated_vocabulary(view, "parties")->reason == "second");
  CHECK(!stated_vocabulary(view, "weapons"));
  const auto history = vocabulary_history(view);
  REQUIRE(history.size() == 3);
  CHECK(history[0].name == "parties");
  CHECK(history[0].reason == "first");
  CHECK(history[1].name == "gazetteer");
  CHECK(history[2].seq > history[1].seq);
}

TEST_CASE("a vocabulary that is given back to the program's has no content, and says so") {
  ArchiveFixture fixture;
  Archive archive = fixture.open();
  {
    Editor editor = archive.edit();
    state_vocabulary(editor, "parties", "{}", "");
    state_vocabulary(editor, "parties", "", "back");
    editor.commit();
  }
  View view = archive.view();
  REQUIRE(stated_vocabulary(view, "parties"));
  CHECK(stated_vocabulary(view, "parties")->content.empty());
  CHECK(check(archive).problems.empty());
}

TEST_CASE("a vocabulary needs a name that stands in arguments") {
  ArchiveFixture fixture;
  Archive archive = fixture.open();
  Editor editor = archive.edit();
  const std::string longest(kLongestVocabularyName, 'a');
  CHECK_NOTHROW(state_vocabulary(editor, longest, "{}", ""));
  for (const std::string& name : {std::string(), longest + "a", std::string("Parties"), std::string("a b"),
                                  std::string("../x"), std::string("أحزاب")})
    CHECK_THROWS_AS(state_vocabulary(editor, name, "{}", ""), Error);
}
