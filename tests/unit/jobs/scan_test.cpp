#include "dalil/jobs/scan.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <random>
#include <set>

#include "jobs/jobs_fixture.hpp"

using namespace dalil;
using namespace dalil::jobs;
using namespace dalil::testing;
using archive::LinkType;
using archive::Row;

namespace {

constexpr std::size_t kMiB = 1 << 20;

/// What an archive knows of its volume, without the numbers that depend on the order of reading.
std::set<std::string> knowledge(const TreeFixture& f) {
  const archive::Archive archive = f.open();
  archive::View view = archive.view();
  std::set<std::string> lines;
  view.for_each_copy(f.disk, [&](Row, const std::string& directory, const auto& rows) {
    for (const archive::CopyRow& row : rows) {
      std::string line = files::join_path(directory, row.name) + "|" + std::to_string(int(row.state)) + "|" +
                         std::to_string(row.mtime_ns) + "|" + std::to_string(row.inode) + "|";
      if (row.item != ledger::kNoRow) {
        const archive::Copy copy = view.copy(row.seq);
        line += view.item(row.item).digest.hex() + "|" + std::to_string(copy.tags.size());
        CHECK(copy.digest == view.item(row.item).digest);
      }
      lines.insert(line);
    }
  });
  view.for_each_link([&](Row item, Row incident, LinkType type) {
    lines.insert(view.item(item).digest.hex() + " " + view.incident(incident).incident.id + name_of(type));
  });
  const archive::Volume volume = view.volume(f.disk);
  lines.insert(std::to_string(volume.live_copies) + " copies of " + std::to_string(volume.live_bytes));
  lines.insert(std::to_string(view.item_count()) + " items");
  return lines;
}

void add_incidents(const TreeFixture& f, std::initializer_list<const char*> ids) {
  archive::Archive archive = f.open();
  archive::Editor editor = archive.edit();
  for (const char* id : ids) editor.put_incident(incident_with(id), "");
  editor.commit();
}

/// Incident ids that a path's content is linked to.
std::set<std::string> incidents_of(const TreeFixture& f, const std::string& name) {
  const archive::Archive archive = f.open();
  archive::View view = archive.view();
  std::set<std::string> ids;
  for (const archive::Link& link : view.links_of_item(f.live().at(name).item))
    ids.insert(view.incident(link.incident).incident.id);
  return ids;
}
using Ids = std::set<std::string>;

const archive::RunSummary::Exception* problem_of(const ScanReport& report, const std::string& name) {
  for (const auto& problem : report.problems)
    if (problem.path == name) return &problem;
  return nullptr;
}

}  // namespace

TEST_CASE("every file is taken in with its digest and one tag a MiB") {
  TreeFixture f;
  std::map<std::string, std::string> contents;
  unsigned seed = 0;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4096}, std::size_t{4097}, kMiB - 1,
        kMiB, kMiB + 1, 3 * kMiB - 1, 3 * kMiB, 3 * kMiB + 1})
    contents["sizes/" + std::to_string(size)] = pattern(size, ++seed);
  contents["new\nline"] = "n";
  contents["\xff\xfe is no text"] = "x";
  contents["صورة ١.jpg"] = "arabic";
  contents["d/\x01/ "] = "control";
  for (const auto& [name, content] : contents) f.write(name, content);
  const ScanReport report = f.scan();
  CHECK(report.seen == contents.size());
  CHECK(report.indexed == contents.size());
  CHECK(report.new_items == contents.size());
  CHECK(report.failed == 0);
  CHECK(report.changed == 0);
  CHECK(report.directories == 4);
  const auto live = f.live();
  REQUIRE(live.size() == contents.size());
  const archive::Archive archive = f.open();
  archive::View view = archive.view();
  for (const auto& [name, content] : contents) {
    CAPTURE(name);
    const archive::Copy copy = view.copy(live.at(name).seq);
    CHECK(copy.digest == crypto::sha256(as_bytes(content)));
    CHECK(copy.size_bytes == content.size());
    CHECK(copy.tags.size() == crypto::tag_count(content.size()));
    const crypto::ChunkTagger tagger(archive.tag_key().view());
    for (std::size_t chunk = 0; chunk < copy.tags.size(); ++chunk)
      CHECK(copy.tags[chunk] ==
            tagger.tag(copy.tag_nonce, chunk, as_bytes(content.substr(chunk * kMiB, kMiB))));
  }
  CHECK(f.sound());
}

TEST_CASE("a second scan reads nothing, and adds no copy") {
  TreeFixture f;
  for (int i = 0; i < 300; ++i)
    f.write("d" + std::to_string(i % 7) + "/" + std::to_string(i), pattern(100, i));
  std::filesystem::create_symlink("elsewhere", f.at("link"));
  f.scan();
  const auto before = knowledge(f);
  const ScanReport again = f.scan();
  CHECK(again.unchanged == 301);
  CHECK(again.indexed == 0);
  CHECK(again.bytes_read == 0);
  CHECK(again.symlinks == 1);
  CHECK(again.vanished == 0);
  CHECK(knowledge(f) == before);
}

TEST_CASE("changed, moved, vanished and new files are told apart") {
  TreeFixture f;
  for (const char* name : {"same", "changed", "a/moved", "vanished", "gone/with its directory"})
    f.write(name, pattern(5000, static_cast<unsigned>(name[0])));
  f.scan();
  f.write("changed", "other");
  std::filesystem::create_directory(f.at("b"));
  std::filesystem::rename(f.at("a/moved"), f.at("b/moved"));
  std::filesystem::remove(f.at("vanished"));
  std::filesystem::remove_all(f.at("gone"));
  f.write("new", "new");
  std::map<std::string, std::string> events;
  const ScanReport report = f.scan([&](ScanOptions& options) {
    options.on_file = [&events](const std::string& event, const std::string& name) { events[name] = event; };
  });
  CHECK(report.changed == 1);
  CHECK(report.moved == 1);
  CHECK(report.vanished == 2);
  CHECK(report.indexed == 3);
  CHECK(report.unchanged == 1);
  CHECK(report.new_items == 2);
  CHECK(events == std::map<std::string, std::string>{{"changed", "changed"},
                                                     {"a/moved", "moved"},
                                                     {"b/moved", "new"},
                                                     {"vanished", "vanished"},
                                                     {"gone/with its directory", "vanished"},
                                                     {"new", "new"}});
  CHECK(f.live().size() == 4);
  CHECK(f.sound());
  CHECK(f.scan().unchanged == 4);
}

TEST_CASE("new times without new bytes are recorded, and make no new item") {
  TreeFixture f;
  f.write("a", "content");
  f.scan();
  f.set_mtime("a", 1'000'000'000);
  const ScanReport report = f.scan();
  CHECK(report.indexed == 1);
  CHECK(report.new_items == 0);
  CHECK(f.live().at("a").mtime_ns == 1'000'000'000'000'000'000);
  CHECK(f.live().at("a").item == 0);
}

TEST_CASE("--rehash reads what has not changed") {
  TreeFixture f;
  for (unsigned i = 0; i < 20; ++i) f.write(std::to_string(i), pattern(3000, i));
  f.scan();
  const auto before = knowledge(f);
  const ScanReport report = f.scan([](ScanOptions& options) { options.rehash = true; });
  CHECK(report.bytes_read == 20 * 3000);
  CHECK(report.indexed == 20);
  CHECK(report.changed == 0);
  CHECK(report.new_items == 0);
  CHECK(knowledge(f) == before);
}

TEST_CASE("bytes that differ under the size and time that were recorded are no edit, and are not taken in") {
  TreeFixture f;
  f.write("a", pattern(5000));
  f.scan();
  const archive::CopyRow before = f.live().at("a");
  f.damage("a", 77);
  const ScanReport report = f.scan([](ScanOptions& options) { options.rehash = true; });
  CHECK(report.failed == 1);
  CHECK(report.indexed == 0);
  REQUIRE(problem_of(report, "a") != nullptr);
  CHECK(problem_of(report, "a")->verdict == archive::Verdict::corrupt);
  CHECK(f.live().at("a").item == before.item);
  CHECK(f.verify().result() == "FAIL");
}

TEST_CASE("a dry run writes nothing and says what a scan would read") {
  TreeFixture f;
  f.write("old", "old");
  f.scan();
  for (int i = 0; i < 200; ++i) f.write("n/" + std::to_string(i), "x");
  std::filesystem::remove(f.at("old"));
  std::filesystem::create_symlink("x", f.at("link"));
  const std::uint64_t entries = f.entries();
  const ScanReport report =
      f.scan([](ScanOptions& options) { options.dry_run = options.allow_vanished = true; });
  CHECK(report.seen == 201);
  CHECK(report.indexed == 201);
  CHECK(report.vanished == 1);
  CHECK(report.bytes_read == 0);
  CHECK(f.entries() == entries);
  CHECK(f.live().size() == 1);
}

TEST_CASE("all names of one inode are indexed from one reading") {
  TreeFixture f;
  f.write("d/first", pattern(5 * kMiB));
  std::filesystem::create_hard_link(f.at("d/first"), f.at("d/second"));
  std::filesystem::create_hard_link(f.at("d/first"), f.at("a third"));
  const ScanReport report = f.scan();
  CHECK(report.indexed == 3);
  CHECK(report.bytes_read == 5 * kMiB);
  CHECK(report.new_items == 1);
  const auto live = f.live();
  REQUIRE(live.size() == 3);
  CHECK(live.at("d/second").item == live.at("a third").item);
  CHECK(f.scan().unchanged == 3);
  CHECK(f.verify().result() == "PASS");
}

TEST_CASE("symbolic links are recorded and never followed, loops included") {
  TreeFixture f;
  f.write("outside/../d/file", "x");
  std::filesystem::create_directory_symlink("..", f.at("d/up"));
  std::filesystem::create_symlink("self", f.at("self"));
  std::filesystem::create_symlink("/etc/passwd", f.at("etc"));
  std::filesystem::create_directory_symlink("/", f.at("root"));
  const ScanReport report = f.scan();
  CHECK(report.seen == 5);
  CHECK(report.symlinks == 4);
  CHECK(report.new_items == 1);
  CHECK(f.live().size() == 1);
  std::filesystem::remove(f.at("etc"));
  std::filesystem::create_symlink("/etc/shadow", f.at("etc"));
  CHECK(f.scan().indexed == 1);
  std::filesystem::remove(f.at("etc"));
  CHECK(f.scan().vanished == 1);
}

TEST_CASE("FIFOs and sockets are skipped with their reason and never opened") {
  TreeFixture f;
  f.write("file", "x");
  REQUIRE(mkfifo(f.at("fifo").c_str(), 0600) == 0);
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string where = f.at("socket");
  REQUIRE(where.size() < sizeof address.sun_path);
  where.copy(address.sun_path, where.size());
  REQUIRE(bind(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const ScanReport report = f.scan();
  close(socket_fd);
  CHECK(report.skipped == 2);
  CHECK(report.indexed == 1);
  REQUIRE(problem_of(report, "fifo") != nullptr);
  CHECK(problem_of(report, "fifo")->detail == "skipped: FIFO");
  CHECK(problem_of(report, "socket")->detail == "skipped: socket");
  CHECK(problem_of(report, "socket")->verdict == archive::Verdict::not_checked);
}

TEST_CASE("a path longer than the kernel takes is walked and read") {
  TreeFixture f;
  const std::string component(200, 'd');
  std::string deep;
  const auto start = std::filesystem::current_path();
  std::filesystem::current_path(f.tree);
  for (int i = 0; i < 30; ++i) {  // 6,000 bytes
    REQUIRE(mkdir(component.c_str(), 0700) == 0);
    REQUIRE(chdir(component.c_str()) == 0);
    deep += component + "/";
  }
  std::ofstream("file") << "deep";
  std::filesystem::current_path(start);
  const ScanReport report = f.scan();
  CHECK(report.directories == 31);
  CHECK(f.live().contains(deep + "file"));
  CHECK(f.scan().unchanged == 1);
  CHECK(f.verify().result() == "PASS");
}

TEST_CASE("the archive within the tree is neither indexed nor taken for evidence") {
  TreeFixture f;
  f.write("file", "x");
  const auto whole = [&f](ScanOptions& options) { options.folder = f.dir.path(); };
  const ScanReport report = f.scan(whole);
  CHECK(report.seen == 1);
  CHECK(f.live().contains("tree/file"));
  CHECK(f.scan(whole).unchanged == 1);
}

TEST_CASE("a directory that cannot be listed hides its files and does not lose them") {
  TreeFixture f;
  for (const char* name : {"open/a", "shut/b", "shut/below/c", "shut2/d"}) f.write(name, name);
  f.scan();
  ScanReport report;
  {
    REQUIRE(chmod(f.at("shut").c_str(), 0) == 0);
    const WithoutPrivilege unprivileged;
    report = f.scan();
    REQUIRE(chmod(f.at("shut").c_str(), 0700) == 0);
  }
  CHECK(report.vanished == 0);
  CHECK(report.unchanged == 2);
  REQUIRE(problem_of(report, "shut") != nullptr);
  CHECK(problem_of(report, "shut")->error_number == EACCES);
  CHECK(f.live().size() == 4);
  CHECK(f.scan().unchanged == 4);
}

TEST_CASE("a file that may not be read has failed, with its errno, and the others are read") {
  TreeFixture f;
  for (int i = 0; i < 100; ++i) f.write(std::to_string(i), pattern(2000, i));
  REQUIRE(chmod(f.at("50").c_str(), 0) == 0);
  ScanReport report;
  {
    const WithoutPrivilege unprivileged;
    report = f.scan();
  }
  CHECK(report.failed == 1);
  CHECK(report.indexed == 99);
  CHECK(problem_of(report, "50")->error_number == EACCES);
  CHECK(f.scan().indexed == 1);
}

TEST_CASE("another name of a file that may not be read has failed as well") {
  TreeFixture f;
  f.write("first", "x");
  std::filesystem::create_hard_link(f.at("first"), f.at("second"));
  REQUIRE(chmod(f.at("first").c_str(), 0) == 0);
  const WithoutPrivilege unprivileged;
  const ScanReport report = f.scan();
  CHECK(report.failed == 2);
  CHECK(problem_of(report, "second") != nullptr);
}

TEST_CASE("a folder below the volume's root is scanned under its place there") {
  TreeFixture f;
  f.write("card/DCIM/a", "a");
  f.write("other/b", "b");
  f.scan();
  f.write("card/DCIM/new", "n");
  std::filesystem::remove(f.at("card/DCIM/a"));
  std::filesystem::remove(f.at("other/b"));
  const ScanReport report = f.scan([&](ScanOptions& options) {
    options.folder = f.at("card");
    options.path_prefix = "card";
    options.allow_vanished = true;
  });
  CHECK(report.seen == 1);
  CHECK(report.vanished == 1);  // 'other' was not looked at
  const auto live = f.live();
  CHECK(live.contains("card/DCIM/new"));
  CHECK(live.contains("other/b"));
  CHECK(live.size() == 2);
}

TEST_CASE("rules link by folder and by pattern, once, and unchanged files too") {
  TreeFixture f;
  add_incidents(f, {"I1", "I2", "I3"});
  f.write("2017-09-11/a.jpg", "a");
  f.write("2017-09-11/b.mp4", "b");
  f.write("other/c.jpg", "c");
  const auto rules = [](ScanOptions& options) {
    options.rules = {{"2017-09-11", "I1", LinkType::depicts}, {"*.jpg", "I2", LinkType::context}};
  };
  CHECK(f.scan(rules).links == 4);
  CHECK(incidents_of(f, "2017-09-11/a.jpg") == Ids{"I1", "I2"});
  CHECK(incidents_of(f, "2017-09-11/b.mp4") == Ids{"I1"});
  CHECK(incidents_of(f, "other/c.jpg") == Ids{"I2"});
  CHECK(f.scan(rules).links == 0);
  const ScanReport later = f.scan([](ScanOptions& options) {
    options.incident_of = [](const std::string& name) -> std::optional<std::string> {
      if (name.find("mp4") == std::string::npos) return std::nullopt;
      return "I3";
    };
    options.incident_type = LinkType::candidate;
  });
  CHECK(later.unchanged == 3);
  CHECK(later.links == 1);
  CHECK(incidents_of(f, "2017-09-11/b.mp4") == Ids{"I1", "I3"});
  CHECK(f.sound());
}

TEST_CASE("rules see the path below the scanned folder") {
  TreeFixture f;
  add_incidents(f, {"I1"});
  f.write("card/sub/a", "a");
  f.scan([&](ScanOptions& options) {
    options.folder = f.at("card");
    options.path_prefix = "card";
    options.rules = {{"sub", "I1", LinkType::depicts}};
  });
  CHECK(incidents_of(f, "card/sub/a") == Ids{"I1"});
}

TEST_CASE("a rule for an incident that does not exist is an error before anything is recorded") {
  TreeFixture f;
  f.write("a", "a");
  const std::uint64_t entries = f.entries();
  CHECK(code_of([&] {
          f.scan([](ScanOptions& options) { options.rules = {{"*", "none", LinkType::depicts}}; });
        }) == ErrorCode::not_found);
  CHECK(f.entries() == entries);
  CHECK(code_of([&] { f.scan([&](ScanOptions& options) { options.folder = f.at("nowhere"); }); }) ==
        ErrorCode::not_found);
}

TEST_CASE("provenance goes into the run for those who may see it") {
  TreeFixture f;
  f.write("a", "a");
  f.scan([](ScanOptions& options) { options.note = "on a card"; });
  const auto runs = f.open().view().runs();
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].note == "on a card");
  CHECK(runs[0].result == "DONE");
  CHECK(runs[0].folder == f.tree);
}

namespace {
void state_source(const TreeFixture& f, const std::string& alias) {
  archive::Archive archive = f.open();
  archive::Editor editor = archive.edit();
  archive::Source source;
  source.alias = alias;
  editor.put_source(source, "");
  editor.commit();
}
/// Paths of the items that come from this source.
std::set<std::string> paths_from(const TreeFixture& f, const std::string& alias) {
  const archive::Archive archive = f.open();
  archive::View view = archive.view();
  std::set<std::string> paths;
  for (const archive::Assignment& one : view.items_of_source(*view.find_source(alias)))
    for (const archive::CopyInfo& copy : view.copies_of(one.item)) paths.insert(copy.path);
  return paths;
}
}  // namespace

TEST_CASE("a scan assigns to its source what it takes in, and not what has not changed") {
  TreeFixture f;
  state_source(f, "X");
  state_source(f, "Y");
  f.write("old", "old");
  f.write("changes", "before");
  f.scan([](ScanOptions& options) { options.source = "X"; });
  CHECK(paths_from(f, "X") == std::set<std::string>{"old", "changes"});
  const auto runs = f.open().view().runs();
  REQUIRE(runs.size() == 1);
  for (const auto& [name, count] : runs[0].counts) CHECK((name != "links" && name != "assigned"));
  f.write("changes", "after all");
  f.write("new", "new");
  f.write("again", "old");
  const ScanReport report = f.scan([](ScanOptions& options) { options.source = "Y"; });
  CHECK(report.unchanged == 1);
  CHECK(report.assigned == 3);
  CHECK(paths_from(f, "Y") == std::set<std::string>{"again", "changes", "new", "old"});  // "again" is "old"
  CHECK(f.scan([](ScanOptions& options) { options.source = "Y"; }).assigned == 0);
  CHECK(archive::check(f.open()).problems.empty());
}

TEST_CASE("a source that nobody stated is an error before anything is recorded") {
  TreeFixture f;
  f.write("a", "a");
  const std::uint64_t entries = f.entries();
  for (const bool dry_run : {false, true})
    CHECK(code_of([&] {
            f.scan([&](ScanOptions& options) {
              options.source = "nobody";
              options.dry_run = dry_run;
            });
          }) == ErrorCode::not_found);
  CHECK(f.entries() == entries);
}

TEST_CASE("media facts are taken from new contents, and claims from their names") {
  const char* parser = std::getenv("DALIL_PARSER");
  if (parser == nullptr) return;
  TreeFixture f;
  const std::string jpeg("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9", 22);
  f.write("IMG-20170911-WA0003.jpg", jpeg);
  f.write("copy of it.jpg", jpeg);
  f.write("text.txt", "no media");
  const ScanReport report = f.scan([&](ScanOptions& options) {
    options.metadata = true;
    options.parser_program = parser;
    options.threads = 1;
  });
  CHECK(report.indexed == 3);
  CHECK(report.media == 1);
  const archive::Archive archive = f.open();
  archive::View view = archive.view();
  const auto facts = view.facts(f.live().at("IMG-20170911-WA0003.jpg").item);
  REQUIRE(facts);
  CHECK(facts->kind == media::MediaKind::photo);
  CHECK(!view.facts(f.live().at("text.txt").item));
}

TEST_CASE("a scan that is stopped anywhere and gone on with ends like one that was not") {
  std::mt19937 random(17);
  const auto fill = [](const TreeFixture& f) {
    for (unsigned i = 0; i < 400; ++i)
      f.write("d" + std::to_string(i % 13) + "/" + std::to_string(i),
              pattern(i % 50 == 0 ? 2'000'000 : i, i));
    std::filesystem::create_hard_link(f.at("d0/0"), f.at("d12/other name"));
    std::filesystem::create_symlink("x", f.at("d3/link"));
  };
  TreeFixture whole;
  fill(whole);
  whole.scan();
  // Inode numbers and times differ from tree to tree: the one tree is scanned into two archives.
  const auto expected = knowledge(whole);
  std::size_t interrupted = 0;
  for (int round = 0; round < 12; ++round) {
    TreeFixture f;
    const auto into = [&](ScanOptions& options) { options.folder = whole.tree; };
    for (int stops = 0; stops < 3; ++stops) {
      archive::Archive archive = f.open();
      ScanOptions options = f.scan_options();
      into(options);
      Progress progress;
      StopFlag stop;
      auto left = 1 + random() % 400;
      options.on_file = [&](const std::string&, const std::string&) {
        if (--left == 0) stop.request();
      };
      const ScanReport report = scan(archive, options, progress, stop);
      interrupted += report.interrupted ? 1 : 0;
      CHECK(report.seen == report.indexed + report.unchanged + report.skipped + report.failed);
      CHECK(report.failed == 0);
      CHECK(report.vanished == 0);
      CHECK(progress.files_committed == report.indexed);
      CHECK(archive.view().runs(1).at(0).result == (report.interrupted ? "INTERRUPTED" : "DONE"));
    }
    const ScanReport last = f.scan(into);
    CHECK(last.seen == 402);
    CHECK(knowledge(f) == expected);
    CHECK(f.sound());
  }
  CHECK(interrupted > 10);
}

TEST_CASE("any number of threads gives the same index") {
  TreeFixture whole;
  for (unsigned i = 0; i < 500; ++i)
    whole.write("d" + std::to_string(i % 11) + "/" + std::to_string(i), pattern(i * 37, i));
  whole.scan();
  const auto expected = knowledge(whole);
  for (const unsigned threads : {1U, 2U, 5U}) {
    TreeFixture f;
    f.scan([&](ScanOptions& options) {
      options.folder = whole.tree;
      options.threads = threads;
    });
    CHECK(knowledge(f) == expected);
  }
}

TEST_CASE("a scan that misses most of what was known marks nothing as vanished unless told to") {
  TreeFixture f;
  for (const char* name : {"a", "b", "c"}) f.write(name, name);
  f.scan();
  std::filesystem::remove(f.at("a"));
  CHECK(f.scan().vanished == 1);  // the lesser part
  std::filesystem::remove(f.at("b"));
  std::filesystem::remove(f.at("c"));
  const ScanReport doubted = f.scan();
  CHECK(doubted.vanished == 0);
  CHECK(doubted.not_believed == 2);
  CHECK(f.live().size() == 2);
  CHECK(f.scan([](ScanOptions& options) { options.allow_vanished = true; }).vanished == 2);
}
