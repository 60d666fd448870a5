#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/content.hpp"
#include "layout.hpp"
#include "parts.hpp"
#include "stores.hpp"

/// What lies at a file's place before it is copied: it is taken in, kept under another name, or set aside.
/// Nothing is removed.
namespace dalil::drives {

namespace {

constexpr std::size_t kLongestName = 200;

class Examiner {
 public:
  Examiner(std::size_t number, DriveJob& job, BackupRecorder& recorder)
      : number_(number), job_(job), recorder_(recorder), reader_(job.root->get()) {}

  /// The action that is left to do.
  Action look(const PlannedFile& file, const std::string& target, Action action, const jobs::StopFlag& stop) {
    const PlaceReader::Found found = reader_.read(target, stop);
    if (!found.folder) return Action::copy;
    if (found.stopped) return Action::leave_out;
    const jobs::Content& content = found.content;
    if (content.error_number == ENOENT) return Action::copy;
    const bool readable = content.ok();
    if (readable && content.digest == file.digest) {
      recorder_.record(number_, file, {target, content.stat, {}});
      ++job_.report.adopted;
      return Action::there;
    }
    if (action == Action::replace && keep_version(found.folder->get(), target, content)) return Action::copy;
    set_aside(found.folder->get(), found.name, target);
    give_up(target, readable ? archive::Verdict::corrupt : archive::Verdict::unreadable);
    return Action::copy;
  }

 private:
  /// A copy that was recorded there counts no more, also if nothing takes its place.
  void give_up(const std::string& target, archive::Verdict verdict) {
    const auto [directory, name] = split_path(target);
    for (const archive::CopyRow& row : recorder_.view().directory(job_.volume->row, directory)) {
      if (row.name != name || row.state != archive::CopyRow::State::live) continue;
      recorder_.found(job_, target, verdict);
      recorder_.commit_if_due(true);
      return;
    }
  }

  /// The path's earlier content stays beside it, if it is still what was recorded.
  bool keep_version(int folder, const std::string& target, const jobs::Content& content) {
    const auto [directory, name] = split_path(target);
    if (!content.ok()) return false;
    const std::vector<archive::CopyRow> rows = recorder_.view().directory(job_.volume->row, directory);
    for (const archive::CopyRow& row : rows) {
      if (row.name != name || row.state != archive::CopyRow::State::live) continue;
      if (recorder_.view().item(row.item).digest != content.digest) return false;
      std::string kept =
          fmt::format("{}.{}", name.substr(0, kLongestName), content.digest.hex().substr(0, 8));
      if (::syscall(SYS_renameat2, folder, name.c_str(), folder, kept.c_str(), 1) != 0) return false;
      const std::string path = files::join_path(directory, kept);
      recorder_.moved(number_, target, path, row.seq, files::stat_at(folder, kept.c_str()).stat);
      ++job_.report.kept_versions;
      return true;
    }
    return false;
  }

  void set_aside(int folder, const std::string& name, const std::string& target) {
    const std::string kept = drives::set_aside(reader_.folders(), folder, name, target);
    ++job_.report.set_aside;
    recorder_.problem({job_.report.label, target,
                       fmt::format("stood there with another content: set aside as {}/{}", layout::kAside,
                                   escape_for_display(kept))});
  }

  const std::size_t number_;
  DriveJob& job_;
  BackupRecorder& recorder_;
  PlaceReader reader_;
};

}  // namespace

PlaceReader::Found PlaceReader::read(const std::string& path, const jobs::StopFlag& stop) {
  auto [directory, name] = split_path(path);
  int error_number = 0;
  Found found{folders_.open(directory, error_number), std::move(name), {}};
  if (!found.folder) return found;
  const std::vector<jobs::FileTask> task{{found.folder, directory, found.name, {}}};
  std::vector<jobs::Content> contents = reader_.open(task);
  jobs::Progress uncounted;
  reader_.read(task, contents, {crypto::TagNonce{}}, uncounted, stop);
  found.stopped = reader_.stopped();
  found.content = std::move(contents[0]);
  return found;
}

void settle(DriveJob& job, std::size_t index, const PlannedFile& file, Action action) {
  job.actions[index] = action;
  if (action != Action::there) return;
  --job.report.to_copy;
  job.report.to_copy_bytes -= file.size_bytes;
}

void examine_drive(const BackupOptions& options, std::size_t number, DriveJob& job,
                   const std::vector<PlannedFile>& plan, BackupRecorder& recorder,
                   const jobs::StopFlag& stop) {
  Examiner examiner(number, job, recorder);
  for (std::size_t i = 0; i < plan.size() && !stop.requested(); ++i) {
    const Action action = job.actions[i];
    if (action != Action::examine && action != Action::replace) continue;
    settle(job, i, plan[i],
           examiner.look(plan[i], *job.target_path(plan[i], options.rename_safe), action, stop));
    recorder.commit_if_due(false);
  }
}

}  // namespace dalil::drives
