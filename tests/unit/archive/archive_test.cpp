#include "dalil/archive/archive.hpp"

#include <algorithm>
#include <set>

#include "archive/archive_fixture.hpp"
#include "archive/full_incident.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

/// An archive with one volume and an editor at work.
struct Desk : ArchiveFixture {
  Archive archive = open();
  std::optional<Editor> editor = archive.edit();
  Row disk = editor->add_volume(volume_named("disk"));
  View commit() {
    editor->commit();
    return archive.view();
  }
};

std::vector<std::string> paths_of(const std::vector<CopyInfo>& copies, CopyRow::State state) {
  std::vector<std::string> paths;
  for (const CopyInfo& copy : copies)
    if (copy.row.state == state) paths.push_back(copy.volume_label + ":" + copy.path);
  std::ranges::sort(paths);
  return paths;
}
using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("a volume comes back with every field") {
  Desk d;
  Volume volume = volume_named("قرص");
  volume.kind = VolumeKind::backup;
  volume.sealed = true;
  volume.kept_at = "at Sami's";
  volume.file_system = "exfat";
  volume.uuid = "1234-5678";
  volume.serial = "S/N 7";
  volume.file_system_label = "BACKUP";
  volume.capacity_bytes = 1ULL << 42;
  volume.root = "/media/\xff bytes";
  volume.note = "note";
  const Row row = d.editor->add_volume(volume);
  View view = d.commit();
  CHECK(view.volumes().size() == 2);
  const Volume back = view.find_volume("V2").value();
  CHECK(back.row == row);
  CHECK(view.find_volume("قرص")->row == row);
  CHECK(!view.find_volume("none"));
  CHECK(back.kind == volume.kind);
  CHECK(back.sealed);
  CHECK(back.kept_at == volume.kept_at);
  CHECK(back.file_system == volume.file_system);
  CHECK(back.uuid == volume.uuid);
  CHECK(back.serial == volume.serial);
  CHECK(back.file_system_label == volume.file_system_label);
  CHECK(back.capacity_bytes == volume.capacity_bytes);
  CHECK(back.root == volume.root);
  CHECK(back.note == volume.note);
  CHECK(back.live_copies == 0);
  CHECK(!back.last_scan);
  CHECK(!back.last_verification);

  Volume changed = back;
  changed.kept_at = "at Huda's";
  d.editor->update_volume(changed);
  d.editor->commit();
  view.renew();
  CHECK(view.volume(row).kept_at == "at Huda's");
  CHECK(view.volumes().size() == 2);
}

TEST_CASE("labels of volumes are text and unique") {
  Desk d;
  CHECK(code_of([&] { d.editor->add_volume(volume_named("disk")); }) == ErrorCode::conflict);
  CHECK(code_of([&] { d.editor->add_volume(volume_named("")); }) == ErrorCode::invalid);
  CHECK(code_of([&] { d.editor->add_volume(volume_named("\xff")); }) == ErrorCode::invalid);
  CHECK(d.commit().volumes().size() == 1);
}

TEST_CASE("what is no text is refused or escaped before it is recorded for ever") {
  Desk d;
  Volume odd = volume_named("odd");
  odd.file_system_label = "caf\xe9";  // as the medium says it, in whatever encoding
  d.editor->add_volume(odd);
  Incident incident = incident_with("I1");
  const Row item = d.editor->add_copy(copy_of(d.disk, "", "a", "A")).item;
  const Row row = d.editor->put_incident(incident, "");
  incident.place = "caf\xe9";
  CHECK(code_of([&] { d.editor->put_incident(incident, ""); }) == ErrorCode::invalid);
  CHECK(code_of([&] { d.editor->put_incident(incident_with("I2"), "\x80"); }) == ErrorCode::invalid);
  CHECK(code_of([&] { d.editor->add_link(item, row, LinkType::depicts, {}, {}, "\xff"); }) ==
        ErrorCode::invalid);
  View view = d.commit();
  CHECK(view.find_volume("odd")->file_system_label == "caf\\xe9");
  CHECK(view.incident_count() == 1);
  for (Seq seq = 0; seq < view.reader().size(); ++seq) CHECK_NOTHROW(view.describe_entry(seq));
  d.editor.reset();
  CHECK(is_sound(d.archive));
}

TEST_CASE("copies are found in directories of many portions, in any order, and anew after a renewal") {
  Desk d;
  const Row backup = d.editor->add_volume(volume_named("backup"));
  constexpr int kFiles = 2500;
  for (int i = 0; i < kFiles; ++i) {
    const std::string name = "n" + std::to_string(i), content = "content " + std::to_string(i);
    d.editor->add_copy(copy_of(d.disk, i % 5 == 0 ? "b" : "a", name, content));
    d.editor->add_copy(copy_of(backup, "data", std::to_string(kFiles - i), content));
  }
  View view = d.commit();
  const auto expected = [](int i) {
    return Paths{"backup:data/" + std::to_string(kFiles - i),
                 std::string(i % 5 == 0 ? "disk:b/n" : "disk:a/n") + std::to_string(i)};
  };
  for (int i = 0; i < kFiles; ++i) {
    const int row = (i * 1009) % kFiles;  // every one, far from the one before
    REQUIRE(paths_of(view.copies_of(static_cast<Row>(row)), CopyRow::State::live) == expected(row));
  }
  d.editor->add_copy(copy_of(d.disk, "a", "n1", "another content"));
  d.editor->commit();
  view.renew();
  CHECK(paths_of(view.copies_of(1), CopyRow::State::live) ==
        Paths{"backup:data/" + std::to_string(kFiles - 1)});
  CHECK(paths_of(view.copies_of(2), CopyRow::State::live) == expected(2));
}

TEST_CASE("the same content at two places is one item with two copies") {
  Desk d;
  const Row backup = d.editor->add_volume(volume_named("backup"));
  const AddedCopy first = d.editor->add_copy(copy_of(d.disk, "a", "x", "content"));
  const AddedCopy second = d.editor->add_copy(copy_of(backup, "", "y", "content"));
  CHECK(first.new_item);
  CHECK(!second.new_item);
  CHECK(first.item == second.item);
  View view = d.commit();
  CHECK(view.item_count() == 1);
  CHECK(paths_of(view.copies_of(first.item), CopyRow::State::live) == Paths{"backup:y", "disk:a/x"});
  const Item item = view.item(first.item);
  CHECK(item.digest == crypto::sha256(as_bytes("content")));
  CHECK(item.size_bytes == 7);
  CHECK(item.first_seq == first.seq);
  CHECK(view.find_item(item.digest) == first.item);
  CHECK(!view.find_item(crypto::sha256(as_bytes("else"))));
  CHECK(view.volume(d.disk).live_copies == 1);
  CHECK(view.volume(backup).live_bytes == 7);
}

TEST_CASE("a copy's entry keeps everything") {
  Desk d;
  Copy copy = copy_of(d.disk, "dir\n\xff", std::string("n\x01\xfe", 3), std::string(3 << 20, 'x') + "more");
  copy.mtime_ns = -5;
  copy.ctime_ns = INT64_MAX;
  copy.inode = UINT64_MAX;
  REQUIRE(copy.tags.size() == 4);
  copy.tags[2][5] = 99;
  const AddedCopy added = d.editor->add_copy(copy);
  View view = d.commit();
  const Copy back = view.copy(added.seq);
  CHECK(back.volume == copy.volume);
  CHECK(back.path() == copy.directory + "/" + copy.name);
  CHECK(back.digest == copy.digest);
  CHECK(back.size_bytes == copy.size_bytes);
  CHECK(back.mtime_ns == copy.mtime_ns);
  CHECK(back.ctime_ns == copy.ctime_ns);
  CHECK(back.inode == copy.inode);
  CHECK(back.tag_nonce == copy.tag_nonce);
  CHECK(back.tags == copy.tags);
  const auto rows = view.directory(d.disk, copy.directory);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].mtime_ns == -5);
  CHECK(rows[0].ctime_ns == INT64_MAX);
  CHECK(rows[0].inode == UINT64_MAX);
  CHECK(rows[0].verdict == Verdict::not_checked);
  CHECK(code_of([&] { view.copy(0); }) == ErrorCode::corrupt);
}

TEST_CASE("a path with another content leaves the old item a copy that vanished") {
  Desk d;
  const Row old_item = d.editor->add_copy(copy_of(d.disk, "a", "x", "old")).item;
  d.editor->commit();
  const Row new_item = d.editor->add_copy(copy_of(d.disk, "a", "x", "newer")).item;
  View view = d.commit();
  CHECK(paths_of(view.copies_of(old_item), CopyRow::State::vanished) == Paths{"disk:a/x"});
  CHECK(paths_of(view.copies_of(old_item), CopyRow::State::live).empty());
  CHECK(paths_of(view.copies_of(new_item), CopyRow::State::live) == Paths{"disk:a/x"});
  CHECK(view.volume(d.disk).live_copies == 1);
  CHECK(view.volume(d.disk).live_bytes == 5);
  // And back again: the item that was there first holds one copy, not two.
  CHECK(d.editor->add_copy(copy_of(d.disk, "a", "x", "old")).item == old_item);
  d.editor->commit();
  view.renew();
  CHECK(view.copies_of(old_item).size() == 1);
  CHECK(view.volume(d.disk).live_bytes == 3);
}

TEST_CASE("symbolic links are rows without an item") {
  Desk d;
  files::FileStat stat;
  stat.mtime_ns = 4;
  stat.inode = 5;
  d.editor->add_symlink(d.disk, "a", "link", stat, "../target");
  d.editor->add_copy(copy_of(d.disk, "a", "file", "content"));
  View view = d.commit();
  const auto rows = view.directory(d.disk, "a");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].state == CopyRow::State::symlink);
  CHECK(rows[0].item == ledger::kNoRow);
  CHECK(rows[0].size_bytes == 9);
  CHECK(view.volume(d.disk).live_copies == 1);
  // A link in the place of a file ends the copy.
  d.editor->add_symlink(d.disk, "a", "file", stat, "x");
  d.editor->commit();
  view.renew();
  CHECK(view.volume(d.disk).live_copies == 0);
  CHECK(paths_of(view.copies_of(0), CopyRow::State::vanished) == Paths{"disk:a/file"});
}

TEST_CASE("copies that vanish stay known and are live no more") {
  Desk d;
  const Row item = d.editor->add_copy(copy_of(d.disk, "a", "x", "content")).item;
  d.editor->add_copy(copy_of(d.disk, "b", "moved", "content"));
  d.editor->mark_vanished(d.disk, {{"a", "x", "b/moved"}, {"nowhere", "unknown", ""}});
  View view = d.commit();
  CHECK(paths_of(view.copies_of(item), CopyRow::State::vanished) == Paths{"disk:a/x"});
  CHECK(paths_of(view.copies_of(item), CopyRow::State::live) == Paths{"disk:b/moved"});
  CHECK(view.volume(d.disk).live_copies == 1);
  d.editor->mark_vanished(d.disk, {{"a", "x", ""}});  // twice is once
  d.editor->commit();
  view.renew();
  CHECK(view.volume(d.disk).live_copies == 1);
  d.editor->add_copy(copy_of(d.disk, "a", "x", "content"));
  d.editor->commit();
  view.renew();
  CHECK(view.volume(d.disk).live_copies == 2);
}

TEST_CASE("a directory of many names is kept in portions") {
  Desk d;
  constexpr int kFiles = 2500;
  for (int i = 0; i < kFiles; ++i) d.editor->add_copy(copy_of(d.disk, "many", std::to_string(i), "same"));
  d.editor->commit();
  d.editor->add_copy(copy_of(d.disk, "many", "7", "other"));
  View view = d.commit();
  const auto rows = view.directory(d.disk, "many");
  REQUIRE(rows.size() == kFiles);
  std::set<std::string> names;
  for (const CopyRow& row : rows) names.insert(row.name);
  CHECK(names.size() == kFiles);
  std::size_t visited = 0, portions = 0;
  view.for_each_copy(d.disk, [&](Row, const std::string& directory, const std::vector<CopyRow>& some) {
    CHECK(directory == "many");
    visited += some.size();
    ++portions;
  });
  CHECK(visited == kFiles);
  CHECK(portions == 3);
  CHECK(view.volume(d.disk).live_copies == kFiles);
  CHECK(view.volume(d.disk).live_bytes == 4 * (kFiles - 1) + 5);
}

TEST_CASE("items are found by the beginning of their digest") {
  Desk d;
  for (int i = 0; i < 50; ++i) d.editor->add_copy(copy_of(d.disk, "", std::to_string(i), std::to_string(i)));
  View view = d.commit();
  for (Row row = 0; row < 50; row += 7) {
    const std::string hex = view.item(row).digest.hex();
    CHECK(view.find_items_by_prefix(hex) == std::vector<Row>{row});
    CHECK(view.find_items_by_prefix(hex.substr(0, 9)) == std::vector<Row>{row});
  }
  CHECK(view.find_items_by_prefix("abc").empty());
  CHECK(view.find_items_by_prefix("zzzz").empty());
  CHECK(view.find_items_by_prefix(std::string(65, 'a')).empty());
}

TEST_CASE("facts of an item come back whole") {
  Desk d;
  const Row item = d.editor->add_copy(copy_of(d.disk, "", "a", "A")).item;
  const Row other = d.editor->add_copy(copy_of(d.disk, "", "b", "B")).item;
  media::MediaFacts facts;
  facts.kind = media::MediaKind::video;
  facts.format = "mp4";
  facts.width = 1920;
  facts.duration_ms = 61'000;
  facts.make = "Maker";
  facts.times.push_back({.field = "moov/mvhd", .raw = "r", .ms = -86'400'000});
  facts.places.push_back({"udta", "", -90, 180, {}, {}});
  d.editor->add_facts(item, facts);
  {
    View view = d.commit();
    CHECK(view.facts(item) == facts);
    CHECK(!view.facts(other));
    CHECK(rows_where(view, "camera:maker").size() == 1);
  }
  media::MediaFacts better;
  better.kind = media::MediaKind::photo;
  better.model = "Model";
  d.editor->add_facts(item, better);
  View view = d.commit();
  CHECK(view.facts(item) == better);
  CHECK(rows_where(view, "camera:model").size() == 1);
  for (const char* former :
       {"camera:maker", "kind:video", "duration>0:01", "width>1", "box:-90,-180..90,180"})
    CHECK(rows_where(view, former).empty());
}

TEST_CASE("an incident with every field set comes back equal") {
  Desk d;
  const Incident incident = full_incident("I1");
  CHECK(!(incident == Incident{}));
  const Row row = d.editor->put_incident(incident, "imported");
  View view = d.commit();
  CHECK(view.incident(row).incident == incident);
  const Incident empty = incident_with("I2");
  d.editor->put_incident(empty, "");
  d.editor->commit();
  view.renew();
  CHECK(view.incident(*view.find_incident("I2")).incident == empty);
}

TEST_CASE("revisions of an incident are all kept") {
  Desk d;
  Incident incident = incident_with("I1", "2017");
  const Row row = d.editor->put_incident(incident, "first");
  incident.killed = {15, "at least"};
  CHECK(d.editor->put_incident(incident, "second") == row);
  d.editor->put_incident(incident_with("I2"), "");
  incident.killed = {16, ""};
  d.editor->put_incident(incident, "third");
  View view = d.commit();
  REQUIRE(view.incident_count() == 2);
  const auto history = view.incident_history(row);
  REQUIRE(history.size() == 3);
  CHECK(history[0].incident.killed.value == std::nullopt);
  CHECK(history[1].incident.killed == Count{15, "at least"});
  CHECK(history[2].reason == "third");
  CHECK(history[0].time < history[1].time);
  CHECK(history[2].author == "Amal");
  CHECK(view.incident(row).seq == history[2].seq);
  CHECK(view.incident(row).incident.killed.value == 16);
  CHECK(view.incidents().size() == 2);
  CHECK(view.find_incident("I1") == row);
  CHECK(!view.find_incident("I3"));
  CHECK(code_of([&] { d.editor->put_incident(Incident{}, ""); }) == ErrorCode::invalid);
}

TEST_CASE("links are many to many, and withdrawn without being lost") {
  Desk d;
  const Row a = d.editor->add_copy(copy_of(d.disk, "", "a", "A")).item;
  const Row b = d.editor->add_copy(copy_of(d.disk, "", "b", "B")).item;
  const Row i1 = d.editor->put_incident(incident_with("I1"), "");
  const Row i2 = d.editor->put_incident(incident_with("I2"), "");
  const Row l1 = d.editor->add_link(a, i1, LinkType::depicts, 1000, 2000, "seen");
  d.editor->add_link(a, i2, LinkType::contradicts, std::nullopt, 5, "");
  d.editor->add_link(b, i1, LinkType::candidate, std::nullopt, std::nullopt, "");
  CHECK(d.editor->links_of_item(a).size() == 2);
  d.editor->withdraw_link(l1, "another street");
  CHECK(d.editor->links_of_item(a).size() == 1);
  CHECK(code_of([&] { d.editor->withdraw_link(l1, "again"); }) == ErrorCode::not_found);
  CHECK(code_of([&] { d.editor->add_link(a, i1, LinkType::depicts, 2, 1, ""); }) == ErrorCode::invalid);
  View view = d.commit();
  CHECK(view.links_of_item(a).size() == 1);
  CHECK(view.links_of_incident(i1).size() == 1);
  const auto all = view.links_of_incident(i1, true);
  REQUIRE(all.size() == 2);
  CHECK(all[0].withdrawn);
  CHECK(all[0].withdrawn_why == "another street");
  CHECK(all[0].withdrawn_seq.has_value());
  CHECK(all[0].from_ms == 1000);
  CHECK(all[0].to_ms == 2000);
  CHECK(all[0].why == "seen");
  CHECK(all[1].item == b);
  CHECK(all[1].type == LinkType::candidate);
  CHECK(!all[1].from_ms);
  std::size_t standing = 0;
  view.for_each_link([&](Row, Row, LinkType) { ++standing; });
  CHECK(standing == 2);
}

TEST_CASE("a part of a recording lies within it, as far as its length is known") {
  Desk d;
  const Row clip = d.editor->add_copy(copy_of(d.disk, "", "a", "A")).item;
  const Row incident = d.editor->put_incident(incident_with("I1"), "");
  d.editor->add_link(clip, incident, LinkType::depicts, 100'000, std::nullopt, "");  // nobody knows yet
  media::MediaFacts facts;
  facts.kind = media::MediaKind::video;
  facts.duration_ms = 89'500;
  d.editor->add_facts(clip, facts);
  const auto link = [&](std::optional<std::int64_t> from_ms, std::optional<std::int64_t> to_ms) {
    d.editor->add_link(clip, incident, LinkType::aftermath, from_ms, to_ms, "");
  };
  CHECK(code_of([&] { link(10'000, 120'000); }) == ErrorCode::invalid);
  CHECK(code_of([&] { link(90'001, std::nullopt); }) == ErrorCode::invalid);
  CHECK(d.editor->links_of_item(clip).size() == 1);
  link(10'000, 90'000);  // to the end of its last second
  link(0, 0);
  CHECK(d.editor->links_of_item(clip).size() == 3);
}

TEST_CASE("every link type has a name that leads back to it") {
  for (const std::string& name : link_type_names()) CHECK(name_of(link_type_from(name).value()) == name);
  CHECK(link_type_names().size() == 11);
  CHECK(!link_type_from("depict"));
}

TEST_CASE("runs come back newest first with their provenance") {
  Desk d;
  RunSummary scan;
  scan.kind = "scan";
  scan.volume = d.disk;
  scan.folder = "/mnt/\xff";
  scan.result = "DONE";
  scan.source = "a friend";
  scan.note = "by hand";
  scan.incident = "I1";
  scan.started.ms = 1;
  scan.ended.ms = 2;
  scan.counts = {{"seen", 3}, {"indexed", UINT64_MAX}};
  d.editor->add_run(scan);
  RunSummary check;
  check.kind = "verify";
  check.volume = d.disk;
  check.mode = "tags";
  check.result = "FAIL";
  check.ended.ms = 3;
  check.exceptions = {
      {"p\xff", Verdict::corrupt, {{0, 1 << 20}, {5, 6}}, 0, "detail", crypto::sha256({}), {}, {}},
      {"q", Verdict::unreadable, {}, 5, "", {}, {}, {}}};
  d.editor->add_run(check);
  View view = d.commit();
  const auto runs = view.runs();
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].kind == "verify");
  CHECK(runs[0].exceptions == check.exceptions);
  CHECK(runs[0].mode == "tags");
  CHECK(runs[0].source.empty());
  CHECK(runs[1].source == "a friend");
  CHECK(runs[1].note == "by hand");
  CHECK(runs[1].incident == "I1");
  CHECK(runs[1].folder == scan.folder);
  CHECK(runs[1].counts == scan.counts);
  CHECK(runs[1].started == scan.started);
  CHECK(view.runs(1).size() == 1);
  const Volume volume = view.volume(d.disk);
  CHECK(volume.last_scan == UtcTime{2});
  CHECK(volume.last_verification == UtcTime{3});
  CHECK(volume.last_verification_result == "FAIL");
}

TEST_CASE("a run's exceptions fill as many entries as they need, and all come back") {
  Desk d;
  const Seq before = d.editor->writer().size();
  RunSummary run;
  run.kind = "verify";
  run.volume = d.disk;
  run.mode = "tags";
  run.result = "FAIL";
  run.note = "between the run and what continues it";
  for (unsigned i = 0; i < 2500; ++i)
    run.exceptions.push_back({"p" + std::to_string(i), Verdict::missing, {}, 0, "", {}, {}, {}});
  d.editor->add_run(run);
  CHECK(d.editor->writer().size() == before + 4);  // 1000, the note, 1000, 500
  RunSummary large;
  large.kind = "verify";
  large.volume = d.disk;
  large.result = "FAIL";
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (std::uint64_t i = 0; i < 30'000; ++i) ranges.emplace_back(i << 21, 1 << 20);
  for (const char* name : {"a", "b", "c", "d"})
    large.exceptions.push_back({name, Verdict::corrupt, ranges, 0, "", {}, {}, {}});
  d.editor->add_run(large);
  CHECK(d.editor->writer().size() == before + 6);  // two and two: a MiB fills an entry, too

  View view = d.commit();
  const auto runs = view.runs();
  REQUIRE(runs.size() == 2);  // further entries are no runs of their own
  CHECK(runs[1].exceptions.size() == 1000);
  CHECK(runs[1].exception_count == 2500);
  CHECK(runs[1].note == run.note);
  CHECK(view.exceptions_of(runs[1]) == run.exceptions);
  CHECK(view.exceptions_of(runs[0]) == large.exceptions);
  CHECK(view.describe_entry(before + 3) ==
        "500 more exceptions of the run in entry " + std::to_string(before));
  for (Seq seq = before; seq < view.reader().size(); ++seq)
    CHECK(view.reader().entry(seq).content.size() < (2 << 20));
  RunSummary cut = runs[1];
  ++cut.exception_count;
  CHECK_THROWS_AS(view.exceptions_of(cut), Error);
}

TEST_CASE("verdicts of a directory with many names fill several entries and mean the same") {
  Desk d;
  std::vector<std::pair<std::string, Verdict>> missing;
  for (unsigned i = 0; i < 2300; ++i) {
    const std::string name = "n" + std::to_string(i);
    d.editor->add_copy(copy_of(d.disk, "d", name, name));
    if (i % 10 != 0) missing.emplace_back(name, Verdict::missing);
  }
  d.editor->add_copy(copy_of(d.disk, "e", "other", "other"));
  d.editor->record_verdicts(d.disk, "d", missing, 100);
  d.editor->record_verdicts(d.disk, "e", {}, 100);
  View view = d.commit();
  const auto rows = view.directory(d.disk, "d");
  REQUIRE(rows.size() == 2300);
  for (const CopyRow& row : rows) {
    const bool intact = std::stoul(row.name.substr(1)) % 10 == 0;
    CAPTURE(row.name);
    CHECK(row.verdict == (intact ? Verdict::intact : Verdict::missing));
    CHECK(row.verified_at_s == 100);
  }
  CHECK(view.directory(d.disk, "e").at(0).verdict == Verdict::intact);
}

TEST_CASE("verdicts of a directory reach each of its live copies") {
  Desk d;
  for (const char* name : {"a", "b", "c", "gone"}) d.editor->add_copy(copy_of(d.disk, "d", name, name));
  d.editor->mark_vanished(d.disk, {{"d", "gone", ""}});
  d.editor->record_verdicts(d.disk, "d", {{"b", Verdict::corrupt}}, 100);
  d.editor->record_verdicts(d.disk, "d", {{"a", Verdict::not_checked}, {"b", Verdict::intact}}, 200);
  View view = d.commit();
  const auto rows = view.directory(d.disk, "d");
  REQUIRE(rows.size() == 4);
  CHECK((rows[0].verdict == Verdict::intact && rows[0].verified_at_s == 100));
  CHECK((rows[1].verdict == Verdict::intact && rows[1].verified_at_s == 200));
  CHECK((rows[2].verdict == Verdict::intact && rows[2].verified_at_s == 200));
  CHECK((rows[3].verdict == Verdict::not_checked && rows[3].verified_at_s == 0));
}

TEST_CASE("actors have names, and strangers their number") {
  Desk d;
  View view = d.commit();
  CHECK(view.actor_name(d.ring.actor()) == "Amal");
  CHECK(view.actor_name({0xab, 1}) == "ab01000000000000");
  CHECK(view.describe_entry(0) == "archive created by Amal");
}

TEST_CASE("a view stays as it was until it is renewed") {
  Desk d;
  View view = d.commit();
  d.editor->add_copy(copy_of(d.disk, "", "a", "A"));
  CHECK(view.item_count() == 0);
  d.editor->commit();
  CHECK(view.item_count() == 0);
  view.renew();
  CHECK(view.item_count() == 1);
}

TEST_CASE("an editor that is dropped forgets what it did not commit") {
  Desk d;
  d.editor->commit();
  d.editor->add_copy(copy_of(d.disk, "", "a", "A"));
  CHECK(d.editor->uncommitted() == 1);
  CHECK(d.editor->find_item(crypto::sha256(as_bytes("A"))));
  d.editor.reset();
  CHECK(d.archive.view().item_count() == 0);
  d.editor.emplace(d.archive.edit());
  CHECK(!d.editor->find_item(crypto::sha256(as_bytes("A"))));
  CHECK(code_of([&] { (void)d.archive.edit(); }) == ErrorCode::locked);
}
