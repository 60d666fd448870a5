#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dalil/base/text.hpp"
#include "dalil/files/attributes.hpp"
#include "dalil/jobs/content.hpp"
#include "parts.hpp"

namespace dalil::drives {

namespace {

constexpr std::size_t kAlign = 4096;
constexpr std::size_t kPiece = 4 << 20;
constexpr std::size_t kAhead = 2;  ///< groups that are open before they are read

/// Bytes read, short only at the end of the file; minus errno.
std::int64_t read_fully(int fd, std::uint8_t* to, std::size_t size, std::uint64_t offset) {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(fd, to + have, size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return static_cast<std::int64_t>(have);
}

constexpr const char* kOtherContent = "is not what the ledger says: changed or damaged, and not copied";

}  // namespace

std::shared_ptr<files::AlignedBuffer> BufferPool::take() {
  std::unique_ptr<files::AlignedBuffer> buffer;
  {
    const std::lock_guard lock(free_->first);
    if (!free_->second.empty()) {
      buffer = std::move(free_->second.back());
      free_->second.pop_back();
    }
  }
  if (!buffer) {
    buffer = std::make_unique<files::AlignedBuffer>(kBytes);
    const std::lock_guard lock(free_->first);
    free_->second.reserve(free_->second.capacity() + 1);  // giving it back takes no memory
  }
  return {buffer.release(), [pool = free_](files::AlignedBuffer* done) {
            std::unique_ptr<files::AlignedBuffer> back(done);
            const std::lock_guard lock(pool->first);
            if (pool->second.size() < pool->second.capacity()) pool->second.push_back(std::move(back));
          }};
}

SourceReader::SourceReader(const archive::Archive& archive, const BackupOptions& options,
                           const std::vector<PlannedFile>& plan, std::vector<DriveJob>& jobs,
                           std::vector<std::unique_ptr<ParcelQueue>>& queues,
                           std::vector<std::unique_ptr<DriveWriter>>& writers, NewsQueue& news,
                           const jobs::StopFlag& stop)
    : archive_(archive),
      options_(options),
      plan_(plan),
      jobs_(jobs),
      queues_(queues),
      writers_(writers),
      news_(news),
      stop_(stop) {
  for (const BackupSource& source : options.sources) {
    folders_.emplace_back(::open(source.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folders_.back()) throw system_error("open the source's folder", source.folder, errno);
  }
}

bool SourceReader::wanted(std::size_t index) const {
  for (std::size_t d = 0; d < jobs_.size(); ++d) {
    const Action action = jobs_[d].actions[index];
    if (action != Action::there && action != Action::leave_out && !writers_[d]->ended()) return true;
  }
  return false;
}

bool SourceReader::everybody_ended() const {
  return nobody_listens_ || std::ranges::all_of(writers_, [](const auto& writer) { return writer->ended(); });
}

SourceReader::Open SourceReader::open(std::size_t index, const PlannedFile& file) const {
  return {index, files::open_regular(folders_[file.source].get(), file.path.c_str())};
}

SourceFile SourceReader::describe(std::size_t index, const Open& opened) const {
  SourceFile file;
  file.index = index;
  file.size_bytes = plan_[index].size_bytes;
  file.mtime_ns = opened.file.stat.mtime_ns;
  struct stat status {};
  if (::fstat(opened.file.fd.get(), &status) == 0) file.mode = status.st_mode & 07777;
  file.attributes = files::user_attributes(opened.file.fd.get());
  return file;
}

void SourceReader::send(std::shared_ptr<const Parcel> parcel) {
  for (auto& queue : queues_)
    if (!queue->push(parcel)) nobody_listens_ = true;
}

void SourceReader::run() {
  std::vector<Open> group;
  std::vector<std::vector<Open>> ahead;
  std::uint64_t bytes = 0;
  const auto read_first = [&] {
    read_group(std::move(ahead.front()));
    ahead.erase(ahead.begin());
  };
  const auto announce = [&] {
    if (group.empty()) return;
    std::vector<files::Prefetcher::Wanted> fetch;
    for (const Open& one : group)
      if (one.file.error_number == 0 && one.file.stat.size_bytes > 0)
        fetch.push_back({one.file.fd.get(), std::min<std::uint64_t>(one.file.stat.size_bytes, kPiece)});
    prefetcher_.fetch(fetch);
    ahead.push_back(std::exchange(group, {}));
    bytes = 0;
    if (ahead.size() > kAhead) read_first();
  };
  for (std::size_t i = 0; i < plan_.size() && !stop_.requested() && !everybody_ended(); ++i) {
    if (!wanted(i)) continue;
    const std::uint64_t room = plan_[i].size_bytes + 2 * kAlign;
    if (group.size() == jobs::kBatchFiles || bytes + room > BufferPool::kBytes ||
        plan_[i].size_bytes > jobs::kSmallFile)
      announce();
    group.push_back(open(i, plan_[i]));
    bytes += room;
    if (plan_[i].size_bytes > jobs::kSmallFile) announce();
  }
  announce();
  while (!ahead.empty() && !stop_.requested()) read_first();
}

void SourceReader::read_group(std::vector<Open> group) {
  if (group.size() == 1 && plan_[group[0].index].size_bytes > jobs::kSmallFile) {
    std::string why;
    if (!read_long(group[0].index, group[0], why) && !stop_.requested()) read_again(group[0].index, why);
    return;
  }
  auto parcel = std::make_shared<Parcel>();
  parcel->buffer = pool_.take();
  std::vector<ByteView> messages;
  std::vector<std::pair<std::size_t, std::string>> failed_ones;
  std::size_t at = 0;
  for (Open& one : group) {
    const std::uint64_t size = plan_[one.index].size_bytes;
    if (one.file.error_number != 0) {
      failed_ones.emplace_back(one.index,
                               fmt::format("cannot be opened: {}", std::strerror(one.file.error_number)));
      continue;
    }
    // One byte more than the ledger says: a file that grew is another one.
    const std::int64_t got =
        read_fully(one.file.fd.get(), parcel->buffer->data() + at, static_cast<std::size_t>(size) + 1, 0);
    if (got != static_cast<std::int64_t>(size)) {
      failed_ones.emplace_back(
          one.index, got < 0 ? fmt::format("cannot be read: {}", std::strerror(static_cast<int>(-got)))
                             : std::string(kOtherContent));
      continue;
    }
    parcel->whole.push_back({describe(one.index, one), at});
    messages.emplace_back(parcel->buffer->data() + at, static_cast<std::size_t>(size));
    at += (static_cast<std::size_t>(size) + kAlign) / kAlign * kAlign;
  }
  std::vector<Digest> digests(messages.size());
  hasher_.hash(messages, digests);
  for (std::size_t k = parcel->whole.size(); k-- > 0;) {
    SourceFile& file = parcel->whole[k].file;
    file.digest = digests[k];
    if (plan_[file.index].digest == file.digest) continue;
    failed_ones.emplace_back(file.index, kOtherContent);
    parcel->whole.erase(parcel->whole.begin() + static_cast<std::ptrdiff_t>(k));
  }
  if (!parcel->whole.empty()) send(parcel);
  for (auto& [index, why] : failed_ones) read_again(index, std::move(why));
}

/// Piece by piece. False if it is not what the ledger says, or cannot be read; what was sent is taken back.
bool SourceReader::read_long(std::size_t index, Open& opened, std::string& why) {
  const auto give_up = [&](std::string reason) {
    why = std::move(reason);
    auto parcel = std::make_shared<Parcel>();
    parcel->index = index;
    parcel->given_up = true;
    send(parcel);
    return false;
  };
  if (opened.file.error_number != 0)
    return give_up(fmt::format("cannot be opened: {}", std::strerror(opened.file.error_number)));
  if (opened.file.stat.size_bytes != plan_[index].size_bytes) return give_up(kOtherContent);
  (void)::posix_fadvise(opened.file.fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  crypto::Sha256Stream stream;
  std::uint64_t offset = 0;
  while (true) {
    if (stop_.requested() || everybody_ended()) return give_up("stopped");
    auto parcel = std::make_shared<Parcel>();
    parcel->buffer = pool_.take();
    const std::int64_t got = read_fully(opened.file.fd.get(), parcel->buffer->data(), kPiece, offset);
    if (got < 0)
      return give_up(
          fmt::format("cannot be read from byte {}: {}", offset, std::strerror(static_cast<int>(-got))));
    parcel->index = index;
    parcel->bytes = static_cast<std::size_t>(got);
    parcel->first = offset == 0;
    stream.update({parcel->buffer->data(), parcel->bytes});
    offset += parcel->bytes;
    if (offset > plan_[index].size_bytes || (parcel->bytes == 0 && offset < plan_[index].size_bytes))
      return give_up(kOtherContent);
    if (offset == plan_[index].size_bytes) {
      SourceFile file = describe(index, opened);
      file.digest = stream.finish();
      if (file.digest != plan_[index].digest) return give_up(kOtherContent);
      parcel->last = std::move(file);
      send(parcel);
      return true;
    }
    send(parcel);
  }
}

/// Before damage is called so the file is read once more, from the medium: memory and cables fail, too. What
/// is found then is on record, whether or not another source has the content.
void SourceReader::read_again(std::size_t index, std::string why) {
  const PlannedFile& file = plan_[index];
  if (stop_.requested()) return;
  News news;
  news.drive = SIZE_MAX;
  const auto [directory, name] = split_path(file.path);
  int error_number = 0;
  const auto folder = Folders(folders_[file.source].get()).open(directory, error_number);
  bool copied = false;
  if (folder) {
    const std::vector<jobs::FileTask> task{{folder, directory, name, {}}};
    std::vector<jobs::Content> contents = second_reader_.open(task);
    jobs::Progress uncounted;
    second_reader_.read(task, contents, {crypto::TagNonce{}}, uncounted, stop_);
    if (second_reader_.stopped()) return;
    const jobs::Content& content = contents[0];
    std::string again;
    if (content.ok() && content.digest == file.digest) {
      Open opened = open(index, file);
      if (opened.file.error_number == 0) files::drop_pages(opened.file.fd.get());
      copied = read_long(index, opened, again);
      why = "was wrong at first and right when it was read again: check the drive, its cable and the memory";
    } else if (content.error_number == 0 && !content.changing) {
      const bool newer = content.stat.mtime_ns > file.mtime_ns;
      const archive::Verdict verdict = !content.bad.empty() ? archive::Verdict::unreadable
                                       : newer              ? archive::Verdict::changed
                                                            : archive::Verdict::corrupt;
      news.found.emplace_back(index, verdict);
      if (content.bad.empty())
        why = newer ? "was changed since it was scanned: not what the ledger says, and not copied"
                    : "is damaged: not what the ledger says, though not newer; not copied";
    }
  }
  std::string from;
  const bool elsewhere = !copied && read_elsewhere(index, from);
  news.problems.push_back(
      {"", file.path,
       elsewhere ? fmt::format("{}; copied from {} instead", why, escape_for_display(from)) : why});
  if (!copied && !elsewhere) ++failed;
  news_.push(std::move(news));
}

/// Another of the sources may have it intact.
bool SourceReader::read_elsewhere(std::size_t index, std::string& from) {
  const PlannedFile& file = plan_[index];
  const std::vector<archive::CopyInfo> copies = archive_.view().copies_of(file.item);
  for (const archive::CopyInfo& copy : copies) {
    if (copy.row.state != archive::CopyRow::State::live) continue;
    for (std::uint32_t source = 0; source < options_.sources.size(); ++source) {
      if (options_.sources[source].volume != copy.volume || (source == file.source && copy.path == file.path))
        continue;
      PlannedFile other = file;
      other.source = source;
      other.path = copy.path;
      Open opened = open(index, other);
      std::string again;
      from = copy.volume_label + ":" + copy.path;
      if (read_long(index, opened, again)) return true;
    }
  }
  return false;
}

}  // namespace dalil::drives
