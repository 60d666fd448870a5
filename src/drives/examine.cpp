#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dalil/base/text.hpp"
#include "dalil/jobs/content.hpp"
#include "layout.hpp"
#include "parts.hpp"

/// What lies at a file's place before it is copied: it is taken in, kept under another name, or set aside.
/// Nothing is removed.
namespace dalil::drives {

namespace {

constexpr std::size_t kLongestName = 200;

class Examiner {
 public:
  Examiner(archive::View& view, std::size_t number, DriveJob& job, BackupRecorder& recorder)
      : view_(view), number_(number), job_(job), recorder_(recorder), folders_(job.root->get()) {}

  /// The action that is left to do.
  Action look(const PlannedFile& file, const std::string& target, Action action, const jobs::StopFlag& stop) {
    const auto [directory, name] = split_path(target);
    int error_number = 0;
    const auto folder = folders_.open(directory, error_number);
    if (!folder) return Action::copy;
    const std::vector<jobs::FileTask> task{{folder, directory, name, {}}};
    std::vector<jobs::Content> contents = reader_.open(task);
    jobs::Progress uncounted;
    reader_.read(task, contents, {crypto::TagNonce{}}, uncounted, stop);
    if (reader_.stopped()) return Action::leave_out;
    const jobs::Content& content = contents[0];
    if (content.error_number == ENOENT) return Action::copy;
    const bool readable = content.ok();
    if (readable && content.digest == view_.item(file.item).digest) {
      recorder_.record(number_, file, {target, content.stat});
      ++job_.report.adopted;
      return Action::there;
    }
    if (action == Action::replace && keep_version(folder->get(), target, content)) return Action::copy;
    set_aside(folder->get(), name, target);
    return Action::copy;
  }

 private:
  /// The path's earlier content stays beside it, if it is still what was recorded.
  bool keep_version(int folder, const std::string& target, const jobs::Content& content) {
    const auto [directory, name] = split_path(target);
    if (!content.ok()) return false;
    for (const archive::CopyRow& row : view_.directory(job_.volume->row, directory)) {
      if (row.name != name || row.state != archive::CopyRow::State::live) continue;
      if (view_.item(row.item).digest != content.digest) return false;
      std::string kept =
          fmt::format("{}.{}", name.substr(0, kLongestName), content.digest.hex().substr(0, 8));
      if (::syscall(SYS_renameat2, folder, name.c_str(), folder, kept.c_str(), 1) != 0) return false;
      const std::string path = directory.empty() ? kept : directory + "/" + kept;
      recorder_.moved(number_, target, path, row.seq, files::stat_at(folder, kept.c_str()).stat);
      ++job_.report.kept_versions;
      return true;
    }
    return false;
  }

  void set_aside(int folder, const std::string& name, const std::string& target) {
    int error_number = 0;
    const auto aside = folders_.make(layout::kAside, error_number);
    if (!aside) throw DriveFailure::from("make the folder", layout::kAside, error_number);
    const std::string kept = to_hex(crypto::random_array<4>()) + "-" + name.substr(0, kLongestName);
    if (::syscall(SYS_renameat2, folder, name.c_str(), aside->get(), kept.c_str(), 1) != 0 &&
        ::renameat(folder, name.c_str(), aside->get(), kept.c_str()) != 0)
      throw DriveFailure::from("set aside", target, errno);
    ++job_.report.set_aside;
    recorder_.problem({job_.report.label, target,
                       fmt::format("stood there with another content: set aside as {}/{}", layout::kAside,
                                   escape_for_display(kept))});
  }

  archive::View& view_;
  const std::size_t number_;
  DriveJob& job_;
  BackupRecorder& recorder_;
  Folders folders_;
  jobs::ContentReader reader_{
      {}, {.digest = true, .tags = false, .sniff = false, .from = files::ReadFrom::medium}};
};

}  // namespace

void examine_drive(const archive::Archive& archive, const BackupOptions& options, std::size_t number,
                   DriveJob& job, const std::vector<PlannedFile>& plan, BackupRecorder& recorder,
                   const jobs::StopFlag& stop) {
  archive::View view = archive.view();
  Examiner examiner(view, number, job, recorder);
  for (std::size_t i = 0; i < plan.size() && !stop.requested(); ++i) {
    Action& action = job.actions[i];
    if (action != Action::examine && action != Action::replace) continue;
    action = examiner.look(plan[i], *job.target_path(plan[i], options.rename_safe), action, stop);
    if (action == Action::there) {
      --job.report.to_copy;
      job.report.to_copy_bytes -= plan[i].size_bytes;
    }
    recorder.commit_if_due(false);
  }
}

}  // namespace dalil::drives
