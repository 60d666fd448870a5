#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "dalil/files/volume.hpp"
#include "scan_parts.hpp"

namespace dalil::jobs {

using archive::CopyRow;
using files::DirectoryEntry;
using files::FileKind;

namespace {

constexpr std::size_t kMostProblemsHeld = 1024;

files::WalkOptions walk_options(const archive::Archive& archive) {
  files::WalkOptions options;
  struct stat status {};
  if (stat(archive.ledger().directory().c_str(), &status) == 0)
    options.skip.emplace_back(status.st_dev, status.st_ino);
  return options;
}

/// These file systems make inode numbers up each time they are mounted.
bool has_stable_inodes(const std::string& folder) {
  const std::string name = files::identify_volume(folder).file_system;
  return name != "vfat" && name != "exfat" && name != "msdos" && !name.starts_with("fuse");
}

}  // namespace

ScanWalk::ScanWalk(const archive::Archive& archive, const ScanOptions& options, Progress& progress,
                   const StopFlag& stop)
    : options_(options),
      progress_(progress),
      stop_(stop),
      view_(archive.view()),
      walker_(options.folder, walk_options(archive)),
      stable_inodes_(has_stable_inodes(options.folder)),
      live_before_(view_.volume(options.volume).live_copies),
      entries_before_(view_.reader().size()),
      is_drive_(view_.volume(options.volume).drive.has_value()),
      wants_known_(!options.rules.empty() || options.incident_of != nullptr),
      belief_(options.allow_changed ? Belief::believed : Belief::undecided) {}

void ScanWalk::run(TaskQueue& tasks, FindingsQueue& findings) {
  tasks_ = &tasks;
  findings_ = &findings;
  while (!stop_.requested()) {
    const auto directory = walker_.next();
    if (!directory) break;
    look_at(*directory);
    hand_over(false);
  }
  if (!stop_.requested()) {
    decide(true);
    find_lost_directories();
  }
  hand_over(true);
  progress_.walk_finished = true;
}

void ScanWalk::look_at(const files::Directory& directory) {
  ++result.directories;
  const std::string path = files::join_path(options_.path_prefix, directory.path);
  if (directory.error_number != 0) {
    found_.problems.push_back(exception_for(path.empty() ? "." : path, archive::Verdict::unreadable,
                                            directory.error_number, "directory could not be listed"));
    failed_.add(path, directory.error_number);
  }
  const std::vector<CopyRow> rows = view_.directory(options_.volume, path);
  std::unordered_map<std::string_view, const CopyRow*> known;
  known.reserve(rows.size());
  for (const CopyRow& row : rows) known.emplace(row.name, &row);
  if (!rows.empty()) visited_.insert(path);

  for (const DirectoryEntry& entry : directory.entries) {
    if (entry.stat.kind == FileKind::directory) continue;
    const auto found = known.find(entry.name);
    look_at_entry(directory, path, entry, found == known.end() ? nullptr : found->second);
    if (found == known.end()) continue;
    if (found->second->state == CopyRow::State::live) ++live_seen_;
    known.erase(found);
  }
  for (const auto& [name, row] : known) {
    if (row->state == CopyRow::State::vanished) continue;
    if (row->state == CopyRow::State::live) ++live_seen_;
    if (directory.error_number == 0) result.lost.push_back({path, row->name, row->item});
  }
}

bool ScanWalk::unchanged(const files::FileStat& stat, const CopyRow& known) const {
  return stat.size_bytes == known.size_bytes && stat.mtime_ns == known.mtime_ns &&
         stat.ctime_ns == known.ctime_ns && (!stable_inodes_ || stat.inode == known.inode);
}

void ScanWalk::look_at_entry(const files::Directory& directory, const std::string& path,
                             const DirectoryEntry& entry, const CopyRow* known) {
  ++result.seen;
  ++progress_.files_seen;
  const auto full = [&] { return files::join_path(path, entry.name); };
  if ((is_drive_ && archive::is_drive_file(full())) || (known == nullptr && archive::is_set_aside(path))) {
    ++found_.skipped;
    return;
  }
  if (entry.error_number != 0) {
    found_.problems.push_back(
        exception_for(full(), archive::Verdict::unreadable, entry.error_number,
                      entry.error_number == ENOENT ? "gone during the walk" : "could not be examined"));
    if (entry.error_number != ENOENT) failed_.add(full(), entry.error_number);  // perhaps a directory
    return;
  }
  if (entry.stat.kind == FileKind::symlink) {
    if (known != nullptr && known->state == CopyRow::State::symlink && unchanged(entry.stat, *known)) {
      ++found_.unchanged;
      ++found_.unchanged_symlinks;
    } else {
      found_.symlinks.push_back({path, entry.name, entry.link_target, entry.stat});
    }
    return;
  }
  if (entry.stat.kind != FileKind::regular) {
    ++found_.skipped;
    found_.problems.push_back(exception_for(full(), archive::Verdict::not_checked, 0,
                                            std::string("skipped: ") + files::name_of(entry.stat.kind)));
    return;
  }
  const bool known_live = known != nullptr && known->state == CopyRow::State::live;
  result.present += known_live ? 1 : 0;
  const bool same = known_live && unchanged(entry.stat, *known);
  const bool other_size = known_live && known->size_bytes != entry.stat.size_bytes;
  if (known_live) ++(other_size ? of_other_size_ : of_known_size_);
  const bool look_again =
      same && options_.look_again != LookAgain::none && wants_facts(view_, known->item, options_.look_again);
  if (same && !options_.rehash && !look_again) {
    ++found_.unchanged;
    if (wants_known_) found_.known.emplace_back(full(), known->item);
    return;
  }
  FileTask task{directory.fd, path, entry.name, entry.stat, {.changed = known_live && !same}};
  if (known_live && !same) task.expected.former = known->item;
  if (known_live && known->size_bytes == entry.stat.size_bytes && known->mtime_ns == entry.stat.mtime_ns)
    task.expected.item = known->item;
  if (options_.on_file && !known_live) options_.on_file("new", full());
  if (!other_size) return queue_file(task);
  undecided_.push_back(std::move(task));  // until it is known whether it is to be believed
  decide(false);
}

/// Cards that were emptied and used again, and other cards, have the same names; edits are few, or leave
/// sizes as they were.
void ScanWalk::decide(bool at_end) {
  constexpr std::uint64_t kEnough = 64, kLeast = 8;
  if (belief_ == Belief::undecided) {
    if (!at_end && of_known_size_ + of_other_size_ < kEnough) return;
    const bool other_card = of_other_size_ >= kLeast && of_other_size_ > of_known_size_;
    belief_ = other_card ? Belief::refused : Belief::believed;
  }
  for (FileTask& task : undecided_) {
    if (belief_ == Belief::refused)
      refuse_changed(task);
    else
      queue_file(task);
  }
  undecided_.clear();
}

void ScanWalk::refuse_changed(const FileTask& task) {
  ++result.not_taken;
  ++found_.refused;
  found_.problems.push_back(
      exception_for(files::join_path(task.directory, task.name), archive::Verdict::not_checked, 0,
                    "another size than on record, as of most files here: not taken in"));
}

void ScanWalk::queue_file(const FileTask& task) {
  if (options_.on_file && task.expected.changed)
    options_.on_file("changed", files::join_path(task.directory, task.name));
  ++progress_.files_expected;
  if (task.stat.links > 1 && !inodes_.insert(inode_key(task.stat)).second) {
    found_.hard_links.push_back({task.directory, task.name, task.stat, task.expected});
    return;
  }
  progress_.bytes_expected += task.stat.size_bytes;
  batch_.push_back(task);
  batch_bytes_ += task.stat.size_bytes;
  if (batch_.size() >= kBatchFiles || batch_bytes_ >= kBatchBytes) hand_over_batch();
}

/// May wait for the readers for long.
void ScanWalk::hand_over_batch() {
  view_.rest();
  if (!options_.dry_run) tasks_->push(std::move(batch_));
  batch_.clear();
  batch_bytes_ = 0;
  view_.renew();
}

void ScanWalk::hand_over(bool everything) {
  if (everything && !batch_.empty()) hand_over_batch();
  const std::size_t held =
      found_.problems.size() + found_.symlinks.size() + found_.hard_links.size() + found_.known.size();
  if (held == 0 && found_.unchanged == 0) return;
  if (!everything && held < kMostProblemsHeld && found_.unchanged < 100'000) return;
  findings_->push(std::move(found_));
  found_ = Findings();
}

/// Directories that the index knew and the walk never met. When all live copies of the volume were met, there
/// are none. What this scan itself has added meanwhile is not lost.
void ScanWalk::find_lost_directories() {
  if (options_.path_prefix.empty() && live_seen_ == live_before_) return;
  const std::string below = options_.path_prefix.empty() ? "" : options_.path_prefix + "/";
  view_.for_each_copy(options_.volume,
                      [&](archive::Row, const std::string& path, const std::vector<CopyRow>& rows) {
                        if (visited_.contains(path) || failed_.hiding(path) != 0) return;
                        if (!below.empty() && path != options_.path_prefix && !path.starts_with(below))
                          return;
                        for (const CopyRow& row : rows)
                          if (row.state != CopyRow::State::vanished && row.seq < entries_before_)
                            result.lost.push_back({path, row.name, row.item});
                      });
}

}  // namespace dalil::jobs
