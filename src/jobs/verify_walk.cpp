#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
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
}  // namespace

VerifyWalk::VerifyWalk(const archive::Archive& archive, const VerifyOptions& options, Progress& progress,
                       const StopFlag& stop)
    : options_(options),
      progress_(progress),
      stop_(stop),
      view_(archive.view()),
      walker_(options.folder, walk_options(archive)) {
  const archive::Volume volume = view_.volume(options.volume);
  is_drive_ = volume.drive.has_value();
  if (options.path_prefix.empty()) {
    progress.files_expected = volume.live_copies;
    progress.bytes_expected = options.mode == VerifyMode::quick ? 0 : volume.live_bytes;
  }
}

void VerifyWalk::run(CheckQueue& tasks, NewsQueue& news) {
  tasks_ = &tasks;
  news_ = &news;
  while (!stop_.requested()) {
    const auto directory = walker_.next();
    if (!directory) break;
    look_at(*directory);
    hand_over(false);
  }
  if (!stop_.requested()) find_lost_directories();
  hand_over(true);
  progress_.walk_finished = true;
}

void VerifyWalk::judge(std::uint64_t directory, const std::string& path, const std::string& name,
                       Verdict verdict, std::string detail, int error_number) {
  Judged judged;
  judged.directory = directory;
  judged.name = name;
  judged.exception.path = files::join_path(path, name);
  judged.exception.verdict = verdict;
  judged.exception.detail = std::move(detail);
  judged.exception.error_number = error_number;
  found_.judged.push_back(std::move(judged));
}

void VerifyWalk::look_at(const files::Directory& directory) {
  DirectoryNews news;
  news.number = directories_++;
  news.path = files::join_path(options_.path_prefix, directory.path);
  const std::vector<CopyRow> rows = view_.directory(options_.volume, news.path);
  std::unordered_map<std::string_view, const CopyRow*> known;
  known.reserve(rows.size());
  for (const CopyRow& row : rows)
    if (row.state == CopyRow::State::live) known.emplace(row.name, &row);
  if (!rows.empty()) visited_.insert(news.path);
  expected += known.size();

  if (directory.error_number != 0) failed_.add(news.path, directory.error_number);
  for (const files::DirectoryEntry& entry : directory.entries) {
    if (entry.error_number != 0 && entry.error_number != ENOENT)  // perhaps a directory
      failed_.add(files::join_path(news.path, entry.name), entry.error_number);
    if (entry.stat.kind == files::FileKind::directory) continue;
    ++progress_.files_seen;
    if (is_drive_ && archive::is_drive_file(files::join_path(news.path, entry.name))) continue;
    const auto found = known.find(entry.name);
    if (found != known.end()) {
      compare(directory, news, entry, *found->second);
      known.erase(found);
    } else if (entry.error_number == 0 && entry.stat.kind == files::FileKind::regular) {
      extras.push_back({{directory.fd, news.path, entry.name, entry.stat}, false});
    }
  }
  for (const auto& [name, row] : known) {
    if (directory.error_number != 0) {
      judge(news.number, news.path, row->name, Verdict::unreadable, "its directory cannot be listed",
            directory.error_number);
      ++news.to_come;
    } else {
      absent.push_back({news.path, *row});
      ++news.absent;
    }
  }
  if (!rows.empty()) found_.directories.push_back(std::move(news));
}

void VerifyWalk::compare(const files::Directory& directory, DirectoryNews& news,
                         const files::DirectoryEntry& entry, const CopyRow& row) {
  ++news.to_come;
  if (entry.error_number != 0)
    return judge(news.number, news.path, row.name, Verdict::unreadable, "cannot be examined",
                 entry.error_number);
  const bool newer = entry.stat.mtime_ns > row.mtime_ns;
  if (entry.stat.kind != files::FileKind::regular)
    return judge(news.number, news.path, row.name, Verdict::changed,
                 fmt::format("a {} is in its place", files::name_of(entry.stat.kind)));
  if (options_.mode == VerifyMode::quick) {
    if (entry.stat.size_bytes == row.size_bytes)
      return judge(news.number, news.path, row.name, Verdict::intact, "");
    return judge(news.number, news.path, row.name, newer ? Verdict::changed : Verdict::corrupt,
                 fmt::format("{} bytes where {} are expected", entry.stat.size_bytes, row.size_bytes));
  }
  news.names_to_come.push_back(row.name);
  batch_.push_back({{directory.fd, news.path, row.name, entry.stat}, row, news.number});
  batch_bytes_ += entry.stat.size_bytes;
  if (batch_.size() >= kBatchFiles || batch_bytes_ >= kBatchBytes) hand_over_batch();
}

/// May wait for the checkers for long.
void VerifyWalk::hand_over_batch() {
  view_.rest();
  tasks_->push(std::move(batch_));
  batch_.clear();
  batch_bytes_ = 0;
  view_.renew();
}

void VerifyWalk::hand_over(bool everything) {
  if (everything && !batch_.empty()) hand_over_batch();
  if (found_.judged.empty() && found_.directories.empty()) return;
  news_->push(std::move(found_));
  found_ = VerifyNews();
}

void VerifyWalk::lose(DirectoryNews& news, const CopyRow& row) {
  ++expected;
  if (const int hidden_by = failed_.hiding(news.path); hidden_by != 0) {
    ++news.to_come;
    judge(news.number, news.path, row.name, Verdict::unreadable, "a directory above it cannot be listed",
          hidden_by);
    return;
  }
  ++news.absent;
  absent.push_back({news.path, row});
}

/// Directories that the index knows and the walk never met. That none is overlooked is proved by the count of
/// live copies, which the archive keeps on its own.
void VerifyWalk::find_lost_directories() {
  const std::uint64_t live = view_.volume(options_.volume).live_copies;
  if (options_.path_prefix.empty() && expected == live) return;
  const std::string below = options_.path_prefix.empty() ? "" : options_.path_prefix + "/";
  std::map<std::string, DirectoryNews> lost;  // a directory of many names comes in several portions
  view_.for_each_copy(options_.volume,
                      [&](archive::Row, const std::string& path, const std::vector<CopyRow>& rows) {
                        if (visited_.contains(path)) return;
                        if (!below.empty() && path != options_.path_prefix && !path.starts_with(below))
                          return;
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
