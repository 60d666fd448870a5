#include <fmt/format.h>

#include "dalil/files/walk.hpp"
#include "layout.hpp"
#include "parts.hpp"
#include "stores.hpp"

/// What lies below objects/ before anything is sealed: nothing of it is removed.
namespace dalil::drives {

namespace {

class ObjectExaminer {
 public:
  ObjectExaminer(DriveJob& job, BackupRecorder& recorder)
      : job_(job), recorder_(recorder), reader_(job.root->get()) {}

  /// The action that is left to do for a file whose object is not as it was recorded.
  Action look(std::size_t index, const jobs::StopFlag& stop) {
    const LostObject object = job_.superseded.at(index);
    const PlaceReader::Found found = reader_.read(object.path, stop);
    if (!found.folder) return Action::copy;
    if (found.stopped) return Action::leave_out;
    const jobs::Content& content = found.content;
    if (content.ok() && content.digest == recorder_.view().copy(object.seq).digest_on_volume()) {
      recorder_.record_again(object.seq, content.stat);
      job_.superseded.erase(index);
      ++job_.report.adopted;
      return Action::there;
    }
    set_aside(reader_.folders(), found.folder->get(), found.name, object.path);
    ++job_.report.set_aside;
    recorder_.found(job_, object.path,
                    content.ok() ? archive::Verdict::corrupt : archive::Verdict::unreadable);
    recorder_.commit_if_due(true);
    recorder_.problem({job_.report.label, object.path,
                       fmt::format("is not what was recorded: set aside in {}", layout::kAside)});
    return Action::copy;
  }

 private:
  DriveJob& job_;
  BackupRecorder& recorder_;
  PlaceReader reader_;
};

}  // namespace

/// Objects of a run that was killed before it recorded them. The archive may also be an older one than the
/// drive knows, so that nothing is deleted.
std::uint64_t set_aside_unknown_objects(const DriveJob& job, Folders& folders) {
  int error_number = 0;
  const auto objects = folders.make(layout::kObjects, error_number);
  if (!objects) throw DriveFailure::from("make the folder", layout::kObjects, error_number);
  std::vector<std::string> unknown;
  files::Walker walker(fmt::format("/proc/self/fd/{}", objects->get()));
  while (const auto listed = walker.next())
    for (const auto& entry : listed->entries) {
      std::string path = files::join_path(layout::kObjects, files::join_path(listed->path, entry.name));
      if (entry.stat.kind == files::FileKind::regular && !job.objects.contains(path))
        unknown.push_back(std::move(path));
    }
  for (const std::string& path : unknown) {
    const auto [directory, name] = split_path(path);
    const auto folder = folders.open(directory, error_number);
    if (!folder) throw DriveFailure::from("open the folder", directory, error_number);
    set_aside(folders, folder->get(), name, path);
  }
  return unknown.size();
}

void examine_objects(DriveJob& job, const std::vector<PlannedFile>& plan, BackupRecorder& recorder,
                     const jobs::StopFlag& stop) {
  ObjectExaminer examiner(job, recorder);
  Folders folders(job.root->get());
  job.report.set_aside += set_aside_unknown_objects(job, folders);
  for (std::size_t i = 0; i < plan.size() && !stop.requested(); ++i) {
    if (job.actions[i] != Action::examine) continue;
    settle(job, i, plan[i], examiner.look(i, stop));
    recorder.commit_if_due(false);
  }
  job.objects.clear();
}

}  // namespace dalil::drives
