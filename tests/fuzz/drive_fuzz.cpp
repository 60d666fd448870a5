// A drive's note from anywhere is refused or says again what it was read from. A line of a drive's list is
// refused or names a file below the payload's folder, by one spelling.
#include <cstdlib>

#include "dalil/drives/drive.hpp"
#include "dalil/formats/bagit.hpp"
#include "edits.hpp"
#include "offline_parts.hpp"

using namespace dalil;

namespace {

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

std::vector<Bytes> samples() {
  drives::DriveNote note;
  note.origin = "dalil/0123";
  note.volume_id = "V2";
  note.time = UtcTime{1'764'000'000'000};
  note.checkpoint.origin = note.origin;
  note.tag_files = {{"bagit.txt", {}}, {"manifest-sha256.txt", {}}};
  return {bytes_of(note.text()), bytes_of(formats::bagit::manifest_line(Digest{}.view(), "data/a/b%\n")),
          bytes_of(Digest{}.hex() + "  objects/aa/bb.age")};
}

void read_line(std::string_view line, archive::DriveKind kind) {
  drives::offline::Statement statement;
  statement.kind = kind;
  statement.payload = kind == archive::DriveKind::plain ? "data" : "objects";
  const auto listed = drives::offline::listed_from(line, statement);
  if (!listed) return;
  const std::string framed = "/" + listed->path + "/";
  if (!listed->path.starts_with(std::string(statement.payload) + "/") || framed.find("/../") != framed.npos ||
      framed.find("/./") != framed.npos || framed.find("//") != framed.npos ||
      framed.find('\0') != framed.npos)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Bytes> all = samples();
  const Bytes input = fuzz::input_from({data, size}, all);
  const std::string_view text = as_chars(input);
  const auto note = drives::DriveNote::parse(text);
  if (note && note->text() != text) std::abort();
  read_line(text, archive::DriveKind::plain);
  read_line(text, archive::DriveKind::sealed);
  return 0;
}
