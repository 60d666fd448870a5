#include "dalil/ledger/ledger.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <fstream>

#include "dalil/base/error.hpp"
#include "ledger/ledger_fixture.hpp"

using namespace dalil;
using namespace dalil::ledger;
using namespace dalil::ledger::testing;

TEST_CASE("entries come back as they were appended") {
  Fixture f;
  {
    Ledger ledger = f.open();
    Writer writer = ledger.write();
    for (int i = 0; i < 1000; ++i)
      CHECK(writer.append({i % 2 == 0 ? SealClass::inventory : SealClass::evidence,
                           text(std::to_string(i))}) == static_cast<Seq>(i));
    writer.commit();
  }
  Ledger ledger = f.open();
  Reader reader = ledger.read();
  REQUIRE(reader.size() == 1000);
  for (Seq seq = 0; seq < 1000; ++seq) {
    const Entry entry = reader.entry(seq);
    REQUIRE(entry.state == Entry::State::open);
    CHECK(entry.content == text(std::to_string(seq)));
    CHECK(ledger::commit(entry.salt, entry.content) == entry.line.commitment);
    CHECK(PublicLine::parse(entry.line.text()) == entry.line);
  }
}

TEST_CASE("every entry has an inclusion proof under the signed checkpoint") {
  Fixture f;
  Ledger ledger = f.open();
  Writer writer = ledger.write();
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 217; ++i) writer.append({SealClass::inventory, text("x")});
    writer.commit();
    Reader reader = ledger.read();
    const auto checkpoint = merkle::Checkpoint::parse(merkle::Note::parse(reader.checkpoint())->text);
    REQUIRE(checkpoint->size == reader.size());
    const auto nodes = reader.nodes();
    for (Seq seq = 0; seq < reader.size(); seq += 13) {
      const auto proof = merkle::inclusion_proof(seq, reader.size(), nodes);
      const std::string line = reader.line(seq).text();
      CHECK(merkle::verify_inclusion(merkle::leaf_hash(as_bytes(line)), seq, reader.size(), proof,
                                     checkpoint->root));
    }
  }
}

TEST_CASE("what was not committed is forgotten") {
  Fixture f;
  Ledger ledger = f.open();
  {
    Writer writer = ledger.write();
    writer.append({SealClass::inventory, text("kept")});
    writer.commit();
    writer.append({SealClass::inventory, text("lost")});
    writer.set(kNumber, writer.add_row(1), number(1));
  }
  Reader reader = ledger.read();
  CHECK(reader.size() == 1);
  CHECK(reader.rows(1) == 0);
}

TEST_CASE("columns keep values of every row over commits and blocks") {
  Fixture f;
  Ledger ledger = f.open();
  {
    Writer writer = ledger.write();
    for (Row row = 0; row < 100; ++row) {
      REQUIRE(writer.add_row(1) == row);
      writer.set(kNumber, row, number(row * 3));
      if (row % 3 == 0) writer.set(kText, row, text("t" + std::to_string(row)));
      if (row % 7 == 0) writer.commit();
    }
    writer.set(kNumber, 5, number(999));
    CHECK(load_u64(writer.cell(kNumber, 5).data()) == 999);
    writer.commit();
  }
  Reader reader = f.open().read();
  REQUIRE(reader.rows(1) == 100);
  for (Row row = 0; row < 100; ++row) {
    CHECK(load_u64(reader.cell(kNumber, row).data()) == (row == 5 ? 999 : row * 3));
    CHECK(as_chars(reader.cell(kText, row)) == (row % 3 == 0 ? "t" + std::to_string(row) : ""));
  }
  Row seen = 0;
  reader.scan(kNumber, [&](Row first, Row count, ByteView values) {
    CHECK(first == seen);
    CHECK(values.size() == count * 8U);
    seen += count;
    return true;
  });
  CHECK(seen == 100);
}

TEST_CASE("more blocks than are held at once stay right") {
  Fixture f;
  Ledger ledger = f.open();
  constexpr Row kRows = 4 * 3000;  // 3,000 blocks of the text column
  {
    Writer writer = ledger.write();
    for (Row row = 0; row < kRows; ++row) writer.set(kText, writer.add_row(1), number(row));
    for (Row row = 0; row < kRows; row += 1013) writer.set(kNumber, row, number(row));
    writer.commit();
  }
  Reader reader = ledger.read();
  for (Row row = 0; row < kRows; row += 17) CHECK(load_u64(reader.cell(kText, row).data()) == row);
  for (Row row = 0; row < kRows; row += 1013) CHECK(load_u64(reader.cell(kNumber, row).data()) == row);
}

TEST_CASE("records and lookups are found by their token only") {
  Fixture f;
  Ledger ledger = f.open();
  {
    Writer writer = ledger.write();
    for (int i = 0; i < 300; ++i) {
      const Token token = writer.token("note", number(i));
      CHECK_FALSE(writer.lookup(token));
      writer.put_record(kNotes, token, text("note " + std::to_string(i)));
      writer.put_lookup(token, i);
      CHECK(writer.lookup(token) == static_cast<std::uint64_t>(i));
    }
    writer.put_record(kNotes, writer.token("note", number(7)), text("changed"));
    writer.commit();
    CHECK(writer.lookup(writer.token("note", number(7))) == 7U);
  }
  Reader reader = ledger.read();
  CHECK(*reader.record(kNotes, reader.token("note", number(7))) == text("changed"));
  CHECK_FALSE(reader.record(kNotes, reader.token("memo", number(7))));
  CHECK(reader.lookup(reader.token("note", number(8))) == 8U);
  std::size_t count = 0;
  reader.for_each_record(kNotes, [&](ByteView) { return ++count > 0; });
  CHECK(count == 300);
}

TEST_CASE("a role sees its classes and no others") {
  Fixture f;
  {
    Ledger ledger = f.open();
    Writer writer = ledger.write();
    writer.append({SealClass::inventory, text("path")});
    writer.append({SealClass::evidence, text("link")});
    writer.append({SealClass::source, text("name")});
    const Row row = writer.add_row(1);
    writer.set(kText, row, text("evidence"));
    writer.add_row(2);
    writer.commit();
  }
  Ledger auditor = f.open_as(Role::auditor);
  Reader reader = auditor.read();
  CHECK(reader.entry(0).state == Entry::State::open);
  CHECK(reader.entry(1).state == Entry::State::not_visible);
  CHECK(reader.entry(1).content.empty());
  CHECK(reader.entry(2).state == Entry::State::not_visible);
  CHECK(code_of([&] { reader.cell(kText, 0); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { reader.cell(kSecret, 0); }) == ErrorCode::wrong_key);
  CHECK(load_u64(reader.cell(kNumber, 0).data()) == 0);
  Ledger investigator = f.open_as(Role::investigator);
  Reader second = investigator.read();
  CHECK(as_chars(second.cell(kText, 0)) == "evidence");
  CHECK(second.entry(2).state == Entry::State::not_visible);
}

TEST_CASE("one writer at a time") {
  Fixture f;
  Ledger ledger = f.open();
  Writer writer = ledger.write();
  // That others can open it meanwhile is for other processes to try (opening_scenario.py): within one, LMDB
  // would set up the locks anew that the writer holds.
  CHECK(code_of([&] { (void)ledger.write(); }) == ErrorCode::locked);
}

TEST_CASE("a key of another archive is refused") {
  Fixture f;
  CHECK(code_of([&] { Ledger::open(f.path, Keyring::generate("Eve"), kColumns, f.clock); }) ==
        ErrorCode::wrong_key);
  CHECK(code_of([&] { Ledger::open(f.dir / "nothing", f.ring.clone(), kColumns, f.clock); }) ==
        ErrorCode::no_archive);
  CHECK(code_of([&] { Ledger::create(f.path, f.ring, kColumns, {}, {}, f.clock); }) == ErrorCode::conflict);
}

TEST_CASE("a truncated database is refused before it is mapped") {
  Fixture f;
  {
    Ledger ledger = f.open();
    Writer writer = ledger.write();
    for (int i = 0; i < 200; ++i) writer.append({SealClass::inventory, Bytes(1000, 7)});
    writer.commit();
  }
  const std::string data = f.path + "/data.mdb";
  std::ifstream file(data, std::ios::ate | std::ios::binary);
  const auto size = static_cast<off_t>(file.tellg());
  for (const off_t cut : {off_t{0}, off_t{100}, off_t{4096}, size / 2, size - 4096}) {
    REQUIRE(truncate(data.c_str(), cut) == 0);
    CHECK(code_of([&] { f.open(); }) == ErrorCode::corrupt);
  }
}

TEST_CASE("the keyring survives its text form") {
  const Keyring ring = Keyring::generate("أمل");
  const Keyring back = Keyring::decode(ring.encode().view());
  CHECK(back.actor_name() == ring.actor_name());
  CHECK(back.archive_id() == ring.archive_id());
  CHECK(back.actor() == ring.actor());
  for (const SealClass c : kSealClasses) CHECK(back.can_read(c));
  const Keyring auditor = Keyring::decode(ring.derive(Role::auditor, "x").encode().view());
  CHECK(auditor.can_read(SealClass::inventory));
  CHECK_FALSE(auditor.can_read(SealClass::evidence));
  const crypto::Secret encoded = ring.encode();
  for (std::size_t size = 0; size < encoded.size() - 1; ++size)
    CHECK(code_of([&] { Keyring::decode(encoded.view().first(size)); }) == ErrorCode::corrupt);
}
