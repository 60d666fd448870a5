#include <catch2/catch.hpp>

#include "dalil/drives/drive.hpp"

using namespace dalil;
using namespace dalil::drives;

namespace {
DriveNote sample() {
  DriveNote note;
  note.origin = "dalil/0123456789abcdef";
  note.volume_id = "V2";
  note.drive.id.fill(7);
  note.drive.sequence = 3;
  note.drive.files = 12;
  note.drive.bytes = 34567;
  note.time = *UtcTime::from_rfc3339("2026-11-25T13:00:00Z");
  note.checkpoint = {note.origin, 99, {}};
  note.tag_files = {{"bagit.txt", {}}, {"manifest-sha256.txt", {}}};
  return note;
}
}  // namespace

TEST_CASE("a drive's note says again what it was made from") {
  const std::string text = sample().text();
  const auto read = DriveNote::parse(text);
  REQUIRE(read);
  CHECK(read->text() == text);
  CHECK(read->drive.id == sample().drive.id);
  CHECK(read->tag_files == sample().tag_files);
  CHECK(read->checkpoint == sample().checkpoint);
}

TEST_CASE("a note that is cut anywhere in a line, or changed in form, is none") {
  const std::string text = sample().text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    const auto cut = DriveNote::parse(text.substr(0, i));
    if (cut) CHECK(cut->text() == text.substr(0, i));
    std::string flipped = text;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x20);
    const auto read = DriveNote::parse(flipped);
    if (read) CHECK(read->text() == flipped);
  }
  CHECK(!DriveNote::parse(text + "x"));
  CHECK(!DriveNote::parse(""));
}
