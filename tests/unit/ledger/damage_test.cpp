// What somebody who can write to the disk may do, and what a disk does on its own.

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "layout.hpp"
#include "ledger/ledger_fixture.hpp"
#include "lmdb.hpp"

using namespace dalil;
using namespace dalil::ledger;
using namespace dalil::ledger::testing;

namespace {

/// Entries of two classes, rows, records and lookups.
struct Filled : Fixture {
  Filled() {
    Ledger ledger = open();
    Writer writer = ledger.write();
    for (int i = 0; i < 300; ++i) {
      writer.append({i % 2 == 0 ? SealClass::inventory : SealClass::evidence, number(i)});
      const Row row = writer.add_row(1);
      writer.set(kNumber, row, number(i));
      writer.set(kText, row, text("text " + std::to_string(i)));
      writer.put_record(kNotes, writer.token("note", number(i)), number(i));
      writer.put_lookup(writer.token("note", number(i)), i);
    }
    writer.commit();
  }
  /// Changes the database as LMDB keeps it, behind the ledger's back.
  void tamper(const char* table, const std::function<void(lmdb::Txn&, MDB_dbi)>& change) const {
    const lmdb::Env env(path, layout::kTableCount);
    lmdb::Txn txn(env, false);
    change(txn, txn.open_table(table, false));
    txn.commit();
  }
  void flip(const char* table, ByteView key, std::size_t at, std::uint8_t mask = 1) const {
    tamper(table, [&](lmdb::Txn& txn, MDB_dbi dbi) {
      const auto old = txn.get(dbi, key);
      REQUIRE(old);
      Bytes value(old->begin(), old->end());
      REQUIRE(at < value.size());
      value[at] ^= mask;
      txn.put(dbi, key, value);
    });
  }
  std::optional<ErrorCode> copying() {
    const std::string to = dir / "copy";
    const auto code = code_of([&] {
      const Ledger from = open();
      copy_ledger(from, to, from.keyring());
    });
    remove_database(to);
    return code;
  }
};

}  // namespace

TEST_CASE("any byte of an entry that is altered is noticed by whoever reads it") {
  Filled f;
  const auto key = layout::seq_key(10);
  std::size_t size = 0;
  f.tamper(layout::kEntries, [&](lmdb::Txn& txn, MDB_dbi dbi) { size = txn.get(dbi, key)->size(); });
  for (std::size_t at = 0; at < size; ++at) {
    f.flip(layout::kEntries, key, at);
    const auto code = code_of([&] { f.open().read().entry(10); });
    CAPTURE(at);
    CHECK((code == ErrorCode::corrupt || code == ErrorCode::unsupported));
    f.flip(layout::kEntries, key, at);
  }
  CHECK(f.open().read().entry(10).content == number(10));
}

TEST_CASE("a public line that is altered where nobody can open the content breaks the tree") {
  Filled f;
  CHECK(!f.copying());
  for (const Seq seq : {Seq{0}, Seq{255}, Seq{256}, Seq{299}}) {
    CAPTURE(seq);
    f.flip(layout::kEntries, layout::seq_key(seq), 9);  // the time
    CHECK(f.copying() == ErrorCode::corrupt);
    f.flip(layout::kEntries, layout::seq_key(seq), 9);
  }
  CHECK(!f.copying());
}

TEST_CASE("values in each other's places do not open") {
  Filled f;
  const auto swap = [&](const char* table, ByteView a, ByteView b) {
    f.tamper(table, [&](lmdb::Txn& txn, MDB_dbi dbi) {
      const auto first = txn.get(dbi, a), second = txn.get(dbi, b);
      REQUIRE((first && second));
      const Bytes x(first->begin(), first->end()), y(second->begin(), second->end());
      txn.put(dbi, a, y);
      txn.put(dbi, b, x);
    });
  };
  swap(layout::kEntries, layout::seq_key(2), layout::seq_key(4));
  CHECK(code_of([&] { f.open().read().entry(2); }) == ErrorCode::corrupt);
  swap(layout::kEntries, layout::seq_key(2), layout::seq_key(4));
  swap(layout::kBlocks, layout::block_key(kNumber, 0), layout::block_key(kNumber, 1));
  CHECK(code_of([&] { f.open().read().cell(kNumber, 0); }) == ErrorCode::corrupt);
  CHECK(code_of([&] { (void)f.open().write().cell(kNumber, 0); }) == ErrorCode::corrupt);
}

TEST_CASE("what is taken away is missed") {
  Filled f;
  const auto remove = [&](const char* table, ByteView key) {
    f.tamper(table, [&](lmdb::Txn& txn, MDB_dbi dbi) {
      MDB_val name{key.size(), const_cast<std::uint8_t*>(key.data())};
      REQUIRE(mdb_del(txn.get(), dbi, &name, nullptr) == 0);
    });
  };
  SECTION("a block") {
    remove(layout::kBlocks, layout::block_key(kText, 3));
    CHECK(code_of([&] { f.open().read().cell(kText, 12); }) == ErrorCode::corrupt);
  }
  SECTION("a record") {
    const Token token = f.open().read().token("note", number(7));
    remove(layout::kRecords, layout::record_key(kNotes.id, token));
    CHECK(code_of([&] { f.open().read().for_each_record(kNotes, [](ByteView) { return true; }); }) ==
          ErrorCode::corrupt);
  }
  SECTION("the last entry") {
    remove(layout::kEntries, layout::seq_key(299));
    CHECK(code_of([&] { f.open(); }) == ErrorCode::corrupt);
  }
  SECTION("the state") {
    remove(layout::kMeta, as_bytes(layout::kMetaState));
    CHECK(code_of([&] { f.open(); }) == ErrorCode::corrupt);
  }
  SECTION("the checkpoint") {
    remove(layout::kMeta, as_bytes(layout::kMetaCheckpoint));
    CHECK(code_of([&] { f.open(); }) == ErrorCode::corrupt);
  }
  SECTION("the signers") {
    remove(layout::kMeta, as_bytes(layout::kMetaSigners));
    CHECK(code_of([&] { f.open(); }) == ErrorCode::corrupt);
  }
}

TEST_CASE("a checkpoint that was altered anywhere closes the archive") {
  Filled f;
  const std::size_t size = f.open().read().checkpoint().size();
  for (std::size_t at = 0; at < size; at += 3) {
    f.flip(layout::kMeta, as_bytes(layout::kMetaCheckpoint), at);
    CAPTURE(at);
    CHECK(code_of([&] { f.open(); }) == ErrorCode::corrupt);
    f.flip(layout::kMeta, as_bytes(layout::kMetaCheckpoint), at);
  }
  CHECK_NOTHROW(f.open());
}

TEST_CASE("an older checkpoint over the newer ledger closes the archive") {
  Filled f;
  const std::string old = f.open().read().checkpoint();
  {
    Ledger ledger = f.open();
    Writer writer = ledger.write();
    writer.append({SealClass::inventory, text("later")});
    writer.commit();
  }
  f.tamper(layout::kMeta, [&](lmdb::Txn& txn, MDB_dbi dbi) {
    txn.put(dbi, as_bytes(layout::kMetaCheckpoint), as_bytes(old));
  });
  CHECK(code_of([&] { f.open(); }) == ErrorCode::corrupt);
}

TEST_CASE("no bit of a meta page's transaction number can bring the last commit but one back") {
  Filled f;
  const std::string data = f.path + "/data.mdb";
  constexpr std::streamoff kTransaction = 16 + 24 + 2 * 48 + 8;
  for (const std::streamoff page : {0, 1}) {
    for (int bit = 0; bit < 64; ++bit) {
      const auto flip_bit = [&] {
        std::fstream file(data, std::ios::binary | std::ios::in | std::ios::out);
        const std::streamoff at = page * 4096 + kTransaction + bit / 8;
        file.seekg(at);
        const int byte = file.get();
        file.seekp(at);
        file.put(static_cast<char>(byte ^ 1 << bit % 8));
      };
      flip_bit();
      CAPTURE(page, bit);
      CHECK(code_of([&] { f.open(); }) == ErrorCode::corrupt);
      flip_bit();
    }
  }
  CHECK(f.open().read().size() == 300);
}

TEST_CASE("a key that is not among the signers cannot write") {
  Filled f;
  Ledger other = Ledger::open(f.path, f.ring.derive(Role::archivist, "Eve"), kColumns, f.clock);
  CHECK(other.read().entry(3).content == number(3));
  CHECK(code_of([&] { (void)other.write(); }) == ErrorCode::wrong_key);
}

TEST_CASE("who opened the archive before its database was replaced cannot write to the old one") {
  Filled f;
  Ledger before = f.open();
  copy_ledger(before, f.dir / "copy", before.keyring());
  replace_database(f.path, f.dir / "copy");
  CHECK(access((f.dir / "copy").c_str(), F_OK) != 0);
  CHECK(code_of([&] { (void)before.write(); }) == ErrorCode::conflict);
  CHECK(before.read().entry(7).content == number(7));
  CHECK(f.open().read().size() == 300);
  CHECK(f.open().read().rows(1) == 0);
}

TEST_CASE("differences between derived tables are told by name") {
  Filled f;
  Ledger a = f.open();
  Reader left = a.read();
  const RecordTable tables[] = {kNotes};
  CHECK(compare_derived(left, left, kColumns, tables).empty());
  {
    Writer writer = a.write();
    writer.set(kNumber, 33, number(1));
    writer.put_record(kNotes, writer.token("note", number(5)), number(6));
    writer.commit();
  }
  Reader right = a.read();
  const auto differences = compare_derived(left, right, kColumns, tables);
  REQUIRE(differences.size() == 2);
  CHECK(differences[0] == "column 'test.number' differs from the ledger at row 33");
  CHECK(differences[1] == "table 'notes' differs from the ledger");
}

TEST_CASE("a failed creation leaves nothing behind") {
  Fixture f;
  const std::string parent = f.dir / "p";
  REQUIRE(mkdir(parent.c_str(), 0700) == 0);
  const std::vector<std::pair<std::string, Bytes>> bad_slot{{"no/such/directory.age", Bytes{1}}};
  CHECK(code_of([&] { Ledger::create(parent + "/new", f.ring, kColumns, bad_slot, {}, f.clock); }) ==
        ErrorCode::io);
  CHECK(rmdir(parent.c_str()) == 0);
}
