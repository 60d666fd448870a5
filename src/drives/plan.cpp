#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <unordered_set>

#include "dalil/base/text.hpp"
#include "dalil/crypto/age_stream.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/seal.hpp"
#include "parts.hpp"

namespace dalil::drives {

using archive::CopyRow;

namespace {

constexpr std::size_t kMostLosses = 10'000;

bool is_below(const std::string& directory, const std::string& below) {
  return below.empty() || directory == below || directory.starts_with(below + "/");
}

/// lstat does not find a recorded copy: what an earlier verification said of it stays, unless that was good.
void note_lost(DriveJob& job, const std::string& path, const CopyRow& row, int error_number) {
  using archive::Verdict;
  if (row.verdict != Verdict::intact && row.verdict != Verdict::not_checked) return;
  const bool absent = error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP;
  job.lost.emplace_back(path, absent ? Verdict::missing : Verdict::unreadable);
}

/// By size and time. Bits rot without a trace in these: what a verification said of the copy holds until it
/// is read.
bool is_there(const CopyRow& row, const files::FileStat& stat) {
  return !is_damage(row.verdict) && stat.kind == files::FileKind::regular &&
         stat.size_bytes == row.size_bytes && stat.mtime_ns == row.mtime_ns;
}

void add_loss(BackupReport& report, BackupProblem loss) {
  if (report.losses.size() < kMostLosses) report.losses.push_back(std::move(loss));
}

}  // namespace

std::vector<PlannedFile> make_plan(archive::View& view, const BackupOptions& options, BackupReport& report) {
  std::optional<std::unordered_set<archive::Row>> items;
  if (options.query) {
    const auto found = archive::find(view, *options.query);
    items.emplace(found.begin(), found.end());
  }
  std::vector<PlannedFile> plan;
  for (std::uint32_t source = 0; source < options.sources.size(); ++source)
    view.for_each_copy(options.sources[source].volume,
                       [&](archive::Row, const std::string& directory, const std::vector<CopyRow>& rows) {
                         if (!is_below(directory, options.below)) return;
                         for (const CopyRow& row : rows) {
                           if (row.state == CopyRow::State::symlink && !items) ++report.symlinks;
                           if (row.state != CopyRow::State::live || (items && !items->contains(row.item)))
                             continue;
                           plan.push_back({source,
                                           options.sources[source].volume,
                                           files::join_path(directory, row.name),
                                           row.size_bytes,
                                           row.mtime_ns,
                                           row.item,
                                           row.seq,
                                           {}});
                         }
                       });
  std::ranges::sort(plan, [](const PlannedFile& a, const PlannedFile& b) {
    return std::tie(a.source, a.path) < std::tie(b.source, b.path);
  });
  report.selected = plan.size();
  for (PlannedFile& file : plan) {
    report.selected_bytes += file.size_bytes;
    file.digest = view.item(file.item).digest;
  }
  return plan;
}

std::optional<std::string> DriveJob::target_path(const PlannedFile& file, bool rename_safe) const {
  if (sealed()) {
    const jobs::ObjectName name = jobs::random_object_name();
    return name.directory + "/" + name.name;
  }
  std::optional<std::string> path = file.path;
  if (rename_safe) path = safe_path(limits, file.path);
  if (!path || !path_problem(limits, *path).empty() || file.size_bytes > limits.largest_file)
    return std::nullopt;
  return prefixes[file.source] + "/" + *path;
}

std::uint64_t size_on_drive(const DriveJob& job, std::size_t recipients, std::uint64_t size_bytes) {
  if (!job.sealed()) return size_bytes;
  // A recipient's line in the header takes about 100 bytes.
  return crypto::age::encrypted_size(128 + 128 * recipients, jobs::padded_size(size_bytes));
}

namespace {

/// Decides for each file; the drive's folders are looked at, and nothing is read.
class PlainPlanner {
 public:
  PlainPlanner(archive::View& view, const BackupOptions& options, DriveJob& job, BackupReport& report)
      : options_(options), job_(job), report_(report), folders_(job.root->get()) {
    if (!job.volume) return;
    view.for_each_copy(job.volume->row,
                       [&](archive::Row, const std::string& directory, const std::vector<CopyRow>& rows) {
                         for (const CopyRow& row : rows)
                           if (row.state == CopyRow::State::live)
                             known_.emplace(files::join_path(directory, row.name), row);
                       });
  }

  Action decide(const PlannedFile& file) {
    const auto target = job_.target_path(file, options_.rename_safe);
    if (!target) return lose(file, why_not(file));
    if (job_.limits.case_blind)
      if (!folded_.insert(fold_case(*target).value_or(*target)).second)
        return lose(file, "its name differs from another one in case only");
    const files::StatResult there = folders_.stat(*target);
    const auto known = known_.find(*target);
    if (known == known_.end()) {
      if (there.error_number != 0) return Action::copy;
      const CopyRow* twin = twin_of(*target, there.stat);
      if (twin == nullptr) return Action::examine;
      if (twin->item == file.item && is_there(*twin, there.stat)) return Action::there;
      return lose(file, "its name differs from that of a copy on the drive in case or Unicode form only");
    }
    if (there.error_number != 0) note_lost(job_, *target, known->second, there.error_number);
    if (known->second.item != file.item) return there.error_number == 0 ? Action::replace : Action::copy;
    if (there.error_number != 0) return Action::again;
    return is_there(known->second, there.stat) ? Action::there : Action::examine;
  }

 private:
  std::string why_not(const PlannedFile& file) const {
    if (file.size_bytes > job_.limits.largest_file) return "it is larger than 4 GiB";
    return path_problem(job_.limits, file.path);
  }
  static std::string fold(const std::string& path) {
    const std::string form = to_nfc(path).value_or(path);
    return fold_case(form).value_or(form);
  }
  /// A recorded copy under another name which the file system does not tell from this one: there is one file,
  /// and it is not to be moved out of the way as a stranger's. Null if there is none.
  const CopyRow* twin_of(const std::string& target, const files::FileStat& there) {
    if (by_fold_.empty())
      for (const auto& [path, row] : known_) by_fold_.emplace(fold(path), path);
    const auto [first, last] = by_fold_.equal_range(fold(target));
    for (auto at = first; at != last; ++at) {
      const files::StatResult other = folders_.stat(at->second);
      const bool same_inode = other.stat.device == there.device && other.stat.inode == there.inode;
      if (other.error_number == 0 && (job_.limits.case_blind || same_inode)) return &known_.at(at->second);
    }
    return nullptr;
  }
  Action lose(const PlannedFile& file, const std::string& why) {
    add_loss(report_, {job_.report.label, file.path, why});
    ++job_.report.left_out;
    return Action::leave_out;
  }
  const BackupOptions& options_;
  DriveJob& job_;
  BackupReport& report_;
  Folders folders_;
  std::unordered_map<std::string, CopyRow> known_;
  std::unordered_multimap<std::string, std::string> by_fold_;  ///< paths of those, once one is asked for
  std::unordered_set<std::string> folded_;
};

}  // namespace

namespace {

/// The same for a sealed drive: an object has a place on the source, and lies somewhere.
class SealedPlanner {
 public:
  SealedPlanner(archive::View& view, const BackupOptions& options, DriveJob& job, BackupReport& report)
      : options_(options), job_(job), report_(report), folders_(job.root->get()) {
    if (!job.volume) return;
    std::vector<CopyRow> rows;
    view.for_each_copy(job.volume->row,
                       [&](archive::Row, const std::string&, const std::vector<CopyRow>& portion) {
                         for (const CopyRow& row : portion)
                           if (row.state == CopyRow::State::live) rows.push_back(row);
                       });
    job.objects.reserve(rows.size());
    for (const CopyRow& row : rows) {
      const archive::Copy copy = view.copy(row.seq);
      job.objects.insert(copy.path());
      if (!copy.stored) continue;
      const archive::StoredForm& from = *copy.stored;
      known_.insert_or_assign(
          {from.source_volume, files::join_path(from.source_directory, from.source_name), row.item},
          Known{copy.path(), row});
    }
  }

  Action decide(std::size_t index, const PlannedFile& file) {
    if (size_on_drive(job_, options_.recipients.size(), file.size_bytes) > job_.limits.largest_file) {
      add_loss(report_, {job_.report.label, file.path, "it is larger than 4 GiB when it is sealed"});
      ++job_.report.left_out;
      return Action::leave_out;
    }
    const auto found = known_.find({options_.sources[file.source].volume, file.path, file.item});
    if (found == known_.end()) return Action::copy;
    const Known& known = found->second;
    const files::StatResult there = folders_.stat(known.path);
    if (there.error_number == 0 && is_there(known.row, there.stat)) return Action::there;
    job_.superseded.insert_or_assign(index, LostObject{known.path, known.row.seq});
    if (there.error_number == 0) return Action::examine;
    note_lost(job_, known.path, known.row, there.error_number);
    return Action::again;
  }

 private:
  struct Known {
    std::string path;
    CopyRow row;
  };
  const BackupOptions& options_;
  DriveJob& job_;
  BackupReport& report_;
  Folders folders_;
  std::map<std::tuple<archive::Row, std::string, archive::Row>, Known> known_;
};

}  // namespace

void plan_drive(archive::View& view, const BackupOptions& options, const std::vector<PlannedFile>& plan,
                DriveJob& job, BackupReport& report) {
  for (const BackupSource& source : options.sources) {
    const archive::Volume volume = view.volume(source.volume);
    job.prefixes.push_back("data/" + safe_label(volume.label, volume.id));
  }
  std::optional<PlainPlanner> plain;
  std::optional<SealedPlanner> sealed;
  if (job.sealed())
    sealed.emplace(view, options, job, report);
  else
    plain.emplace(view, options, job, report);
  job.actions.reserve(plan.size());
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const PlannedFile& file = plan[i];
    const Action action = sealed ? sealed->decide(i, file) : plain->decide(file);
    job.actions.push_back(action);
    if (action == Action::there) ++job.report.there;
    if (action == Action::there || action == Action::leave_out) continue;
    ++job.report.to_copy;
    job.report.to_copy_bytes += file.size_bytes;
  }
}

}  // namespace dalil::drives
