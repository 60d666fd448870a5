#include "dalil/ledger/snapshot.hpp"

#include <sys/stat.h>

#include <atomic>
#include <boost/filesystem.hpp>
#include <thread>

#include "dalil/files/handle.hpp"
#include "ledger/ledger_fixture.hpp"
#include "snapshot_format.hpp"

using namespace dalil;
using namespace dalil::ledger;
using namespace dalil::ledger::testing;

namespace {

void add_entries(Ledger& ledger, int from, int to) {
  Writer writer = ledger.write();
  for (int i = from; i < to; ++i) {
    writer.append({i % 2 == 0 ? SealClass::inventory : SealClass::evidence, number(i)});
    const Row row = writer.add_row(1);
    writer.set(kNumber, row, number(i));
    writer.put_record(kNotes, writer.token("note", number(i)), number(i));
    writer.put_lookup(writer.token("note", number(i)), i);
  }
  writer.commit();
}

struct Filled : Fixture {
  explicit Filled(int entries = 300) {
    Ledger ledger = open();
    add_entries(ledger, 0, entries);
  }
  Bytes snapshot() {
    Bytes out;
    write_snapshot(open(), [&](ByteView piece) { append(out, piece); });
    return out;
  }
  Ledger open_at(const std::string& directory) {
    return Ledger::open(directory, ring.clone(), kColumns, clock);
  }
  bool nothing_left(const std::string& place) const {
    for (const auto& entry : boost::filesystem::directory_iterator(dir.path()))
      if (entry.path().string().starts_with(place)) return false;
    return true;
  }
};

SnapshotState load(ByteView snapshot, const std::string& place, std::size_t piece = 1000) {
  SnapshotLoader loader(place);
  for (std::size_t at = 0; at < snapshot.size(); at += piece)
    loader.update(snapshot.subspan(at).first(std::min(piece, snapshot.size() - at)));
  SnapshotState state = loader.finish();
  loader.put_in_place();
  return state;
}

/// Every entry, row and record opens, and is what it was.
void check_whole(Ledger& ledger, std::uint64_t entries) {
  Reader reader = ledger.read();
  REQUIRE(reader.size() == entries);
  for (Seq seq = 0; seq < entries; ++seq) REQUIRE(reader.entry(seq).content == number(seq));
  REQUIRE(reader.rows(1) == entries);
  for (std::uint64_t i = 0; i < entries; ++i) {
    REQUIRE(load_u64(reader.cell(kNumber, static_cast<Row>(i)).data()) == i);
    REQUIRE(reader.record(kNotes, reader.token("note", number(i))) == number(i));
    REQUIRE(reader.lookup(reader.token("note", number(i))) == i);
  }
  CHECK(check_checkpoints(ledger).empty());
}

}  // namespace

TEST_CASE("snapshot: what is loaded is the archive, keys included") {
  Filled f;
  const std::string place = f.dir / "restored";
  const Bytes snapshot = f.snapshot();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{4096}, snapshot.size()}) {
    const SnapshotState state = load(snapshot, place, piece);
    CHECK(state.checkpoint.size == 300);
    CHECK(state.checkpoint_note == f.open().read().checkpoint());
    Ledger restored = f.open_at(place);
    check_whole(restored, 300);
    CHECK(read_slots(place) == read_slots(f.path));
    struct stat status {};
    REQUIRE(stat((place + "/keys/a.age").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    add_entries(restored, 300, 310);  // and it can be written on
    boost::filesystem::remove_all(place);
  }
}

TEST_CASE("snapshot: it is never put over anything") {
  Filled f(3);
  const Bytes snapshot = f.snapshot();
  CHECK(code_of([&] { load(snapshot, f.path); }) == ErrorCode::conflict);
  const std::string place = f.dir / "restored";
  SnapshotLoader loader(place);
  loader.update(snapshot);
  loader.finish();
  boost::filesystem::create_directory(place);
  CHECK(code_of([&] { loader.put_in_place(); }) == ErrorCode::conflict);
}

TEST_CASE("snapshot: cut anywhere it is refused, and leaves nothing behind") {
  Filled f(5);
  const Bytes snapshot = f.snapshot();
  const std::string place = f.dir / "restored";
  for (std::size_t size = 0; size < snapshot.size(); size += 1 + size / 40) {
    CHECK(code_of([&] { load(ByteView(snapshot).first(size), place); }) == ErrorCode::corrupt);
    REQUIRE(f.nothing_left(place));
  }
  Bytes longer = snapshot;
  longer.push_back(1);
  CHECK(code_of([&] { load(longer, place); }) == ErrorCode::corrupt);
  CHECK(f.nothing_left(place));
}

TEST_CASE("snapshot: flipped anywhere it is refused, or the archive made of it is found damaged") {
  Filled f(5);
  Bytes snapshot = f.snapshot();
  const std::string place = f.dir / "restored";
  int opened = 0;
  for (std::size_t at = 0; at < snapshot.size(); at += 1 + at / 200) {
    snapshot[at] ^= 0x10;
    const auto loaded = code_of([&] { load(snapshot, place); });
    if (loaded) {
      INFO(at);
      CHECK((loaded == ErrorCode::corrupt || loaded == ErrorCode::unsupported || loaded == ErrorCode::io));
      CHECK(f.nothing_left(place));
    } else {
      ++opened;  // a seal or a signature tells, when it is read
    }
    snapshot[at] ^= 0x10;
    boost::filesystem::remove_all(place);
  }
  CHECK(opened > 0);
}

TEST_CASE("snapshot: hostile records are refused") {
  const dalil::testing::TempDir dir;
  using snapshot::RecordKind;
  const auto refused = [&](const std::function<void(Bytes&)>& fill) {
    Bytes bytes(snapshot::kMagic.begin(), snapshot::kMagic.end());
    fill(bytes);
    return code_of([&] { load(bytes, dir / "x"); });
  };
  for (const char* name : {"../a.age", "a/b.age", "", ".age", "data.mdb", "a.age/", "x\ny.age"})
    CHECK(refused([&](Bytes& b) { append_record(b, RecordKind::key_file, as_bytes(name), text("k")); }) ==
          ErrorCode::corrupt);
  CHECK(refused([](Bytes& b) { append_record(b, RecordKind::table, as_bytes("lock"), {}); }) ==
        ErrorCode::unsupported);
  CHECK(refused([](Bytes& b) { append_record(b, RecordKind::value, as_bytes("k"), {}); }) ==
        ErrorCode::corrupt);
  CHECK(refused([](Bytes& b) {
          b.insert(b.end(), {3, 0xff, 0xff, 0xff, 0xff, 0x7f});
        }) == ErrorCode::corrupt);
  CHECK(refused([](Bytes& b) { b.insert(b.end(), {1, 0x80, 0x00}); }) == ErrorCode::corrupt);
  CHECK(refused([](Bytes& b) {
          append_record(b, RecordKind::table, as_bytes("entries"), {});
          append_record(b, RecordKind::value, as_bytes("b"), as_bytes("1"));
          append_record(b, RecordKind::value, as_bytes("a"), as_bytes("1"));
        }).has_value());
  CHECK(boost::filesystem::is_empty(dir.path()));
}

TEST_CASE("snapshot: each of a hundred that are taken beside a writer is one commit, whole") {
  Filled f(10);
  Ledger writing = f.open();
  std::atomic<bool> stop{false};
  std::atomic<int> room{
      300};  // a writer that is faster than what is looked at here would never be caught up with
  std::thread writer([&] {
    for (int at = 10; !stop;) {
      if (room < 3) {
        std::this_thread::yield();
        continue;
      }
      add_entries(writing, at, at + 3);
      at += 3;
      room -= 3;
    }
  });
  const Ledger reading = f.open();
  std::uint64_t last = 0, states = 0;
  std::vector<Bytes> taken;
  for (int i = 0; i < 100; ++i) {
    Bytes out;
    const SnapshotState state = write_snapshot(reading, [&](ByteView piece) { append(out, piece); });
    CHECK(state.checkpoint.size >= last);
    states += state.checkpoint.size != last ? 1 : 0;
    last = state.checkpoint.size;
    const std::string place = f.dir / "restored";
    load(out, place, 1 << 16);
    Ledger restored = f.open_at(place);
    check_whole(restored, state.checkpoint.size);
    boost::filesystem::remove_all(place);
    room = 120;
  }
  stop = true;
  writer.join();
  CHECK(states > 10);
}

TEST_CASE("snapshot: a database that was replaced meanwhile is told") {
  Filled f(10);
  const Ledger reading = f.open();
  const std::string fresh = path_for_fresh_database(f.path);
  copy_ledger(f.open(), fresh, reading.keyring());
  replace_database(f.path, fresh);
  CHECK(code_of([&] { write_snapshot(reading, [](ByteView) {}); }) == ErrorCode::locked);
}
