#include "dalil/archive/snapshot.hpp"

#include <boost/filesystem.hpp>
#include <fstream>

#include "archive/archive_fixture.hpp"
#include "dalil/archive/recovery.hpp"
#include "dalil/files/handle.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

struct Snapshot : ArchiveFixture {
  std::vector<crypto::age::Identity> identities;
  std::string file = dir / "snapshot.age", place = dir / "restored";
  SnapshotMade made;

  Snapshot() {
    Archive archive = open();
    Editor editor = archive.edit();
    editor.add_volume(volume_named("disk"));
    for (int i = 0; i < 50; ++i)
      editor.add_copy(copy_of(0, "DCIM", "file " + std::to_string(i), std::to_string(i)));
    editor.make_recovery_key("");
    editor.commit();
    View view = archive.view();
    identities = recovery_identities(view);
    Bytes bytes;
    made =
        write_snapshot(archive, {identities[0].recipient()}, [&](ByteView piece) { append(bytes, piece); });
    write(bytes);
  }
  void write(ByteView bytes) const { std::ofstream(file, std::ios::binary) << as_chars(bytes); }
  void restore(const SnapshotNote& note, const std::string& signed_note) const {
    SnapshotRestore restored(file, note, identities, place);
    restored.check(signed_note, ring.clone());
    restored.put_in_place();
  }
  bool nothing_left() const {
    for (const auto& entry : boost::filesystem::directory_iterator(dir.path()))
      if (entry.path().string().starts_with(place)) return false;
    return true;
  }
};

}  // namespace

TEST_CASE("a snapshot's note prints and parses back, and no other text does") {
  SnapshotNote note{"dalil/ab",
                    {1505118600000},
                    {"dalil/ab", 7, crypto::sha256(as_bytes("r"))},
                    crypto::sha256(as_bytes("f")),
                    1000};
  const std::string text = note.text();
  CHECK(SnapshotNote::parse(text) == note);
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK_FALSE(SnapshotNote::parse(std::string_view(text).substr(0, size)));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(SnapshotNote::parse(changed) != note);
  }
  CHECK_FALSE(SnapshotNote::parse(text + "\n"));
  CHECK_FALSE(SnapshotNote::parse(text + "more\n"));
}

TEST_CASE("an archive comes back from its snapshot, sound, and its note is signed by the opener") {
  const Snapshot f;
  CHECK(f.made.stated.checkpoint.size == f.open().view().reader().size());
  f.restore(f.made.stated, f.made.note);
  const Archive archive = Archive::open(f.place, f.ring.clone(), f.clock);
  View view = archive.view();
  CHECK(view.item_count() == 50);
  CHECK(recovery_identities(view).front().recipient() == f.identities[0].recipient());
  CHECK(is_sound(archive));
  CHECK(code_of([&] { f.restore(f.made.stated, f.made.note); }) == ErrorCode::conflict);
}

TEST_CASE("a snapshot whose file was changed anywhere is refused before it is decrypted") {
  const Snapshot f;
  const Bytes good = files::read_small_file(f.file);
  for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 60) {
    Bytes bad = good;
    bad[at] ^= 4;
    f.write(bad);
    CHECK(code_of([&] { f.restore(f.made.stated, f.made.note); }) == ErrorCode::corrupt);
    f.write(ByteView(good).first(at));
    CHECK(code_of([&] { f.restore(f.made.stated, f.made.note); }) == ErrorCode::corrupt);
    REQUIRE(f.nothing_left());
  }
}

TEST_CASE("a snapshot whose note was signed by somebody else, or says another state, is refused") {
  const Snapshot f;
  const auto stranger = crypto::SigningKey::generate();
  merkle::Note forged{f.made.stated.text(), {}};
  merkle::sign(forged, f.made.stated.origin, stranger);
  CHECK(code_of([&] { f.restore(f.made.stated, forged.encode()); }) == ErrorCode::corrupt);
  SnapshotNote other = f.made.stated;
  --other.checkpoint.size;
  CHECK(code_of([&] { f.restore(other, f.made.note); }) == ErrorCode::corrupt);
  CHECK(f.nothing_left());
}

TEST_CASE("a snapshot does not open with another key, or in another archive's place") {
  const Snapshot f;
  std::vector<crypto::age::Identity> others;
  others.push_back(crypto::age::Identity::generate());
  CHECK(code_of([&] { SnapshotRestore(f.file, f.made.stated, others, f.place); }) == ErrorCode::wrong_key);
  CHECK(code_of([&] { SnapshotRestore(f.file, f.made.stated, f.identities, f.path); }) ==
        ErrorCode::conflict);
  SnapshotRestore restored(f.file, f.made.stated, f.identities, f.place);
  CHECK(code_of([&] { restored.check(f.made.note, ledger::Keyring::generate("Eve")); }) ==
        ErrorCode::wrong_key);
}

TEST_CASE("a snapshot tells neither names nor digests") {
  const Snapshot f;
  const std::string bytes(as_chars(files::read_small_file(f.file)));
  for (const std::string word : {"disk", "DCIM", "file 7", "Amal", "data.mdb", "entries", "archivist"}) {
    CHECK(bytes.find(word) == std::string::npos);
    CHECK(f.made.note.find(word) == std::string::npos);
  }
}
