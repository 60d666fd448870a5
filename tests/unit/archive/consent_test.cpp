// What of an archive may be shown to a court: nothing that names an item whose source objects.

#include "archive/archive_fixture.hpp"
#include "dalil/archive/proof.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;
using ledger::Role;

namespace {

/// Two items in one directory; what is about the first is barred once its source says so.
struct Case : ArchiveFixture {
  Archive archive = open();
  Row disk = 0, source = 0, barred = 0, other = 0;
  Seq link = 0;
  std::vector<Seq> about_barred, about_other;

  Case() {
    Editor editor = archive.edit();
    disk = editor.add_volume(volume_named("disk"));
    barred = editor.add_copy(copy_of(disk, "d", "barred", "1")).item;
    about_barred.push_back(last(editor));
    other = editor.add_copy(copy_of(disk, "d", "other", "2")).item;
    about_other.push_back(last(editor));
    const Row incident = editor.put_incident(incident_with("I1"), "");
    about_other.push_back(last(editor));
    for (const auto& [item, entries] : {std::pair(barred, &about_barred), {other, &about_other}}) {
      media::MediaFacts facts;
      facts.make = "maker";
      editor.add_facts(item, facts);
      entries->push_back(last(editor));
      const Row made = editor.add_link(item, incident, LinkType::depicts, {}, {}, "");
      entries->push_back(last(editor));
      editor.withdraw_link(made, "no");
      entries->push_back(last(editor));
      const std::string name = item == barred ? "barred" : "other";
      verified(editor, name);
      entries->push_back(last(editor));
      ran(editor, name, {});
      entries->push_back(last(editor));
      ran(editor, "gone since", view_digest(item));
      entries->push_back(last(editor));
      editor.mark_vanished(disk, {{"d", name, ""}});
      entries->push_back(last(editor));
    }
    verified(editor, {});
    about_other.push_back(last(editor));
    Source w7;
    w7.alias = "W7";
    w7.consent = Consent::courts;
    source = editor.put_source(w7, "");
    about_other.push_back(last(editor));
    const Row items[] = {barred};
    editor.assign(source, items, "");
    about_barred.push_back(last(editor));
    editor.commit();
  }

  static Seq last(Editor& editor) { return editor.writer().size() - 1; }
  Digest view_digest(Row item) const { return crypto::sha256(as_bytes(item == barred ? "1" : "2")); }

  /// An entry of verdicts; of an empty name: all intact.
  void verified(Editor& editor, const std::string& name) const {
    std::vector<std::pair<std::string, Verdict>> named;
    if (!name.empty()) named.emplace_back(name, Verdict::corrupt);
    editor.record_verdicts(disk, "d", named, 1'505'119'000 + static_cast<std::int64_t>(last(editor)));
    editor.commit();
  }
  void ran(Editor& editor, const std::string& name, const Digest& digest) const {
    RunSummary run;
    run.kind = "verify";
    run.volume = disk;
    run.result = "FAIL";
    run.exceptions.resize(1);
    run.exceptions[0].path = "d/" + name;
    run.exceptions[0].verdict = Verdict::corrupt;
    run.exceptions[0].digest = digest;
    editor.add_run(run);
  }
  void consent(Consent scope) {
    Editor editor = archive.edit();
    Source w7 = archive.view().source(source);
    w7.consent = scope;
    editor.put_source(w7, "asked");
    editor.commit();
  }
  std::optional<ErrorCode> refusal(const Archive& as, Seq seq) {
    View view = as.view();
    return code_of([&] { prove(view, seq); });
  }
};

}  // namespace

TEST_CASE_METHOD(Case, "with consent for courts everything can be proven") {
  for (Seq seq = 0; seq < archive.view().reader().size(); ++seq) CHECK_FALSE(refusal(archive, seq));
}

TEST_CASE_METHOD(Case, "without it no entry that names the item leaves, by digest or by path") {
  consent(Consent::archive_only);
  for (const Seq seq : about_barred) {
    INFO(archive.view().describe_entry(seq));
    CHECK(refusal(archive, seq) == ErrorCode::conflict);
  }
  for (const Seq seq : about_other) {
    INFO(archive.view().describe_entry(seq));
    CHECK_FALSE(refusal(archive, seq));
  }
  consent(Consent::publish);
  for (const Seq seq : about_barred) CHECK_FALSE(refusal(archive, seq));
}

TEST_CASE_METHOD(Case, "the strictest of an item's sources decides, and only as long as it is assigned") {
  Editor editor = archive.edit();
  Source w8;
  w8.alias = "W8";
  w8.consent = Consent::archive_only;
  const Row stricter = editor.put_source(w8, "");
  const Row items[] = {barred};
  editor.assign(stricter, items, "");
  editor.commit();
  CHECK(refusal(archive, about_barred[0]) == ErrorCode::conflict);
  editor.unassign(stricter, items, "not from there");
  editor.commit();
  CHECK_FALSE(refusal(archive, about_barred[0]));
}

TEST_CASE_METHOD(Case, "who may not see the consent proves nothing about items, whatever it is") {
  const ledger::Keyring auditor = admit(Role::auditor, "Omar"),
                        investigator = admit(Role::investigator, "Iman");
  const Archive audited = open(auditor), investigated = open(investigator);
  for (const Seq seq : about_barred) CHECK(refusal(audited, seq) == ErrorCode::wrong_key);
  for (const Seq seq : about_barred) CHECK_FALSE(refusal(investigated, seq));
  CHECK_FALSE(refusal(audited, 0));
  consent(Consent::archive_only);
  CHECK(refusal(open(investigator), about_barred[0]) == ErrorCode::conflict);
}
