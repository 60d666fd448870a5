#include "refs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "dalil/base/error.hpp"
#include "dalil/base/shell.hpp"
#include "dalil/base/text.hpp"
#include "dalil/base/unescape.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/read.hpp"
#include "forms.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kFewestDigits = 4;

bool looks_like_digits(std::string_view text) {
  return text.size() >= kFewestDigits && text.size() <= 2 * Digest::kSize &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

archive::Row item_by_digits(archive::View& view, const std::string& digits) {
  if (const auto digest = Digest::from_hex(digits)) {
    if (const auto row = view.find_item(*digest)) return *row;
    throw Error(ErrorCode::not_found, "no item has the digest " + in_quotes(digits));
  }
  const auto rows = view.find_items_by_prefix(digits, 2);
  if (rows.empty()) throw Error(ErrorCode::not_found, "no item's digest begins with " + in_quotes(digits));
  if (rows.size() > 1) {
    throw Error(ErrorCode::conflict, "several items' digests begin with " + in_quotes(digits),
                "give more digits");
  }
  return rows.front();
}

std::optional<archive::Row> find_copy(archive::View& view, const archive::Volume& volume,
                                      std::string_view path) {
  const auto slash = path.find_last_of('/');
  const std::string_view directory =
      slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  for (const archive::CopyRow& row : view.directory(volume.row, directory)) {
    if (row.name == name && row.item != ledger::kNoRow) return row.item;
  }
  return std::nullopt;
}

/// By its path as the disk has it, or else as it is shown: what was printed can be given back.
archive::Row item_by_copy(archive::View& view, const archive::Volume& volume, std::string_view path) {
  if (const auto row = find_copy(view, volume, path)) return *row;
  if (const auto raw = unescape_displayed(path); raw && *raw != path)
    if (const auto row = find_copy(view, volume, *raw)) return *row;
  throw Error(
      ErrorCode::not_found, fmt::format("volume {} has no copy {}", in_quotes(volume.label), in_quotes(path)),
      "paths are relative to the volume's root; see: dalil find --volume " + shell_word(volume.label));
}

}  // namespace

std::string path_within(std::string path) {
  while (!path.empty() && path.back() == '/') path.pop_back();
  path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
  return path;
}

std::string in_quotes(std::string_view raw) {
  return "'" + escape_for_display(raw) + "'";
}

archive::Volume volume_named(archive::View& view, const std::string& label_or_id) {
  if (auto volume = view.find_volume(label_or_id)) return std::move(*volume);
  throw Error(
      ErrorCode::not_found, "no volume " + in_quotes(label_or_id),
      "volumes are listed by: dalil volume list; a new one is made with: dalil volume add LABEL --kind KIND");
}

archive::Row incident_named(archive::View& view, const std::string& id) {
  if (const auto row = view.find_incident(id)) return *row;
  throw Error(ErrorCode::not_found, "no incident " + in_quotes(id),
              "incidents are listed by: dalil incident list; they come in with: dalil incident import FILE");
}

archive::Row source_named(archive::View& view, const std::string& alias) {
  if (const auto row = view.find_source(alias)) return *row;
  throw Error(ErrorCode::not_found, "no source " + in_quotes(alias),
              "sources are listed by: dalil source list; a new one is made with: dalil source add ALIAS");
}

archive::Row item_named(archive::View& view, const std::string& text) {
  if (looks_like_digits(text)) return item_by_digits(view, text);
  if (const auto colon = text.find(':'); colon != std::string::npos && colon > 0) {
    if (const auto volume = view.find_volume(text.substr(0, colon))) {
      return item_by_copy(view, *volume, std::string_view(text).substr(colon + 1));
    }
  }
  if (access(text.c_str(), F_OK) != 0) {
    throw Error(ErrorCode::not_found, "no item " + in_quotes(text),
                "an item is a digest or its first digits, VOLUME:PATH of a copy, or a file on this disk");
  }
  if (const auto row = view.find_item(content_of_file(text).digest)) return *row;
  throw Error(ErrorCode::not_found, "the archive holds no item with the content of " + in_quotes(text),
              "take it in first with: dalil scan FOLDER --volume LABEL");
}

FileContent content_of_file(const std::string& path) {
  const auto slash = path.find_last_of('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const files::Fd directory(open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw system_error("open", path, errno);
  const files::Opened opened = files::open_regular(directory.get(), name.c_str());
  if (opened.error_number != 0) throw system_error("open", path, opened.error_number);
  files::AlignedBuffer buffer(1 << 20);
  crypto::Sha256Stream hash;
  const auto result = files::read_through(opened.fd.get(), buffer,
                                          [&](std::uint64_t, ByteView bytes, bool) { hash.update(bytes); });
  if (!result.ok()) throw system_error("read", path, result.bad.front().error_number);
  return {hash.finish(), result.size_bytes};
}

DateSpan date_range_from(const std::string& option, const std::string& text) {
  if (const auto range = parse_date_range(text)) return *range;
  throw Error(ErrorCode::usage,
              fmt::format("{} is no date or range of dates for {}", in_quotes(text), option),
              "2017, 2017-09, 2017-09-11, or two of them joined by '..': 2017-09..2018");
}

archive::LinkType link_type_named(const std::string& text) {
  if (const auto type = archive::link_type_from(text)) return *type;
  std::string names;
  for (const std::string& name : archive::link_type_names()) names += (names.empty() ? "" : ", ") + name;
  throw Error(ErrorCode::usage, "no link type " + in_quotes(text), "one of: " + names);
}

archive::VolumeKind volume_kind_named(const std::string& text) {
  if (const auto kind = archive::volume_kind_from(text)) return *kind;
  throw Error(ErrorCode::usage, "no kind of volume " + in_quotes(text), "one of: working, backup, source");
}

archive::Consent consent_named(const std::string& text) {
  if (const auto consent = archive::consent_from(text)) return *consent;
  throw Error(ErrorCode::usage, "no scope of consent " + in_quotes(text),
              "one of: archive-only, courts, publish");
}

std::uint64_t size_from(const std::string& option, const std::string& text) {
  if (const auto size = parse_size(text)) return *size;
  throw Error(ErrorCode::usage, fmt::format("{} is no size for {}", in_quotes(text), option),
              "bytes, or with a unit: 500K, 10M, 2G (powers of 1,024), 10MB (powers of 1,000)");
}

std::int64_t timecode_from(const std::string& option, const std::string& text) {
  if (const auto ms = parse_timecode(text)) return *ms;
  throw Error(ErrorCode::usage,
              fmt::format("{} is no position in a recording for {}", in_quotes(text), option),
              "seconds, minutes and seconds, or with hours: 42, 00:42, 1:02:03.5");
}

std::int32_t zone_from(const std::string& option, const std::string& text) {
  // Borrowing the reader of times: it knows what an offset may look like.
  const auto shifted = UtcTime::from_rfc3339("2000-01-02T00:00:00" + text);
  const auto plain = UtcTime::from_rfc3339("2000-01-02T00:00:00Z");
  if (shifted && plain) return static_cast<std::int32_t>((plain->ms - shifted->ms) / 60'000);
  throw Error(ErrorCode::usage, fmt::format("{} is no offset from UTC for {}", in_quotes(text), option),
              "hours and minutes east of it: +03:00, -05:30, Z");
}

}  // namespace dalil::cli
