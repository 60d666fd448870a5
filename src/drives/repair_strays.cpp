#include <unordered_set>

#include "dalil/crypto/hash.hpp"
#include "dalil/files/walk.hpp"
#include "repair_parts.hpp"

/// Copies that lie under another name than the ledger has.
namespace dalil::drives {

namespace {

constexpr const char* kPayload = "data";

std::optional<Digest> digest_of(int root_fd, const std::string& path, const jobs::StopFlag& stop) {
  const files::Opened opened = files::open_regular(root_fd, path.c_str(), files::ReadFrom::medium);
  if (opened.error_number != 0) return std::nullopt;
  files::AlignedBuffer buffer(std::size_t{1} << 20);
  crypto::Sha256Stream hash;
  bool stopped = false;
  const files::ReadResult result =
      files::read_through(opened.fd.get(), buffer, [&](std::uint64_t, ByteView bytes, bool) {
        stopped = stopped || stop.requested();
        if (!stopped) hash.update(bytes);
      });
  if (stopped || !result.ok()) return std::nullopt;
  return hash.finish();
}

}  // namespace

Strays::Strays(archive::View& view, archive::Row volume, int root_fd) : root_(root_fd) {
  std::unordered_set<std::string> known;
  view.for_each_copy(
      volume, [&](archive::Row, const std::string& directory, const std::vector<archive::CopyRow>& rows) {
        for (const archive::CopyRow& row : rows)
          if (row.state == archive::CopyRow::State::live) known.insert(files::join_path(directory, row.name));
      });
  int error_number = 0;
  const auto payload = Folders(root_fd).open(kPayload, error_number);
  if (!payload) return;
  files::Walker walker("/proc/self/fd/" + std::to_string(payload->get()));
  while (const auto listed = walker.next())
    for (const auto& entry : listed->entries) {
      std::string path = files::join_path(kPayload, files::join_path(listed->path, entry.name));
      if (entry.error_number == 0 && entry.stat.kind == files::FileKind::regular && !known.contains(path))
        by_size_.emplace(entry.stat.size_bytes, std::move(path));
    }
}

std::optional<std::string> Strays::find(std::uint64_t size_bytes, const Digest& digest,
                                        const jobs::StopFlag& stop) {
  const auto [first, last] = by_size_.equal_range(size_bytes);
  for (auto at = first; at != last && !stop.requested(); ++at) {
    const auto [known, is_new] = digests_.try_emplace(at->second);
    if (is_new) known->second = digest_of(root_, at->second, stop);
    if (known->second == digest) return at->second;
  }
  return std::nullopt;
}

void Strays::forget(const std::string& path) {
  std::erase_if(by_size_, [&](const auto& one) { return one.second == path; });
  digests_.erase(path);
}

}  // namespace dalil::drives
