#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <numeric>
#include <unordered_map>

#include "dalil/base/error.hpp"
#include "verify_parts.hpp"

namespace dalil::jobs {

using archive::CopyRow;
using archive::Verdict;

namespace {
files::WalkOptions walk_options(const archive::Archive& archive) {
  files::WalkOptions options;
  struct stat status {};
  if (stat(archive.ledger().directory().c_str(), &status) == 0)
    options.skip.emplace_back(status.st_dev, status.st_ino);
  return options;
}

bool lies_below(const std::string& prefix, const std::string& path) {
  return prefix.empty() || path == prefix ||
         (path.starts_with(prefix) && path.size() > prefix.size() && path[prefix.size()] == '/');
}

/// Chunks of all live copies that are expected.
std::uint64_t count_chunks(archive::View& view, const VerifyOptions& options) {
  std::uint64_t chunks = 0;
  view.for_each_copy(options.volume,
                     [&](archive::Row, const std::string& path, const std::vector<CopyRow>& rows) {
                       if (!lies_below(options.path_prefix, path)) return;
                       for (const CopyRow& row : rows)
                         if (row.state == CopyRow::State::live) chunks += chunks_of(row.size_bytes);
                     });
  return chunks;
}

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

/// On a spinning disk this many files are brought into the disk's order at a time, but of no more directories
/// than may be open.
constexpr std::size_t kWindowFiles = 4096;
constexpr std::size_t kWindowDirectories = 128;
}  // namespace

VerifyWalk::VerifyWalk(const archive::Archive& archive, const VerifyPlan& plan, Progress& progress,
                       const StopFlag& stop)
    : plan_(plan),
      options_(plan.options),
      progress_(progress),
      stop_(stop),
      view_(archive.view()),
      walker_(options_.folder, walk_options(archive)) {
  const archive::Volume volume = view_.volume(options_.volume);
  is_drive_ = volume.drive.has_value();
  if (options_.mode == VerifyMode::sample) {
    const std::uint64_t chunks = count_chunks(view_, options_);
    sampler.emplace(chunks, draws_wanted(options_.sample, chunks), options_.sample.seed);
  }
  if (!options_.path_prefix.empty()) return;
  progress.files_expected = volume.live_copies;
  progress.bytes_expected = plan.reads_everything() ? volume.live_bytes
                            : sampler               ? sampler->draws() * crypto::kTagChunkSize
                                                    : 0;
}

void VerifyWalk::run(CheckQueue& tasks, NewsQueue& news) {
  tasks_ = &tasks;
  news_ = &news;
  while (!stop_.requested()) {
    const auto directory = walker_.next();
    if (!directory) break;
    if (!root_) root_ = directory->fd;
    look_at(*directory);
    hand_over(false);
  }
  if (!stop_.requested()) find_lost_directories();
  if (!stop_.requested()) read_deferred();
  hand_over(true);
  progress_.walk_finished = true;
}

Judged& VerifyWalk::judge(const DirectoryNews& news, const std::string& name, Verdict verdict,
                          std::string detail, int error_number) {
  refuse_if_out_of_descriptors(error_number);
  Judged judged;
  judged.directory = news.number;
  judged.name = name;
  judged.exception.path = files::join_path(news.path, name);
  judged.exception.verdict = verdict;
  judged.exception.detail = std::move(detail);
  judged.exception.error_number = error_number;
  found_.judged.push_back(std::move(judged));
  return found_.judged.back();
}

void VerifyWalk::look_at(const files::Directory& directory) {
  refuse_if_out_of_descriptors(directory.error_number);
  DirectoryNews news;
  news.number = directories_++;
  news.path = files::join_path(options_.path_prefix, directory.path);
  const std::vector<CopyRow> rows = view_.directory(options_.volume, news.path);
  std::unordered_map<std::string_view, Met> known;
  known.reserve(rows.size());
  for (const CopyRow& row : rows)
    if (row.state == CopyRow::State::live)
      known.emplace(row.name, Met{&row, sampler ? sampler->take(chunks_of(row.size_bytes))
                                                : std::vector<std::uint64_t>()});
  if (!rows.empty()) visited_.insert(news.path);
  const std::size_t live = known.size();
  expected += live;

  std::shared_ptr<const std::string> shared_path;  // of its extra files
  if (directory.error_number != 0) failed_.add(news.path, directory.error_number);
  for (const files::DirectoryEntry& entry : directory.entries) {
    if (entry.error_number != 0 && entry.error_number != ENOENT)  // perhaps a directory
      failed_.add(files::join_path(news.path, entry.name), entry.error_number);
    if (entry.stat.kind == files::FileKind::directory) continue;
    ++progress_.files_seen;
    if (is_drive_ && archive::is_drive_file(files::join_path(news.path, entry.name))) continue;
    const auto found = known.find(entry.name);
    if (found != known.end()) {
      compare(directory, news, entry, std::move(found->second));
      known.erase(found);
    } else if (const bool regular = entry.stat.kind == files::FileKind::regular;
               entry.error_number == 0 && (regular || is_drive_) && !archive::is_set_aside(news.path)) {
      if (!shared_path) shared_path = std::make_shared<const std::string>(news.path);
      // A link or a pipe has no content that could be a copy's; on a drive nothing else belongs, either.
      extras.push_back({shared_path, entry.name, regular ? entry.stat.size_bytes : UINT64_MAX, false});
    }
  }
  for (const auto& [name, met] : known) {
    if (directory.error_number != 0) {
      Judged& judged = judge(news, met.row->name, Verdict::unreadable, "its directory cannot be listed",
                             directory.error_number);
      judged.drawn = judged.drawn_bad = met.chunks.size();
      ++news.to_come;
    } else {
      absent.push_back({news.path, *met.row, met.chunks.size()});
      ++news.absent;
    }
  }
  close_deferred(news, live);
  if (!rows.empty()) found_.directories.push_back(std::move(news));
}

/// A copy that an earlier run of this pass found intact and nobody has touched since the pass began, as far
/// as the file's times tell.
bool VerifyWalk::was_checked(const CopyRow& row, const files::FileStat& stat) const {
  if (!plan_.pass || row.verified_in != plan_.pass->seq || row.verdict != Verdict::intact) return false;
  const std::int64_t began_ns = plan_.pass->began.ms * 1'000'000;
  const auto touched = [began_ns](std::int64_t now, std::int64_t recorded) {
    return now >= began_ns && now != recorded;
  };
  return stat.size_bytes == row.size_bytes && !touched(stat.mtime_ns, row.mtime_ns) &&
         !touched(stat.ctime_ns, row.ctime_ns);
}

bool VerifyWalk::was_found_damaged(const CopyRow& row) const {
  const bool bad = row.verdict == Verdict::corrupt || row.verdict == Verdict::unreadable ||
                   row.verdict == Verdict::changed || row.verdict == Verdict::missing;
  return plan_.pass && row.verified_in == plan_.pass->seq && bad;
}

void VerifyWalk::note_damaged(const std::string& directory, const CopyRow& row) {
  Exception exception;
  exception.path = files::join_path(directory, row.name);
  exception.verdict = row.verdict;
  exception.digest = view_.item(row.item).digest;
  exception.detail =
      fmt::format("found {}, not read again in this run", UtcTime{row.verified_at_s * 1000}.rfc3339());
  damaged_before.emplace(exception.path, std::move(exception));
}

void VerifyWalk::compare(const files::Directory& directory, DirectoryNews& news,
                         const files::DirectoryEntry& entry, Met met) {
  const CopyRow& row = *met.row;
  if (plan_.reads_everything() && entry.error_number == 0 && entry.stat.kind == files::FileKind::regular) {
    if (was_checked(row, entry.stat)) {
      ++news.to_come;
      judge(news, row.name, Verdict::intact, "").before = true;
      return;
    }
    const bool damaged = was_found_damaged(row);
    if (damaged) note_damaged(news.path, row);
    if (plan_.oldest_first()) return defer(row);
    ++news.to_come;
    return add_task({{directory.fd, news.path, row.name, entry.stat}, row, news.number, {}, damaged});
  }
  ++news.to_come;
  compare_size(directory, news, entry, std::move(met));
}

/// What is told without reading; the drawn chunks of what is there are handed over.
void VerifyWalk::compare_size(const files::Directory& directory, DirectoryNews& news,
                              const files::DirectoryEntry& entry, Met met) {
  const CopyRow& row = *met.row;
  const auto wrong = [&](Verdict verdict, std::string detail, int error_number = 0) {
    Judged& judged = judge(news, row.name, verdict, std::move(detail), error_number);
    judged.drawn = judged.drawn_bad = met.chunks.size();
  };
  if (entry.error_number != 0) return wrong(Verdict::unreadable, "cannot be examined", entry.error_number);
  if (entry.stat.kind != files::FileKind::regular)
    return wrong(Verdict::changed, fmt::format("a {} is in its place", files::name_of(entry.stat.kind)));
  if (entry.stat.size_bytes != row.size_bytes)
    return wrong(entry.stat.mtime_ns > row.mtime_ns ? Verdict::changed : Verdict::corrupt,
                 fmt::format("{} bytes where {} are expected", entry.stat.size_bytes, row.size_bytes));
  if (met.chunks.empty()) {
    judge(news, row.name, Verdict::intact, "");
    return;
  }
  add_task({{directory.fd, news.path, row.name, entry.stat}, row, news.number, std::move(met.chunks), false});
}

void VerifyWalk::defer(const CopyRow& row) {
  to_defer_[row.verified_at_s / kDaySeconds].push_back(row.seq);
}

/// Sets aside what is to be read of the directory in hand, a group a day.
void VerifyWalk::close_deferred(DirectoryNews& news, std::size_t live) {
  if (to_defer_.empty()) return;
  news.whole = false;
  for (auto& [day, copies] : to_defer_) {
    std::ranges::sort(copies);
    if (copies.size() == live) copies.clear();
    deferred_.push_back({day, deferred_paths_.size(), std::move(copies)});
  }
  to_defer_.clear();
  deferred_paths_.push_back(news.path);
}

/// Longest unverified first; what was verified on the same day in the walk's order, and so near the disk's.
void VerifyWalk::read_deferred() {
  hand_over(false);
  std::ranges::stable_sort(deferred_, {}, &Deferred::day);
  std::optional<std::int64_t> day;
  for (const Deferred& deferred : deferred_) {
    if (day && *day != deferred.day && !batch_.empty()) hand_over_batch();  // days are not mixed
    day = deferred.day;
    if (stop_.requested() || !wanted_) return;
    read_deferred(deferred);
    hand_over(false);
  }
}

std::string VerifyWalk::relative(const std::string& directory) const {
  if (options_.path_prefix.empty()) return directory;
  return directory.size() > options_.path_prefix.size() ? directory.substr(options_.path_prefix.size() + 1)
                                                        : "";
}

void VerifyWalk::read_deferred(const Deferred& deferred) {
  DirectoryNews news;
  news.number = directories_++;
  news.path = deferred_paths_[deferred.directory];
  news.whole = deferred.copies.empty();
  std::shared_ptr<const files::Fd> fd = files::open_again(root_->get(), relative(news.path));
  if (!fd) refuse_if_out_of_descriptors(errno);
  for (const CopyRow& row : view_.directory(options_.volume, news.path)) {
    if (row.state != CopyRow::State::live) continue;
    if (!news.whole && !std::ranges::binary_search(deferred.copies, row.seq)) continue;
    ++news.to_come;
    if (!fd) {
      judge(news, row.name, Verdict::unreadable, "its directory is gone since the run began", ENOENT);
      continue;
    }
    files::FileStat stat = files::stat_at(fd->get(), row.name.c_str()).stat;
    add_task({{fd, news.path, row.name, stat}, row, news.number, {}, was_found_damaged(row)});
  }
  found_.directories.push_back(std::move(news));
}

void VerifyWalk::add_task(CheckTask task) {
  batch_bytes_ += task.file.stat.size_bytes;
  if (batch_.empty() || batch_.back().file.directory_fd != task.file.directory_fd) ++batch_directories_;
  batch_.push_back(std::move(task));
  const bool full = plan_.spinning ? batch_.size() >= kWindowFiles || batch_directories_ >= kWindowDirectories
                                   : batch_.size() >= plan_.batch_files || batch_bytes_ >= kBatchBytes;
  if (full) hand_over_batch();
}

/// May wait for the checkers for long. False: they want no more.
bool VerifyWalk::hand_over_batch() {
  view_.rest();
  wanted_ = plan_.spinning ? hand_over_in_disk_order() : push_batch(std::move(batch_));
  batch_.clear();
  batch_bytes_ = 0;
  batch_directories_ = 0;
  view_.renew();
  return wanted_;
}

bool VerifyWalk::push_batch(std::vector<CheckTask> batch) {
  return tasks_->push(std::move(batch));
}

/// One reader goes through a window of many files in the order in which they lie on the disk.
bool VerifyWalk::hand_over_in_disk_order() {
  std::vector<std::uint64_t> places(batch_.size());
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const FileTask& file = batch_[i].file;
    const files::Opened opened = files::open_regular(file.directory_fd->get(), file.name.c_str());
    places[i] =
        opened.error_number == 0 ? files::physical_order_key(opened.fd.get(), opened.stat) : file.stat.inode;
  }
  std::vector<std::size_t> order(batch_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return places[i]; });
  std::vector<CheckTask> batch;
  std::uint64_t bytes = 0;
  for (const std::size_t i : order) {
    bytes += batch_[i].file.stat.size_bytes;
    batch.push_back(std::move(batch_[i]));
    if (batch.size() < plan_.batch_files && bytes < kBatchBytes) continue;
    if (!push_batch(std::move(batch))) return false;
    batch.clear();
    bytes = 0;
  }
  return batch.empty() || push_batch(std::move(batch));
}

void VerifyWalk::hand_over(bool everything) {
  if (everything && !batch_.empty()) hand_over_batch();
  if (found_.judged.empty() && found_.directories.empty()) return;
  news_->push(std::move(found_));
  found_ = VerifyNews();
}

void VerifyWalk::lose(DirectoryNews& news, const CopyRow& row) {
  ++expected;
  const std::uint64_t drawn = sampler ? sampler->take(chunks_of(row.size_bytes)).size() : 0;
  if (const int hidden_by = failed_.hiding(news.path); hidden_by != 0) {
    ++news.to_come;
    Judged& judged =
        judge(news, row.name, Verdict::unreadable, "a directory above it cannot be listed", hidden_by);
    judged.drawn = judged.drawn_bad = drawn;
    return;
  }
  ++news.absent;
  absent.push_back({news.path, row, drawn});
}

/// Directories that the index knows and the walk never met. That none is overlooked is proved by the count of
/// live copies, which the archive keeps on its own.
void VerifyWalk::find_lost_directories() {
  const std::uint64_t live = view_.volume(options_.volume).live_copies;
  if (options_.path_prefix.empty() && expected == live) return;
  std::map<std::string, DirectoryNews> lost;  // a directory of many names comes in several portions
  view_.for_each_copy(options_.volume,
                      [&](archive::Row, const std::string& path, const std::vector<CopyRow>& rows) {
                        if (visited_.contains(path) || !lies_below(options_.path_prefix, path)) return;
                        const auto [news, first] = lost.try_emplace(path);
                        if (first) {
                          news->second.number = directories_++;
                          news->second.path = path;
                        }
                        for (const CopyRow& row : rows)
                          if (row.state == CopyRow::State::live) lose(news->second, row);
                      });
  for (auto& [path, news] : lost)
    if (news.absent + news.to_come > 0) found_.directories.push_back(std::move(news));
  if (options_.path_prefix.empty() && expected != live)
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the copy index has {} live copies of the volume, and should have {}", expected, live),
        "run 'dalil check', then 'dalil rebuild'");
}

}  // namespace dalil::jobs
