#include <fmt/format.h>

#include "dalil/files/walk.hpp"
#include "parts.hpp"

namespace dalil::drives {

namespace {
constexpr std::int64_t kCommitEveryMs = 500;
constexpr std::size_t kMostProblems = 10'000;
}  // namespace

BackupRecorder::BackupRecorder(archive::Archive& archive, archive::Editor& editor,
                               const std::vector<PlannedFile>& plan, std::vector<DriveJob>& jobs,
                               BackupReport& report, jobs::Progress& progress)
    : archive_(archive),
      editor_(editor),
      view_(archive.view()),
      plan_(plan),
      jobs_(jobs),
      report_(report),
      progress_(progress),
      last_commit_(archive.clock().now()) {}

archive::View& BackupRecorder::view() {
  if (std::exchange(resting_, false)) view_.renew();
  return view_;
}

void BackupRecorder::problem(BackupProblem one) {
  ++progress_.problems;
  if (report_.problems.size() < kMostProblems) report_.problems.push_back(std::move(one));
}

/// Of a plain copy the tags are the source's: of the same content, under the nonce that was drawn for it.
/// An object has its own.
archive::Copy BackupRecorder::copy_for(const PlannedFile& file, const Stored& stored) {
  archive::Copy copy = view().copy(file.seq);
  if (!stored.object) return copy;
  copy.stored = archive::StoredForm{stored.object->digest, stored.object->size_bytes, copy.volume,
                                    copy.directory, copy.name};
  copy.tag_nonce = stored.object->tag_nonce;
  copy.tags = stored.object->tags;
  copy.tag_epoch = archive_.keyring().epoch();
  return copy;
}

void BackupRecorder::record(std::size_t drive, const PlannedFile& file, const Stored& stored) {
  archive::Copy copy = copy_for(file, stored);
  copy.volume = jobs_[drive].volume->row;
  std::tie(copy.directory, copy.name) = split_path(stored.path);
  copy.mtime_ns = stored.stat.mtime_ns;
  copy.ctime_ns = stored.stat.ctime_ns;
  copy.inode = stored.stat.inode;
  editor_.add_copy_with_its_tags(copy);
}

void BackupRecorder::record_again(archive::Seq seq, const files::FileStat& stat) {
  archive::Copy copy = view().copy(seq);
  copy.mtime_ns = stat.mtime_ns;
  copy.ctime_ns = stat.ctime_ns;
  copy.inode = stat.inode;
  editor_.add_copy_with_its_tags(copy);
}

void BackupRecorder::found(const DriveJob& job, const std::string& path, archive::Verdict verdict) {
  const auto [directory, name] = split_path(path);
  editor_.record_named_verdicts(job.volume->row, directory, {{name, verdict}},
                                archive_.clock().now().ms / 1000);
}

void BackupRecorder::moved(std::size_t drive, const std::string& from, const std::string& to,
                           archive::Seq seq, const files::FileStat& stat) {
  archive::Copy copy = view().copy(seq);
  const auto [old_directory, old_name] = split_path(from);
  std::tie(copy.directory, copy.name) = split_path(to);
  copy.mtime_ns = stat.mtime_ns;
  copy.ctime_ns = stat.ctime_ns;
  copy.inode = stat.inode;
  editor_.add_copy_with_its_tags(copy);
  editor_.mark_vanished(jobs_[drive].volume->row, {{old_directory, old_name, to}});
}

void BackupRecorder::take(News news) {
  for (BackupProblem& one : news.problems) problem(std::move(one));
  for (const auto& [index, verdict] : news.found) {
    const auto [directory, name] = split_path(plan_[index].path);
    editor_.record_named_verdicts(plan_[index].volume, directory, {{name, verdict}},
                                  archive_.clock().now().ms / 1000);
    ++(verdict == archive::Verdict::changed ? report_.source_changed : report_.source_damaged);
  }
  if (news.drive == SIZE_MAX) return;
  DriveJob& job = jobs_[news.drive];
  job.report.failed += news.failed;
  for (const News::Copied& one : news.copied) {
    record(news.drive, plan_[one.file.index], one.stored);
    ++job.report.copied;
    if (job.actions[one.file.index] == Action::again) ++job.report.copied_again;
    job.report.copied_bytes += one.file.size_bytes;
    const auto lost = job.superseded.find(one.file.index);
    if (lost == job.superseded.end()) continue;
    const auto [directory, name] = split_path(lost->second.path);
    editor_.mark_vanished(job.volume->row, {{directory, name, one.stored.path}});
    job.superseded.erase(lost);
  }
  commit_if_due(false);
}

void BackupRecorder::commit_if_due(bool now) {
  const UtcTime time = archive_.clock().now();
  const bool recent =
      time >= last_commit_ && time.ms - last_commit_.ms < kCommitEveryMs;  // nor was it set back
  if (!now && recent) return;
  if (!std::exchange(resting_, true)) view_.rest();
  editor_.commit();
  last_commit_ = archive_.clock().now();
  std::uint64_t copied = 0;
  for (const DriveJob& job : jobs_) copied += job.report.copied;
  progress_.files_committed = copied;
}

}  // namespace dalil::drives
