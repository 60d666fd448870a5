#include "dalil/archive/thumbnails.hpp"

#include "archive_fixture.hpp"
#include "plain_jpeg.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

struct Album : ArchiveFixture {
  Row volume = ledger::kNoRow;
  Digest add(const std::string& name) {
    Archive archive = open();
    Editor editor = archive.edit();
    if (volume == ledger::kNoRow) volume = editor.add_volume(volume_named("disk"));
    const Copy copy = copy_of(volume, "", name, name);
    editor.add_copy(copy);
    editor.commit();
    return copy.digest;
  }
  void put(const Digest& digest, const media::Thumbnails& thumbnails) {
    Archive archive = open();
    Editor editor = archive.edit();
    put_thumbnails(editor, digest, thumbnails);
    editor.commit();
  }
  std::optional<media::Thumbnails> get(const Digest& digest) {
    const Archive archive = open();
    View view = archive.view();
    const auto item = view.find_item(digest);
    return item ? thumbnails_of(view, *item) : std::nullopt;
  }
};

const media::Thumbnails kOne{{{0, plain_jpeg()}}, ""};
const media::Thumbnails kTwo{{{1000, plain_jpeg(16, 9)}, {3000, plain_jpeg(9, 16)}}, ""};

}  // namespace

TEST_CASE("thumbnails are kept beside the ledger, and the newest hold") {
  Album album;
  const Digest a = album.add("a"), b = album.add("b");
  const std::uint64_t entries = album.open().view().reader().size();
  album.put(a, kOne);
  CHECK(album.get(a) == kOne);
  CHECK(!album.get(b));
  album.put(a, kTwo);
  CHECK(album.get(a) == kTwo);
  const Archive archive = album.open();
  View view = archive.view();
  CHECK(view.reader().size() == entries);
  CHECK(items_with_thumbnails(view) == 1);
  CHECK(has_thumbnails(view, a));
  CHECK(!has_thumbnails(view, b));
  const CheckReport report = check(archive);
  CHECK(report.problems.empty());
}

TEST_CASE("a rebuild and a change of keys carry thumbnails along") {
  Album album;
  const Digest a = album.add("a"), b = album.add("b");
  album.put(a, kOne);
  album.put(b, kTwo);
  CHECK(rebuild(album.path, album.ring.clone(), album.clock).thumbnails_kept == 2);
  CHECK(album.get(b) == kTwo);
  rotate_keys(album.path, album.ring.clone(), "test", album.clock);
  CHECK(album.get(a) == kOne);
  CHECK(album.get(b) == kTwo);
  const Rebuilt dropped = rebuild(album.path, album.ring.clone(), album.clock, {}, Thumbnails::drop);
  CHECK(dropped.thumbnails_dropped == 2);
  CHECK(!album.get(a));
}

TEST_CASE("what belongs to no item is found by a check and dropped by a rebuild") {
  Album album;
  const Digest a = album.add("a");
  album.put(a, kOne);
  album.put(crypto::sha256(as_bytes("nobody's")), kTwo);
  CHECK(check(album.open()).problems.size() == 1);
  const Rebuilt rebuilt = rebuild(album.path, album.ring.clone(), album.clock);
  CHECK(rebuilt.thumbnails_kept == 1);
  CHECK(rebuilt.thumbnails_dropped == 1);
  CHECK(check(album.open()).problems.empty());
}

TEST_CASE("redaction of a copy takes the thumbnails of its item") {
  Album album;
  const Digest a = album.add("a"), b = album.add("b");
  album.put(a, kOne);
  album.put(b, kTwo);
  Seq seq = 0;
  {
    const Archive archive = album.open();
    View view = archive.view();
    seq = view.copies_of(*view.find_item(a)).front().row.seq;
  }
  redact(album.path, album.ring.clone(), {seq}, "asked for", album.clock);
  CHECK(album.get(b) == kTwo);
  album.add("a");  // the content is seen again: its thumbnails are not
  CHECK(!album.get(a));
}

TEST_CASE("an auditor can neither see, make, nor ask for thumbnails") {
  Album album;
  const Digest a = album.add("a");
  album.put(a, kOne);
  const ledger::Keyring auditor = album.admit(ledger::Role::auditor, "Sami");
  Archive archive = album.open(auditor);
  View view = archive.view();
  const auto refused = [](auto&& act) {
    try {
      act();
      return false;
    } catch (const Error& error) {
      return error.code() == ErrorCode::wrong_key;
    }
  };
  CHECK(refused([&] { thumbnails_of(view, *view.find_item(a)); }));
  CHECK(refused([&] { has_thumbnails(view, a); }));
  Editor editor = archive.edit();
  CHECK(refused([&] { put_thumbnails(editor, a, kTwo); }));
}
