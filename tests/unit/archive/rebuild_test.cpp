// What is derived follows from the ledger: after any edits, and `check` says where it does not.

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <set>

#include "archive/archive_fixture.hpp"
#include "archive/full_incident.hpp"
#include "dalil/archive/find.hpp"
#include "schema.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

/// One edit of any kind, by chance; what it refers to exists.
class RandomEdits {
 public:
  explicit RandomEdits(unsigned seed) : random_(seed) {}

  void one(Editor& editor) {
    if (volumes_ == 0 || random_() % 40 == 0) return add_volume(editor);
    switch (random_() % 16) {
      case 0:
        editor.put_incident(random_incident(), "r" + std::to_string(random_()));
        break;
      case 1:
        editor.mark_vanished(volume(), {{directory(), name(), ""}, {directory(), name(), "x"}});
        break;
      case 2:
        if (items_ > 0) add_facts(editor);
        break;
      case 3:
        if (items_ > 0 && !incidents_.empty()) add_link(editor);
        break;
      case 4:
        if (!links_.empty()) withdraw(editor);
        break;
      case 5:
        editor.record_verdicts(volume(), directory(), {{name(), verdict()}, {name(), verdict()}}, now());
        break;
      case 6:
        add_run(editor);
        break;
      case 7:
        editor.add_symlink(volume(), directory(), name(), {}, "target");
        break;
      case 8:
        put_source(editor);
        break;
      case 9:
        if (!sources_.empty()) editor.put_identity(source(), {"name " + std::to_string(now()), "", ""});
        break;
      case 10:
        if (!sources_.empty() && items_ > 0) editor.assign(source(), some_items(), "why");
        break;
      case 11:
        if (!sources_.empty() && items_ > 0) editor.unassign(source(), some_items(), "why not");
        break;
      default:
        add_copy(editor);
    }
  }

 private:
  Row volume() { return static_cast<Row>(random_() % volumes_); }
  std::string directory() { return "d" + std::to_string(random_() % 5); }
  std::string name() { return "n" + std::to_string(random_() % 30); }
  Verdict verdict() { return static_cast<Verdict>(1 + random_() % 9); }
  std::int64_t now() { return static_cast<std::int64_t>(random_() % 1'000'000); }

  void add_volume(Editor& editor) { editor.add_volume(volume_named("volume " + std::to_string(volumes_++))); }
  Incident random_incident() {
    const std::string id = "I" + std::to_string(random_() % 8);
    incidents_.insert(id);
    return random_() % 2 == 0 ? full_incident(id) : incident_with(id, "2017");
  }
  void add_copy(Editor& editor) {
    const std::string content = "content " + std::to_string(random_() % 60);
    const AddedCopy added = editor.add_copy(copy_of(volume(), directory(), name(), content));
    items_ = std::max(items_, added.item + 1);
  }
  void add_facts(Editor& editor) {
    media::MediaFacts facts;
    facts.kind = media::MediaKind::photo;
    facts.make = "make " + std::to_string(random_() % 4);
    facts.duration_ms = static_cast<std::int64_t>(random_() >> 20);
    facts.times.push_back({.field = "f", .raw = "", .ms = now()});
    facts.places.push_back({"p", "", 35.3, 40.1, {}, {}});
    editor.add_facts(static_cast<Row>(random_() % items_), facts);
  }
  void add_link(Editor& editor) {
    const Row incident = *editor.find_incident(*incidents_.begin());
    links_.push_back(editor.add_link(static_cast<Row>(random_() % items_), incident,
                                     static_cast<LinkType>(1 + random_() % 11), 1, {}, "why"));
  }
  void withdraw(Editor& editor) {
    editor.withdraw_link(links_.back(), "not so");
    links_.pop_back();
  }
  Row source() { return sources_[random_() % sources_.size()]; }
  std::vector<Row> some_items() {
    std::vector<Row> rows;
    for (Row row = 0; row < items_; ++row)
      if (random_() % 3 == 0) rows.push_back(row);
    return rows;
  }
  void put_source(Editor& editor) {
    Source source;
    source.alias = "source " + std::to_string(random_() % 5);
    source.consent = static_cast<Consent>(1 + random_() % 3);
    sources_.push_back(editor.put_source(source, "reason"));
  }
  void add_run(Editor& editor) {
    RunSummary run;
    run.kind = random_() % 2 == 0 ? "scan" : "verify";
    run.volume = volume();
    run.result = "DONE";
    if (random_() % 2 == 0) run.source = "somebody";
    editor.add_run(run);
  }

  std::mt19937_64 random_;
  Row volumes_ = 0, items_ = 0;
  std::set<std::string> incidents_;
  std::vector<Row> links_, sources_;
};

/// Everything that the archive says, as text: what two archives are compared by.
std::vector<std::string> everything(const Archive& archive) {
  View view = archive.view();
  std::vector<std::string> all;
  const auto add = [&all](auto&&... parts) {
    std::string line;
    ((line += parts, line += '|'), ...);
    all.push_back(line);
  };
  const auto n = [](auto number) { return std::to_string(number); };
  for (const Volume& v : view.volumes())
    add(v.id, v.label, n(v.live_copies), n(v.live_bytes), v.last_verification_result,
        n(v.last_scan.value_or(UtcTime{}).ms));
  for (Row row = 0; row < view.item_count(); ++row) {
    add(view.item(row).digest.hex(), n(view.item(row).first_seq), n(view.facts(row).has_value()));
    for (const CopyInfo& copy : view.copies_of(row))
      add(copy.path, n(int(copy.row.state)), n(int(copy.row.verdict)), n(copy.row.verified_at_s),
          n(copy.row.seq));
    for (const Link& link : view.links_of_item(row, true)) add(n(link.incident), n(link.withdrawn), link.why);
    for (const Assignment& one : view.sources_of_item(row, true))
      add(n(one.source), n(one.seq), n(one.withdrawn()), one.why, one.withdrawn_why);
    add(n(static_cast<int>(view.consent_of_item(row).value_or(Consent{}))));
  }
  for (Row row = 0; row < view.incident_count(); ++row)
    for (const IncidentRevision& revision : view.incident_history(row))
      add(revision.incident.id, revision.reason);
  for (const Source& source : view.sources()) {
    for (const SourceRevision& revision : view.source_history(source.row))
      add(source.alias, n(static_cast<int>(revision.source.consent)), revision.reason);
    for (const IdentityRevision& revision : view.identity_history(source.row)) add(revision.identity.name);
  }
  for (const RunSummary& run : view.runs(1000)) add(run.kind, run.result, run.source);
  for (const auto kind : {media::MediaKind::photo, media::MediaKind::other})
    add(n(find(view, query([&](Query& q) {
                 q.kind = kind;
                 q.camera = "make 1";
               }))
              .size()));
  return all;
}

/// An archive after some hundred random edits.
struct Edited : ArchiveFixture {
  explicit Edited(unsigned seed, int edits = 300) {
    Archive archive = open();
    Editor editor = archive.edit();
    RandomEdits random(seed);
    for (int i = 0; i < edits; ++i) {
      random.one(editor);
      if (i % 37 == 0) editor.commit();
    }
    editor.commit();
  }
  void plant(const std::function<void(ledger::Writer&)>& damage) const {
    Archive archive = open();
    Editor editor = archive.edit();
    damage(editor.writer());
    editor.commit();
  }
  std::size_t problems() const { return check(open()).problems.size(); }
};

}  // namespace

TEST_CASE("after any edits the derived tables are those that the ledger gives") {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    const Edited f(seed);
    const Archive archive = f.open();
    CHECK(is_sound(archive));
    const CheckReport report = check(archive);
    CHECK(report.entries == archive.view().reader().size());
    CHECK(report.rows > 0);
    CHECK(report.records > 0);
  }
}

TEST_CASE("a rebuilt archive gives the same answers and takes further edits") {
  for (unsigned seed = 20; seed < 26; ++seed) {
    CAPTURE(seed);
    const Edited f(seed);
    const auto before = everything(f.open());
    rebuild(f.path, f.ring.clone(), f.clock);
    CHECK(everything(f.open()) == before);
    Archive archive = f.open();
    Editor editor = archive.edit();
    editor.add_copy(copy_of(0, "after", "rebuild", "new content " + std::to_string(seed)));
    editor.commit();
    CHECK(is_sound(archive));
  }
}

TEST_CASE("a rebuild and a check leave nothing behind") {
  const Edited f(30, 50);
  rebuild(f.path, f.ring.clone(), f.clock);
  check(f.open());
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(f.path)) names.insert(entry.path().filename());
  names.erase("lock.mdb");
  CHECK(names == std::set<std::string>{"data.mdb", "writer.lock", "keys"});
}

TEST_CASE("a derived cell that was changed without an entry is found") {
  using namespace schema;
  const std::pair<ledger::Column, Bytes> cells[] = {
      {kItemSize, u64_value(1)},
      {kItemFirstSeq, u64_value(5)},
      {kFactKind, u8_value(4)},
      {kFactTaken, u64_value(1)},
      {kLinkWithdrawn, u64_value(999)},
      {kIncidentSeqs, Bytes{0}},
      {kVolumeLiveCopies, u64_value(1234)},
      {kVolumeLastResult, Bytes{'P'}},
      {kItemCopies, Bytes{}},
      {kSourceRecord, Bytes{0x0a, 1, 'x', 0x10, 3}},
      {kSourceSeqs, Bytes{0}},
      {kAssignmentItem, u32_value(999)},
      {kAssignmentSource, u32_value(999)},
      {kAssignmentSeq, u64_value(999)},
      {kAssignmentWithdrawn, u64_value(999)},
      {kIdentitySource, u32_value(999)},
      {kIdentitySeq, u64_value(999)},
  };
  const Edited f(40);
  CHECK(f.problems() == 0);
  for (const auto& [column, value] : cells) {
    const ledger::Column& c = column;
    const Bytes& v = value;
    CAPTURE(c.name);
    Bytes before;
    f.plant([&](ledger::Writer& writer) {
      const ByteView cell = writer.cell(c, 0);
      before.assign(cell.begin(), cell.end());
      writer.set(c, 0, v);
    });
    CHECK(f.problems() > 0);
    f.plant([&](ledger::Writer& writer) { writer.set(c, 0, before); });
    CHECK(f.problems() == 0);
  }
}

TEST_CASE("rows and records that no entry explains are found") {
  const Edited f(41, 120);
  f.plant([](ledger::Writer& writer) {
    writer.put_record(schema::kDirectories, writer.token("directory", Bytes{9}), Bytes{1, 2, 3});
  });
  CHECK(f.problems() > 0);
  const Edited g(42, 120);
  g.plant([](ledger::Writer& writer) { writer.add_row(schema::kCameras); });
  CHECK(g.problems() > 0);
  rebuild(g.path, g.ring.clone(), g.clock);
  CHECK(g.problems() == 0);
}

TEST_CASE("a lookup that leads astray is found, and answers nothing wrong") {
  const Edited f(43);
  const std::string id = f.open().view().incident(0).incident.id;
  const Digest digest = f.open().view().item(0).digest;
  REQUIRE(f.open().view().incident_count() > 1);
  f.plant([&](ledger::Writer& writer) {
    writer.put_lookup(writer.token(schema::kTokenIncident, as_bytes(id)), 1);
    writer.put_lookup(writer.token(schema::kTokenItem, digest.view()), 1);
  });
  CHECK(!f.open().view().find_incident(id));
  CHECK(!f.open().view().find_item(digest));
  CHECK(f.problems() == 2);
  rebuild(f.path, f.ring.clone(), f.clock);
  CHECK(f.open().view().find_incident(id) == Row{0});
  CHECK(f.problems() == 0);
}

namespace {

/// A process that reads the archive until `end`. It stays with the database that it has opened.
class OtherReader {
 public:
  explicit OtherReader(const Edited& f) {
    const crypto::Secret secret = f.ring.encode();
    const Bytes key(secret.view().begin(), secret.view().end());  // a child's locked memory is empty
    REQUIRE((pipe(to_child_) == 0 && pipe(from_child_) == 0));
    child_ = fork();
    if (child_ == 0) _exit(read_until_told(f, key));
    close(to_child_[0]);
    close(from_child_[1]);
    char byte = 0;
    REQUIRE(read(from_child_[0], &byte, 1) == 1);
  }
  int end() {
    close(to_child_[1]);
    close(from_child_[0]);
    int status = -1;
    waitpid(child_, &status, 0);
    return status;
  }

 private:
  int read_until_told(const Edited& f, const Bytes& key) {
    close(to_child_[1]);
    try {
      const Archive archive = Archive::open(f.path, ledger::Keyring::decode(key), f.clock);
      View view = archive.view();
      char byte = 'r';
      if (write(from_child_[1], &byte, 1) != 1 || read(to_child_[0], &byte, 1) != 0) return 2;
      return view.item_count() > 0 && !view.item(0).digest.hex().empty() ? 0 : 3;
    } catch (...) {
      return 4;
    }
  }
  int to_child_[2], from_child_[2];
  pid_t child_ = 0;
};

}  // namespace

TEST_CASE("a reader of the old database does not lead those astray who open the rebuilt one") {
  const Edited f(44);
  const auto before = everything(f.open());
  OtherReader reader(f);
  for (int round = 0; round < 3; ++round) {
    rebuild(f.path, f.ring.clone(), f.clock);
    CHECK(everything(f.open()) == before);
  }
  CHECK(reader.end() == 0);
  CHECK(f.problems() == 0);
}

TEST_CASE("an archive that was opened before a rebuild cannot write into the void") {
  const Edited f(45, 60);
  Archive before = f.open();
  rebuild(f.path, f.ring.clone(), f.clock);
  CHECK(code_of([&] { (void)before.edit(); }) == ErrorCode::conflict);
  CHECK(f.problems() == 0);
}
