#include "restore_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "dalil/files/walk.hpp"

namespace dalil::jobs {

namespace {

/// One component of a path, whatever the label holds.
std::string safe_component(const std::string& label) {
  std::string safe = label;
  std::ranges::replace(safe, '/', '_');
  return safe.empty() || safe == "." || safe == ".." ? "_" : safe;
}

bool is_below(const std::string& path, const std::string& folder) {
  return folder.empty() || path == folder ||
         (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

/// Paths come from ledger entries, which name what a walk found: never above the target.
bool is_safe(const std::string& path) {
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == ".." || part.find('\0') != part.npos) return false;
    begin = end + 1;
  }
  return true;
}

class Planner {
 public:
  Planner(archive::View& view, const RestoreOptions& options)
      : view_(view), options_(options), volumes_(view.volumes()) {}

  std::vector<RestoreTask> run() {
    if (options_.items) {
      for (const archive::Row item : *options_.items) add(item);
    } else {
      for (archive::Row item = 0; item < view_.item_count(); ++item) add(item);
    }
    std::vector<RestoreTask> tasks;
    for (auto& [path, task] : tasks_) tasks.push_back(std::move(task));
    return tasks;
  }

 private:
  /// Where a copy's content lay when it was taken in: for a backup, on the volume that it was made from.
  std::string origin_path(const archive::CopyInfo& copy) const {
    if (copy.stored) {
      const archive::StoredForm& from = *copy.stored;
      const std::string label =
          from.source_volume < volumes_.size() ? volumes_[from.source_volume].label : "_";
      return safe_component(label) + "/" + files::join_path(from.source_directory, from.source_name);
    }
    constexpr std::string_view kPayload = "data/";  // of a bag, with the volume's label behind
    const archive::Volume& volume = volumes_.at(copy.volume);
    if (volume.kind == archive::VolumeKind::backup && copy.path.starts_with(kPayload))
      return copy.path.substr(kPayload.size());
    return safe_component(volume.label) + "/" + copy.path;
  }

  void add(archive::Row row) {
    const std::vector<archive::CopyInfo> copies = view_.copies_of(row);
    const archive::Item item = view_.item(row);
    std::vector<RestoreCandidate> candidates;
    std::vector<std::string> origins;  // of the candidates
    std::map<std::string, archive::Seq> places;
    for (std::size_t source = 0; source < options_.sources.size(); ++source) {
      for (const archive::CopyInfo& copy : copies) {
        if (copy.volume != options_.sources[source].volume || copy.row.state != archive::CopyRow::State::live)
          continue;
        candidates.push_back({source, copy.path, copy.row.size_bytes, copy.stored.has_value(),
                              copy.stored ? copy.stored->digest : item.digest});
        origins.push_back(origin_path(copy));
        archive::Seq& newest = places[origins.back()];
        newest = std::max(newest, copy.row.seq);
      }
    }
    for (const auto& [path, seq] : places) {
      if (!is_below(path, options_.below)) continue;
      for (std::size_t i = 0; i < candidates.size(); ++i) candidates[i].same_file = origins[i] == path;
      put({is_safe(path) ? path : "_/" + item.digest.hex(), item.digest, item.size_bytes,
           modified(copies, path), candidates},
          seq);
    }
  }

  /// The time of the file that the content was read from, if it is known: as it was where it was taken in,
  /// rather than as a backup has it.
  std::optional<std::int64_t> modified(const std::vector<archive::CopyInfo>& copies,
                                       const std::string& path) const {
    const archive::CopyInfo* best = nullptr;
    const auto rank = [&](const archive::CopyInfo& copy) {
      const bool backup = volumes_.at(copy.volume).kind == archive::VolumeKind::backup;
      return (origin_path(copy) == path ? 2 : 0) + (backup ? 0 : 1);
    };
    for (const archive::CopyInfo& copy : copies)
      if (!copy.stored && (best == nullptr || rank(copy) > rank(*best))) best = &copy;
    return best == nullptr ? std::nullopt : std::optional(best->row.mtime_ns);
  }

  /// Two contents for one path: the one that was seen last keeps it.
  void put(RestoreTask task, archive::Seq seq) {
    const auto [found, fresh] = tasks_.emplace(task.path, task);
    if (fresh) {
      newest_[task.path] = seq;
      return;
    }
    if (found->second.digest == task.digest) return;
    const std::string path = task.path;
    if (seq > newest_[path]) {
      std::swap(found->second, task);
      newest_[path] = seq;
    }
    put_beside(path, std::move(task));
  }

  /// A file may bear by itself the name that is made here, with another content: no task is dropped.
  void put_beside(std::string path, RestoreTask task) {
    for (;;) {
      path += "." + task.digest.hex().substr(0, 8);
      task.path = path;
      const auto [found, fresh] = tasks_.emplace(path, task);
      if (fresh || found->second.digest == task.digest) return;
    }
  }

  archive::View& view_;
  const RestoreOptions& options_;
  std::vector<archive::Volume> volumes_;
  std::map<std::string, RestoreTask> tasks_;
  std::map<std::string, archive::Seq> newest_;
};

}  // namespace

std::vector<RestoreTask> plan_restore(archive::View& view, const RestoreOptions& options) {
  return Planner(view, options).run();
}

}  // namespace dalil::jobs
