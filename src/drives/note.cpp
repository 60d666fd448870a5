#include <fmt/format.h>

#include <charconv>

#include "dalil/base/text.hpp"
#include "dalil/drives/drive.hpp"

namespace dalil::drives {

namespace {

constexpr std::string_view kMagic = "dalil.drive/v1";

/// The line without its line feed; absent at the end.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == rest.npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

/// The words after `key`, parted by single blanks; empty unless there are `count`. The last one takes the
/// rest.
std::vector<std::string_view> words_after(std::string_view line, std::string_view key, std::size_t count) {
  if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ') return {};
  line.remove_prefix(key.size() + 1);
  std::vector<std::string_view> words;
  while (words.size() + 1 < count) {
    const std::size_t blank = line.find(' ');
    if (blank == line.npos) return {};
    words.push_back(line.substr(0, blank));
    line.remove_prefix(blank + 1);
  }
  words.push_back(line);
  return words;
}

bool read_number(std::string_view text, std::uint64_t& value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

bool read_fields(DriveNote& note, std::string_view& rest) {
  const auto line = [&rest] { return take_line(rest).value_or(std::string_view()); };
  const auto origin = line();
  note.origin = origin;
  const auto volume = words_after(line(), "volume", 2);
  const auto kind = words_after(line(), "kind", 1);
  const auto sequence = words_after(line(), "sequence", 1);
  const auto time = words_after(line(), "time", 1);
  const auto files = words_after(line(), "files", 3);
  const auto checkpoint = words_after(line(), "checkpoint", 2);
  if (volume.empty() || kind.empty() || sequence.empty() || time.empty() || files.empty() ||
      checkpoint.empty())
    return false;
  note.volume_id = volume[0];
  const auto id = from_hex(volume[1]);
  const auto at = UtcTime::from_rfc3339(time[0]);
  const auto root = from_base64(checkpoint[1]);
  if (!id || id->size() != note.drive.id.size() || !at || !root || root->size() != Digest::kSize)
    return false;
  std::copy(id->begin(), id->end(), note.drive.id.begin());
  note.drive.kind = kind[0] == "sealed" ? archive::DriveKind::sealed : archive::DriveKind::plain;
  note.time = *at;
  note.checkpoint.origin = note.origin;
  note.checkpoint.root = Digest::from_bytes(*root);
  return read_number(sequence[0], note.drive.sequence) && read_number(files[0], note.drive.files) &&
         read_number(files[2], note.drive.bytes) && read_number(checkpoint[0], note.checkpoint.size);
}

}  // namespace

std::string DriveNote::text() const {
  std::string out = fmt::format(
      "{}\n{}\nvolume {} {}\nkind {}\nsequence {}\ntime {}\nfiles {} bytes {}\ncheckpoint {} {}\n", kMagic,
      origin, volume_id, to_hex(drive.id), archive::name_of(drive.kind), drive.sequence, time.rfc3339(),
      drive.files, drive.bytes, checkpoint.size, to_base64(checkpoint.root.view()));
  for (const auto& [path, digest] : tag_files) out += fmt::format("sha256 {} {}\n", digest.hex(), path);
  return out;
}

std::optional<DriveNote> DriveNote::parse(std::string_view whole) {
  std::string_view rest = whole;
  DriveNote note;
  if (take_line(rest) != kMagic || !read_fields(note, rest)) return std::nullopt;
  while (const auto line = take_line(rest)) {
    const auto words = words_after(*line, "sha256", 2);
    const auto digest = words.empty() ? std::nullopt : Digest::from_hex(words[0]);
    if (!digest) return std::nullopt;
    note.tag_files.emplace_back(words[1], *digest);
  }
  if (note.text() != whole) return std::nullopt;
  return note;
}

}  // namespace dalil::drives
