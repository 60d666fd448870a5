#include "restore_plan.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "dalil/base/text.hpp"
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

/// A name as a backup with --rename-safe wrote it, back: every %XX as its byte.
std::string without_escapes(std::string_view name) {
  std::string out;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const auto byte = name[at] == '%' ? from_hex(name.substr(at + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1) {
      out += static_cast<char>(byte->front());
      at += 2;
    } else {
      out += name[at];
    }
  }
  return out;
}

/// Whether some of the names of a path were written with escapes to make the other; the rest are the same.
bool is_renamed_form(std::string_view renamed, std::string_view original) {
  while (true) {
    const std::size_t end = renamed.find('/'), original_end = original.find('/');
    const std::string_view name = renamed.substr(0, end), from = original.substr(0, original_end);
    if (name != from && without_escapes(name) != from) return false;
    if (end == renamed.npos || original_end == original.npos) return end == original_end;
    renamed.remove_prefix(end + 1);
    original.remove_prefix(original_end + 1);
  }
}

class Planner {
 public:
  Planner(archive::View& view, const RestoreOptions& options, bool original_names)
      : view_(view), options_(options), original_names_(original_names), volumes_(view.volumes()) {}

  std::vector<RestoreTask> run() {
    if (options_.items) {
      for (const archive::Row item : *options_.items) add(item);
    } else {
      for (archive::Row item = 0; item < view_.item_count(); ++item) add(item);
    }
    std::vector<RestoreTask> tasks;
    tasks.reserve(tasks_.size());
    while (!tasks_.empty()) {  // one after the other: there may be millions
      auto node = tasks_.extract(tasks_.begin());
      tasks.push_back(std::move(node.mapped().task));
      tasks.back().path = std::move(node.key());
    }
    return tasks;
  }

 private:
  /// Where a copy's content lay when it was taken in: for a backup, on the volume that it was made from.
  std::string origin_path(const archive::CopyInfo& copy, const std::vector<archive::CopyInfo>& copies) const {
    if (copy.stored) {
      const archive::StoredForm& from = *copy.stored;
      const std::string label =
          from.source_volume < volumes_.size() ? volumes_[from.source_volume].label : "_";
      return safe_component(label) + "/" + files::join_path(from.source_directory, from.source_name);
    }
    constexpr std::string_view kPayload = "data/";  // of a bag, with the volume's label behind
    const archive::Volume& volume = volumes_.at(copy.volume);
    if (volume.kind == archive::VolumeKind::backup && copy.path.starts_with(kPayload))
      return original_name(copy.path.substr(kPayload.size()), copies);
    return safe_component(volume.label) + "/" + copy.path;
  }

  /// A drive may have been unable to hold a name; copies on the volume that it was made from, even those that
  /// are gone, tell what it was.
  std::string original_name(const std::string& path, const std::vector<archive::CopyInfo>& copies) const {
    const std::size_t slash = path.find('/');
    if (!original_names_ || slash == path.npos || path.find('%', slash) == path.npos) return path;
    const std::string_view label = std::string_view(path).substr(0, slash),
                           kept = std::string_view(path).substr(slash + 1);
    const archive::CopyInfo* renamed = nullptr;
    for (const archive::CopyInfo& other : copies) {
      const archive::Volume& volume = volumes_.at(other.volume);
      if (volume.kind == archive::VolumeKind::backup || safe_component(volume.label) != label) continue;
      if (other.path == kept) return path;  // that is its name
      if (is_renamed_form(kept, other.path)) renamed = &other;
    }
    return renamed == nullptr ? path : path.substr(0, slash + 1) + renamed->path;
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
        origins.push_back(origin_path(copy, copies));
        archive::Seq& newest = places[origins.back()];
        newest = std::max(newest, copy.row.seq);
      }
    }
    for (const auto& [path, seq] : places) {
      if (!is_below(path, options_.below)) continue;
      std::vector<RestoreCandidate> ordered = candidates;
      for (std::size_t i = 0; i < ordered.size(); ++i) ordered[i].same_file = origins[i] == path;
      std::ranges::stable_sort(ordered, std::greater{}, &RestoreCandidate::same_file);
      put(is_safe(path) ? path : "_/" + item.digest.hex(),
          {{{}, item.digest, item.size_bytes, modified(copies, path), std::move(ordered)}, seq});
    }
  }

  /// The time of the file that the content was read from, if it is known: as it was where it was taken in,
  /// rather than as a backup has it.
  std::optional<std::int64_t> modified(const std::vector<archive::CopyInfo>& copies,
                                       const std::string& path) const {
    const archive::CopyInfo* best = nullptr;
    const auto rank = [&](const archive::CopyInfo& copy) {
      const bool backup = volumes_.at(copy.volume).kind == archive::VolumeKind::backup;
      return (origin_path(copy, copies) == path ? 2 : 0) + (backup ? 0 : 1);
    };
    for (const archive::CopyInfo& copy : copies)
      if (!copy.stored && (best == nullptr || rank(copy) > rank(*best))) best = &copy;
    return best == nullptr ? std::nullopt : std::optional(best->row.mtime_ns);
  }

  /// A task whose path is the key that it lies under.
  struct Planned {
    RestoreTask task;
    archive::Seq newest = 0;  ///< of the copies that were there
  };

  /// Two contents for one path: the one that was seen last keeps it.
  void put(const std::string& path, Planned planned) {
    const auto [found, fresh] = tasks_.try_emplace(path);
    if (fresh) {
      found->second = std::move(planned);
      return;
    }
    if (found->second.task.digest == planned.task.digest) return;
    if (planned.newest > found->second.newest) std::swap(found->second, planned);
    put_beside(path, std::move(planned));
  }

  /// A file may bear by itself the name that is made here, with another content: no task is dropped.
  void put_beside(std::string path, Planned planned) {
    for (;;) {
      path += "." + planned.task.digest.hex().substr(0, 8);
      const auto [found, fresh] = tasks_.try_emplace(path);
      if (fresh) {
        found->second = std::move(planned);
        return;
      }
      if (found->second.task.digest == planned.task.digest) return;
    }
  }

  archive::View& view_;
  const RestoreOptions& options_;
  const bool original_names_;
  std::vector<archive::Volume> volumes_;
  std::map<std::string, Planned> tasks_;
};

}  // namespace

std::vector<RestoreTask> plan_restore(archive::View& view, const RestoreOptions& options,
                                      bool original_names) {
  return Planner(view, options, original_names).run();
}

}  // namespace dalil::jobs
