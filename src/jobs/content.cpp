#include "dalil/jobs/content.hpp"

#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>

#include "dalil/files/ahead.hpp"

namespace dalil::jobs {

namespace {

/// Longer files are no key files; the check costs next to nothing beside the hash.
constexpr std::uint64_t kLargestKeyFile = 64 << 10;
/// How keys begin that open archives and drives, and those that sign reports.
constexpr std::string_view kSecretKeys[] = {"AGE-SECRET-KEY-", "PRIVATE+KEY+"};

bool holds_secret_key(ByteView bytes) {
  const std::string_view text = as_chars(bytes);
  return std::ranges::any_of(kSecretKeys, [&](std::string_view key) {
    const auto at = text.find(key);
    return at != text.npos && (at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r');
  });
}
constexpr std::size_t kSniffBytes = 4096;
constexpr std::size_t kAlign = 4096;
constexpr std::uint64_t kWorthReadingAhead = 8 << 20;

/// True if the file's beginning is in the page cache: asking for it ahead would cost a system call for
/// nothing.
bool is_cached(int fd) {
  std::uint8_t byte;
  const iovec to{&byte, 1};
  return preadv2(fd, &to, 1, 0, RWF_NOWAIT) == 1;
}
constexpr std::size_t kCacheProbeEvery = 16;

bool same_content(const files::FileStat& a, const files::FileStat& b) {
  return a.size_bytes == b.size_bytes && a.mtime_ns == b.mtime_ns && a.ctime_ns == b.ctime_ns;
}
}  // namespace

ContentReader::ContentReader(ByteView tag_key, ContentNeeds needs)
    : needs_(std::move(needs)),
      piece_(crypto::kTagChunkSize),
      slab_(kBatchBytes + kSmallFile + kBatchFiles * kAlign + kAlign) {
  if (needs_.tags) tagger_.emplace(tag_key);
  for (const crypto::HashKind kind : needs_.further) further_.emplace_back(kind);
}

std::vector<Content> ContentReader::open(const std::vector<FileTask>& tasks) {
  std::vector<Content> contents(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    files::Opened opened =
        files::open_regular(tasks[i].directory_fd->get(), tasks[i].name.c_str(), needs_.from);
    contents[i].fd = std::move(opened.fd);
    contents[i].stat = opened.stat;
    contents[i].error_number = opened.error_number;
    contents[i].complete = opened.error_number != 0;
    contents[i].path = opened.path;
    if (needs_.physical_order && contents[i].error_number == 0)
      contents[i].position = files::physical_order_key(contents[i].fd.get(), opened.stat);
  }
  fetch(contents);
  return contents;
}

/// Has what is not in memory yet brought there, in the order of the inodes, which is mostly the disk's.
void ContentReader::fetch(const std::vector<Content>& contents) {
  std::vector<const Content*> wanted;
  bool cached = false;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const Content& content = contents[i];
    if (content.error_number != 0 || content.path == files::ReadPath::direct || content.stat.size_bytes == 0)
      continue;
    if (i % kCacheProbeEvery == 0) cached = is_cached(content.fd.get());
    if (!cached) wanted.push_back(&content);
  }
  if (wanted.empty()) return;
  std::ranges::sort(wanted, {}, [](const Content* content) { return content->stat.inode; });
  std::vector<files::Prefetcher::Wanted> files;
  for (const Content* content : wanted)
    files.push_back({content->fd.get(), std::min<std::uint64_t>(content->stat.size_bytes, kBatchBytes)});
  if (!prefetcher_) prefetcher_.emplace();
  prefetcher_->fetch(files);
}

/// One or two system calls in the usual case. False: not for this path (grown, bad sectors); read_large can
/// do it.
bool ContentReader::read_small(Content& content, std::size_t at) {
  std::size_t have = 0;
  while (true) {
    // One block more than the size says: the end of file is seen, not assumed.
    const std::size_t want =
        static_cast<std::size_t>(content.stat.size_bytes) / kAlign * kAlign + kAlign - have;
    if (want == 0) return false;
    const ssize_t got = pread(content.fd.get(), slab_.data() + at + have, want, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      // Found again by read_large, unless it goes away.
      if (errno != EINVAL) content.recovered.push_back({have, content.stat.size_bytes - have, errno});
      return false;
    }
    have += static_cast<std::size_t>(got);
    if (have == content.stat.size_bytes && (got == 0 || static_cast<std::size_t>(got) < want)) break;
    if (got == 0) break;  // shorter than it was
    if (content.path == files::ReadPath::direct && have % kAlign != 0) break;
  }
  const files::StatResult after = files::stat_fd(content.fd.get());
  if (have != content.stat.size_bytes || after.error_number != 0 || !same_content(content.stat, after.stat))
    return false;
  content.size_bytes = have;
  return true;
}

void ContentReader::read_large(Content& content, const crypto::TagNonce& nonce, Progress& progress,
                               const StopFlag& stop) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    content.tags.clear();
    content.readable.clear();
    const auto on_piece = [&](std::uint64_t offset, ByteView bytes, bool readable) {
      if (stop.requested()) {
        stopped_ = true;
        return;
      }
      if (needs_.digest) stream_.update(bytes);
      for (crypto::HashStream& stream : further_) stream.update(bytes);
      if (needs_.tags) content.tags.push_back(tagger_->tag(nonce, offset / crypto::kTagChunkSize, bytes));
      content.readable.push_back(readable);
      if (offset == 0 && needs_.sniff)
        content.sniffed = media::sniff(bytes.first(std::min(bytes.size(), kSniffBytes)));
      progress.bytes_done += bytes.size();
    };
    std::optional<files::ReadAhead> ahead;
    if (content.path == files::ReadPath::direct && content.stat.size_bytes >= kWorthReadingAhead) try {
        ahead.emplace(content.fd.get(), piece_.size());
      } catch (const std::system_error&) {
        // no thread to be had: one piece after the other, then
      }
    // A stop ends the reading at the next piece: the limit lets read_through see an end of file.
    files::ReadResult result =
        files::read_through(content.fd.get(), piece_, on_piece, UINT64_MAX,
                            [&](int fd, void* to, std::size_t size, std::uint64_t offset) {
                              if (stop.requested()) return std::int64_t{0};
                              if (ahead) return ahead->read(to, size, offset);
                              return std::int64_t{pread(fd, to, size, static_cast<off_t>(offset))};
                            });
    ahead.reset();
    content.digest = stream_.finish();
    content.further.clear();
    for (crypto::HashStream& stream : further_) content.further.push_back(stream.finish());
    if (stopped_ || stop.requested()) {
      stopped_ = true;
      return;
    }
    if (needs_.tags && content.tags.empty()) {  // the empty file has one tag, over nothing
      content.tags.push_back(tagger_->tag(nonce, 0, {}));
      content.readable.push_back(1);
    }
    content.size_bytes = result.size_bytes;
    content.bad = std::move(result.bad);
    std::ranges::move(result.recovered, std::back_inserter(content.recovered));
    if (!content.bad.empty()) content.recovered.clear();
    const files::StatResult after = files::stat_fd(content.fd.get());
    content.changing =
        after.error_number == 0 && (!same_content(content.stat, after.stat) ||
                                    (content.bad.empty() && after.stat.size_bytes != content.size_bytes));
    if (!content.changing) return;
    content.stat = after.stat;  // read it again: it may have come to rest
  }
}

void ContentReader::finish_small(std::vector<Content>& contents,
                                 const std::vector<crypto::TagNonce>& nonces) {
  std::vector<ByteView> messages;
  messages.reserve(small_.size());
  for (const Small& one : small_) messages.emplace_back(slab_.data() + one.offset, one.size);
  std::vector<Digest> digests(small_.size());
  if (needs_.digest) batch_.hash(messages, digests);
  for (std::size_t i = 0; i < small_.size(); ++i) {
    Content& content = contents[small_[i].index];
    content.digest = digests[i];
    content.further.clear();
    for (crypto::HashStream& stream : further_) {
      stream.update(messages[i]);
      content.further.push_back(stream.finish());
    }
    if (needs_.tags) content.tags = {tagger_->tag(nonces[small_[i].index], 0, messages[i])};
    content.readable = {1};
    content.complete = true;
    if (needs_.sniff)
      content.sniffed = media::sniff(messages[i].first(std::min(messages[i].size(), kSniffBytes)));
  }
}

void ContentReader::read(const std::vector<FileTask>& tasks, std::vector<Content>& contents,
                         const std::vector<crypto::TagNonce>& nonces, Progress& progress,
                         const StopFlag& stop) {
  stopped_ = false;
  small_.clear();
  std::size_t at = 0;
  std::vector<std::size_t> order(tasks.size());
  std::iota(order.begin(), order.end(), 0);
  if (needs_.physical_order)
    std::ranges::sort(order, {}, [&](std::size_t i) { return contents[i].position; });
  for (const std::size_t i : order) {
    if (stopped_) break;
    Content& content = contents[i];
    if (content.error_number != 0) continue;
    const std::uint64_t size = content.stat.size_bytes;
    const std::size_t room = static_cast<std::size_t>(size) / kAlign * kAlign + 2 * kAlign;
    if (size <= kSmallFile && at + room <= slab_.size() && read_small(content, at)) {
      if (needs_.sniff && size <= kLargestKeyFile)
        content.holds_key = holds_secret_key(ByteView(slab_.data() + at, static_cast<std::size_t>(size)));
      small_.push_back({i, at, static_cast<std::size_t>(size)});
      progress.bytes_done += size;
      at += room;
    } else {
      read_large(content, nonces[i], progress, stop);
      content.complete = !stopped_;
    }
    if (stop.requested()) stopped_ = true;
  }
  finish_small(contents, nonces);
}

std::string describe_read_paths(const std::map<files::ReadPath, std::uint64_t>& paths) {
  std::string text;
  for (const auto& [path, number] : paths) {
    const char* name = path == files::ReadPath::direct          ? "direct"
                       : path == files::ReadPath::dropped_pages ? "dropped pages"
                                                                : "cache allowed";
    text += paths.size() == 1 ? name : fmt::format("{}{} {}", text.empty() ? "" : ", ", number, name);
  }
  return text.empty() ? "nothing was read" : text;
}

}  // namespace dalil::jobs
