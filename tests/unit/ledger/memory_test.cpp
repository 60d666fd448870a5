// An older archive, or one of another history, put in the place of the right one is noticed; nothing else is.

#include <sys/stat.h>

#include <boost/filesystem.hpp>

#include "dalil/files/handle.hpp"
#include "ledger_fixture.hpp"

using namespace dalil;
using namespace dalil::ledger;
using namespace dalil::ledger::testing;
namespace fs = boost::filesystem;

namespace {

/// One user of one machine.
struct Machine {
  std::string directory;
  std::vector<std::string> warnings = {};
  std::string path(const Keyring& ring) const { return seen_path(directory, ring.archive_id()); }
  std::shared_ptr<FileMemory> memory(const Keyring& ring) {
    return std::make_shared<FileMemory>(path(ring), origin_of(ring.archive_id()),
                                        [this](const std::string& text) { warnings.push_back(text); });
  }
};

struct Case : Fixture {
  Machine machine{dir / "state"};
  Ledger open_on(Machine& on) {
    return Ledger::open(path, ring.clone(), kColumns, clock, Ledger::For::everything, on.memory(ring));
  }
  Ledger open_here() { return open_on(machine); }
  void add(const std::string& content, int entries = 1) {
    Ledger ledger = open_here();
    Writer writer = ledger.write();
    for (int i = 0; i < entries; ++i) writer.append({SealClass::inventory, text(content)});
    writer.commit();
  }
  std::string keep(const std::string& name) {
    const std::string to = dir / name;
    fs::create_directory(to);
    fs::copy_file(path + "/data.mdb", to + "/data.mdb");
    return to;
  }
  void put_back(const std::string& from) {
    fs::remove(path + "/data.mdb");
    fs::remove(path + "/lock.mdb");
    fs::copy_file(from + "/data.mdb", path + "/data.mdb");
  }
  std::optional<Rollback> noticed() { return open_here().rollback(); }
};

unsigned mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("every older snapshot is noticed, at every commit") {
  Case c;
  std::vector<std::string> snapshots;
  for (int i = 0; i < 40; ++i) {
    c.add("entry", 1 + i % 7 * 40);  // over several tiles
    snapshots.push_back(c.keep("snapshot" + std::to_string(i)));
  }
  for (std::size_t i = 0; i + 1 < snapshots.size(); ++i) {
    c.put_back(snapshots[i]);
    const auto rollback = c.noticed();
    REQUIRE(rollback);
    CHECK(rollback->kind == Rollback::Kind::smaller);
    CHECK(rollback->found.size < rollback->expected.checkpoint.size);
    Ledger ledger = c.open_here();
    CHECK(ledger.read().entry(0).content == text("entry"));
    CHECK(code_of([&] { ledger.write(); }) == ErrorCode::corrupt);
  }
  c.put_back(snapshots.back());
  CHECK(!c.noticed());
}

TEST_CASE("a history that went on differently is noticed, whether it is smaller, as large or larger") {
  for (const int other : {1, 3, 5, 400}) {
    Case c;
    c.add("common", 300);
    const std::string before = c.keep("before");
    c.add("here", 3);
    const std::string here = c.keep("here");
    c.put_back(before);
    Machine elsewhere{c.dir / "elsewhere"};
    {
      Ledger ledger = c.open_on(elsewhere);
      Writer writer = ledger.write();
      for (int i = 0; i < other; ++i) writer.append({SealClass::inventory, text("there")});
      writer.commit();
    }
    const auto rollback = c.noticed();
    REQUIRE(rollback);
    CHECK(rollback->kind == (other < 3 ? Rollback::Kind::smaller : Rollback::Kind::rewritten));
    c.put_back(here);
    CHECK(!c.noticed());
    CHECK(c.open_on(elsewhere).rollback());
  }
}

TEST_CASE("what others appended is remembered by whoever opens") {
  Case c;
  c.add("one");
  Machine other{c.dir / "other"};
  CHECK(!c.open_on(other).rollback());
  const std::string before = c.keep("before");
  c.add("two");
  CHECK(!c.open_on(other).rollback());
  c.put_back(before);
  CHECK(c.open_on(other).rollback());
}

TEST_CASE("a crash between commit and remembering is no reason for alarm") {
  Case c;
  c.add("one");
  const Bytes before = files::read_small_file(c.machine.path(c.ring));
  c.add("two");
  files::write_atomically(c.machine.path(c.ring), before);
  CHECK(!c.noticed());
  CHECK(files::read_small_file(c.machine.path(c.ring)) != before);
}

TEST_CASE("an older state never replaces a newer one in the memory") {
  Case c;
  c.add("one");
  const std::string older = c.open_here().read().checkpoint();
  c.add("two");
  const Bytes newest = files::read_small_file(c.machine.path(c.ring));
  c.machine.memory(c.ring)->remember(older);
  CHECK(files::read_small_file(c.machine.path(c.ring)) == newest);
  CHECK(c.machine.warnings.empty());
}

TEST_CASE("a writer that opened before another one committed goes on") {
  Case c;
  c.add("one");
  Ledger early = c.open_here();
  c.add("two");
  {
    Writer writer = early.write();
    writer.append({SealClass::inventory, text("three")});
    writer.commit();
  }
  CHECK(!c.noticed());
  CHECK(c.open_here().read().size() == 3);
}

TEST_CASE("accepting moves the memory to what was found") {
  Case c;
  c.add("one");
  const std::string before = c.keep("before");
  c.add("two", 5);
  c.put_back(before);
  {
    Ledger ledger = c.open_here();
    REQUIRE(ledger.rollback());
    Writer writer = ledger.write_accepting_rollback();
    writer.append({SealClass::inventory, text("accepted")});
    writer.commit();
  }
  CHECK(!c.noticed());
  c.put_back(before);
  CHECK(c.noticed());
}

TEST_CASE("what is remembered is the signed note, for its owner's eyes") {
  Case c;
  c.add("one");
  const std::string path = c.machine.path(c.ring);
  CHECK(as_chars(files::read_small_file(path)) == c.open_here().read().checkpoint());
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(c.dir / "state") == 0700);
  CHECK(mode_of(c.dir / "state/seen") == 0700);
}

TEST_CASE("a memory that is no checkpoint of this archive is an error that names it, at every byte") {
  Case c;
  c.add("one");
  const std::string path = c.machine.path(c.ring);
  const Bytes good = files::read_small_file(path);
  const auto message = [&c] {
    try {
      c.open_here();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (std::size_t size = 0; size < good.size(); ++size) {
    files::write_atomically(path, ByteView(good).first(size));
    CHECK(message().find(path) != std::string::npos);
  }
  // A flipped byte makes it malformed, of another archive, wrongly signed, or signed by nobody whom one knows
  // and then the tree decides. It is never as if nothing had been seen.
  const std::size_t body = as_chars(good).rfind("\n\n");
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= 1;
    files::write_atomically(path, bad);
    bool told = !message().empty();
    if (!told) told = c.open_here().rollback().has_value();
    const bool only_name = at > body && at < body + 60;  // of the key: then it is one that nobody knows
    CHECK((told || only_name));
  }
  files::write_atomically(path, good);
  CHECK(message().empty());
}

TEST_CASE("a memory of another archive is refused") {
  Case c, other;
  c.add("one");
  other.add("one");
  fs::remove(c.machine.path(c.ring));
  fs::copy_file(other.machine.path(other.ring), c.machine.path(c.ring));
  CHECK(code_of([&] { c.open_here(); }) == ErrorCode::invalid);
}

TEST_CASE("a memory that cannot be written costs a warning, once, and no commit") {
  Case c;
  files::write_atomically(c.dir / "state", text("a file where a directory should be"));
  {
    const auto memory = c.machine.memory(c.ring);
    Reader reader = c.open().read();
    memory->remember(reader.checkpoint());
    memory->remember(reader.checkpoint());
  }
  REQUIRE(c.machine.warnings.size() == 1);
  CHECK(c.machine.warnings[0].find(c.dir / "state") != std::string::npos);
}

TEST_CASE("who appends nothing puts his name to no checkpoint") {
  Case c;
  c.add("one");
  const std::string before = c.open().read().checkpoint();
  Keyring other = c.ring.derive(Role::archivist, "Huda");
  {
    Ledger ledger = c.open();
    Writer writer = ledger.write();
    writer.add_signer(other);
    writer.commit();
  }
  {
    Ledger ledger = Ledger::open(c.path, other.clone(), kColumns, c.clock);
    Writer writer = ledger.write();
    writer.add_row(1);
    writer.commit();
  }
  CHECK(c.open().read().checkpoint() == before);
  CHECK(c.open().read().checkpoint_at(1) == before);
}
