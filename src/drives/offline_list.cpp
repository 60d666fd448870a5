#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "dalil/crypto/hash.hpp"
#include "dalil/formats/bagit.hpp"
#include "layout.hpp"
#include "offline_parts.hpp"

namespace dalil::drives::offline {

namespace {

constexpr std::size_t kLongestLine = 1 << 20;
constexpr std::uint64_t kMostSmallBytes = 64 << 20;
constexpr std::size_t kListPiece = 1 << 20;
constexpr std::size_t kDigestDigits = 2 * Digest::kSize;

/// No way out of the payload's folder, and no second spelling of a path.
bool stays_below(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder) || path.size() <= folder.size() + 1 || path[folder.size()] != '/' ||
      path.find('\0') != path.npos)
    return false;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == ".." || slash + 1 == path.size()) return false;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return true;
}

/// Gathers lines from pieces of any size.
class LineSplitter {
 public:
  explicit LineSplitter(std::function<void(std::string_view)> on_line) : on_line_(std::move(on_line)) {}
  void add(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      const std::string_view part = piece.substr(0, end);
      if (begun_.size() <= kLongestLine) begun_ += part;  // what is longer is ill-formed anyway
      if (end == piece.npos) return;
      piece.remove_prefix(end + 1);
      on_line_(begun_);
      begun_.clear();
    }
  }
  void finish() {
    if (!begun_.empty()) on_line_(begun_);
    begun_.clear();
  }

 private:
  std::function<void(std::string_view)> on_line_;
  std::string begun_;
};

}  // namespace

std::optional<Listed> listed_from(std::string_view line, const Statement& statement) {
  if (line.size() < kDigestDigits + 3 || line.size() > kLongestLine || line.substr(kDigestDigits, 2) != "  ")
    return std::nullopt;
  const auto digest = Digest::from_hex(line.substr(0, kDigestDigits));
  const std::string_view written = line.substr(kDigestDigits + 2);
  auto path = statement.kind == archive::DriveKind::plain ? formats::bagit::decode_path(written)
                                                          : std::optional(std::string(written));
  if (!digest || !path || !stays_below(*path, statement.payload)) return std::nullopt;
  return Listed{std::move(*path), *digest};
}

SmallFile read_small(int root_fd, const char* path, files::ReadFrom from) {
  const files::Opened opened = files::open_regular(root_fd, path, from);
  if (opened.error_number != 0) return {std::nullopt, opened.error_number};
  if (opened.stat.size_bytes > kMostSmallBytes) return {std::nullopt, EFBIG};
  std::string bytes;
  files::AlignedBuffer buffer(kListPiece);
  const files::ReadResult read = files::read_through(
      opened.fd.get(), buffer, [&](std::uint64_t, ByteView piece, bool) { bytes += as_chars(piece); },
      kMostSmallBytes);
  if (!read.ok()) return {std::nullopt, read.bad.front().error_number};
  return {std::move(bytes), 0};
}

ListReading read_list(int root_fd, const Statement& statement, files::ReadFrom from,
                      const std::function<void(Listed)>& on_line, const jobs::StopFlag& stop) {
  ListReading reading;
  const files::Opened opened = files::open_regular(root_fd, statement.list, from);
  reading.error_number = opened.error_number;
  if (opened.error_number != 0) return reading;
  LineSplitter lines([&](std::string_view line) {
    if (stop.requested()) return;
    if (auto listed = listed_from(line, statement)) {
      ++reading.lines;
      on_line(std::move(*listed));
    } else {
      ++reading.ill_formed;
    }
  });
  crypto::Sha256Stream digest;
  files::AlignedBuffer buffer(kListPiece);
  const auto on_piece = [&](std::uint64_t, ByteView piece, bool) {
    digest.update(piece);
    lines.add(as_chars(piece));
  };
  const auto until_stopped = [&stop](int fd, void* to, std::size_t size, std::uint64_t offset) {
    return stop.requested() ? std::int64_t{0}
                            : std::int64_t{::pread(fd, to, size, static_cast<off_t>(offset))};
  };
  const files::ReadResult read =
      files::read_through(opened.fd.get(), buffer, on_piece, UINT64_MAX, until_stopped);
  lines.finish();
  reading.digest = digest.finish();
  if (read.ok()) return reading;
  reading.error_number = read.bad.front().error_number;
  reading.error_offset = read.bad.front().offset;
  return reading;
}

}  // namespace dalil::drives::offline
