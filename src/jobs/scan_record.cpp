#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/media/facts.hpp"
#include "scan_parts.hpp"

namespace dalil::jobs {

using archive::LinkType;
using archive::Row;
using archive::Verdict;

namespace {
constexpr std::int64_t kCommitEveryMs = 1000;
constexpr std::uint64_t kCommitEntries = 25'000;
constexpr std::size_t kMostRecordedProblems = 10'000;
constexpr std::size_t kAssignedTogether = 1000;

std::uint64_t link_key(Row item, Row incident, LinkType type) {
  return (std::uint64_t{item} << 32 | incident) * 31 + static_cast<std::uint64_t>(type);
}
}  // namespace

Exception exception_for(std::string path, Verdict verdict, int error_number, std::string detail) {
  Exception exception;
  exception.path = std::move(path);
  exception.verdict = verdict;
  exception.error_number = error_number;
  exception.detail = std::move(detail);
  if (error_number != 0) exception.detail += fmt::format(": {}", std::strerror(error_number));
  return exception;
}

Exception exception_for(const FileTask& task, const Content& content) {
  std::string path = files::join_path(task.directory, task.name);
  if (content.error_number == ENOENT)
    return exception_for(std::move(path), Verdict::unreadable, ENOENT, "gone before it could be read");
  if (content.error_number != 0)
    return exception_for(std::move(path), Verdict::unreadable, content.error_number, "could not be opened");
  if (content.changing)
    return exception_for(std::move(path), Verdict::unreadable, 0,
                         "it changes while it is read; scan it again later");
  Exception exception = exception_for(std::move(path), Verdict::unreadable, content.bad.front().error_number,
                                      "could not be read whole");
  for (const files::BadRange& range : content.bad)
    exception.ranges.emplace_back(range.offset, range.size_bytes);
  return exception;
}

bool matches_pattern(std::string_view pattern, std::string_view path) {
  if (pattern.find_first_of("*?") == std::string_view::npos) {
    while (!pattern.empty() && pattern.back() == '/') pattern.remove_suffix(1);
    return path.starts_with(pattern) &&
           (path.size() == pattern.size() || pattern.empty() || path[pattern.size()] == '/');
  }
  // The usual backtracking over the last star: linear in practice, quadratic at worst.
  std::size_t p = 0, s = 0, star = std::string_view::npos, resume = 0;
  while (s < path.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == path[s]) && pattern[p] != '*') {
      ++p;
      ++s;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = s;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      s = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

ScanRecorder::ScanRecorder(archive::Archive& archive, const ScanOptions& options, Progress& progress)
    : archive_(archive),
      options_(options),
      progress_(progress),
      links_wanted_(!options.rules.empty() || options.incident_of != nullptr) {
  if (!options.dry_run) {
    editor_.emplace(archive.edit());
    first_seq_ = editor_->writer().size();
    for (const LinkRule& rule : options.rules)
      if (!editor_->find_incident(rule.incident))
        throw Error(ErrorCode::not_found,
                    fmt::format("there is no incident '{}'", escape_for_display(rule.incident)),
                    "import or add it first; 'dalil incident list' shows what there is");
  }
  if (!options.source.empty()) {
    source_ = archive.view().find_source(options.source);
    if (!source_)
      throw Error(ErrorCode::not_found,
                  fmt::format("there is no source '{}'", escape_for_display(options.source)),
                  "make it known first: dalil source add ALIAS");
  }
  if (links_wanted_) {
    archive::View view = archive.view();
    view.for_each_link(
        [this](Row item, Row incident, LinkType type) { links_.insert(link_key(item, incident, type)); });
  }
  last_commit_ = archive.clock().now();
}

void ScanRecorder::problem(Exception exception) {
  ++progress_.problems;
  if (options_.on_problem) options_.on_problem(exception);
  if (report.problems.size() < kMostRecordedProblems) report.problems.push_back(std::move(exception));
}

void ScanRecorder::record(Findings findings) {
  report.unchanged += findings.unchanged;
  report.symlinks += findings.unchanged_symlinks;
  report.skipped += findings.skipped;
  report.failed += findings.refused;
  for (Exception& exception : findings.problems) {
    if (exception.verdict != Verdict::not_checked && exception.detail.find("directory") != 0) ++report.failed;
    problem(std::move(exception));
  }
  if (options_.dry_run) return;
  for (ReadFile& file : findings.files) add_file(file);
  for (const HardLink& link : findings.hard_links) add_hard_link(link);
  for (const Symlink& link : findings.symlinks) {
    editor_->add_symlink(options_.volume, link.directory, link.name, link.stat, link.target);
    ++report.symlinks;
    ++report.indexed;
    ++uncommitted_files_;
  }
  for (const auto& [path, item] : findings.known) link(path, item);
}

void ScanRecorder::add_copy(const ReadFile& file, const std::string& directory, const std::string& name,
                            const files::FileStat& stat, const Expected& expected) {
  if (expected.item != ledger::kNoRow && editor_->find_item(file.content.digest) != expected.item) {
    ++report.failed;
    problem(
        exception_for(files::join_path(directory, name), Verdict::corrupt, 0,
                      "other bytes than were recorded, with the same size and modification time: damaged or "
                      "altered. Not taken in; 'dalil verify' tells where"));
    record_damage(directory, name, Verdict::corrupt);
    return;
  }
  archive::Copy copy;
  copy.volume = options_.volume;
  copy.directory = directory;
  copy.name = name;
  copy.digest = file.content.digest;
  copy.size_bytes = file.content.size_bytes;
  copy.mtime_ns = stat.mtime_ns;
  copy.ctime_ns = stat.ctime_ns;
  copy.inode = stat.inode;
  copy.tag_nonce = file.nonce;
  copy.tags = file.content.tags;
  const archive::AddedCopy added = editor_->add_copy(copy);
  report.new_items += added.new_item ? 1 : 0;
  // Of several copies the first one tells.
  if (file.facts && (added.new_item || (file.held && looked_again_.insert(added.item).second))) {
    editor_->add_facts(added.item, *file.facts);
    ++report.media;
    if (!file.facts->problem.empty()) not_understood(files::join_path(directory, name), file.facts->problem);
  } else if (options_.metadata && !added.new_item && !media::times_in_name(name).empty()) {
    later_names_.emplace_back(added.item, name);
  }
  ++report.indexed;
  if (expected.changed) ++report.changed;
  if (expected.former != ledger::kNoRow && expected.former != added.item)
    overwritten_.emplace_back(expected.former, files::join_path(directory, name));
  ++uncommitted_files_;
  if (links_wanted_) link(files::join_path(directory, name), added.item);
  if (!source_) return;
  from_source_.push_back(added.item);
  if (from_source_.size() >= kAssignedTogether) assign_source();
}

void ScanRecorder::record_damage(const std::string& directory, const std::string& name, Verdict verdict) {
  editor_->record_named_verdicts(options_.volume, directory, {{name, verdict}},
                                 archive_.clock().now().ms / 1000);
}

void ScanRecorder::not_understood(const std::string& path, const std::string& problem) {
  constexpr std::size_t kMostNamed = 10'000;
  ++report.not_understood;
  if (report.unclear.size() < kMostNamed) report.unclear.emplace_back(path, problem);
}

void ScanRecorder::add_later_names() {
  if (later_names_.empty()) return;
  archive::View view = archive_.view();
  std::map<Row, std::vector<std::string>> names;
  for (auto& [item, name] : std::exchange(later_names_, {})) names[item].push_back(std::move(name));
  for (const auto& [item, all] : names) {
    auto facts = view.facts(item);
    if (!facts) continue;
    const std::size_t known = facts->times.size();
    for (const std::string& name : all) add_times(facts->times, media::times_in_name(name));
    if (facts->times.size() > known) editor_->add_facts(item, *facts);
  }
}

/// Before every commit: a file is never on record without the source that it was taken in from.
void ScanRecorder::assign_source() {
  if (from_source_.empty()) return;
  report.assigned += editor_->assign(*source_, from_source_, "taken in by a scan");
  from_source_.clear();
}

void ScanRecorder::add_file(ReadFile& file) {
  ++progress_.files_done;
  if (file.content.holds_key) {
    ++report.failed;
    problem(exception_for(files::join_path(file.task.directory, file.task.name), Verdict::not_checked, 0,
                          "holds a secret key, which must not come onto drives beside what it opens: not "
                          "taken in. Keep it elsewhere"));
    return;
  }
  if (!file.content.ok()) {
    ++report.failed;
    problem(exception_for(file.task, file.content));
    if (file.task.expected.item != ledger::kNoRow && !file.content.bad.empty())
      record_damage(file.task.directory, file.task.name, Verdict::unreadable);
    return;
  }
  report.bytes_read += file.content.size_bytes;
  add_copy(file, file.task.directory, file.task.name, file.content.stat, file.task.expected);
  if (file.task.stat.links > 1) by_inode_.emplace(inode_key(file.task.stat), std::move(file));
}

void ScanRecorder::add_hard_link(const HardLink& link) {
  const auto found = by_inode_.find(inode_key(link.stat));
  if (found == by_inode_.end()) {
    waiting_.push_back(link);
    return;
  }
  ++progress_.files_done;
  add_copy(found->second, link.directory, link.name, found->second.content.stat, link.expected);
}

void ScanRecorder::link_to(Row item, const std::string& incident, LinkType type) {
  const auto row = editor_->find_incident(incident);
  if (!row)
    throw Error(ErrorCode::not_found, fmt::format("there is no incident '{}'", escape_for_display(incident)),
                "import or add it first; 'dalil incident list' shows what there is");
  if (!links_.insert(link_key(item, *row, type)).second) return;
  editor_->add_link(item, *row, type, std::nullopt, std::nullopt, "");
  ++report.links;
}

void ScanRecorder::link(const std::string& path, Row item) {
  if (item == ledger::kNoRow) return;
  std::string_view relative = path;
  if (!options_.path_prefix.empty())
    relative.remove_prefix(std::min(path.size(), options_.path_prefix.size() + 1));
  for (const LinkRule& rule : options_.rules)
    if (matches_pattern(rule.pattern, relative)) link_to(item, rule.incident, rule.type);
  if (!options_.incident_of) return;
  if (const auto incident = options_.incident_of(std::string(relative)))
    link_to(item, *incident, options_.incident_type);
}

void ScanRecorder::commit_if_due(bool now) {
  if (!editor_) return;
  const UtcTime time = archive_.clock().now();
  const bool recent =
      time >= last_commit_ && time.ms - last_commit_.ms < kCommitEveryMs;  // nor was it set back
  if (!now && recent && editor_->uncommitted() < kCommitEntries) return;
  assign_source();
  editor_->commit();
  add_later_names();
  progress_.files_committed += uncommitted_files_;
  uncommitted_files_ = 0;
  last_commit_ = archive_.clock().now();
}

void ScanRecorder::record_waiting(bool interrupted) {
  for (HardLink& link : std::exchange(waiting_, {})) {
    if (const auto found = by_inode_.find(inode_key(link.stat)); found != by_inode_.end()) {
      add_hard_link(link);
      continue;
    }
    if (interrupted) continue;  // its first name was not reached
    ++report.failed;
    problem(exception_for(files::join_path(link.directory, link.name), Verdict::unreadable, 0,
                          "another name of a file that could not be read"));
  }
}

/// A vanished content that newly appeared elsewhere on the volume has moved.
std::string ScanRecorder::moved_to(archive::View& view, const Lost& one) const {
  std::string path;
  if (one.item == ledger::kNoRow) return path;
  for (const archive::CopyInfo& copy : view.copies_of(one.item))
    if (copy.volume == options_.volume && copy.row.seq >= first_seq_ &&
        copy.row.state == archive::CopyRow::State::live)
      path = copy.path;
  return path;
}

void ScanRecorder::record_lost(const std::vector<Lost>& lost, std::uint64_t present) {
  if (lost.empty()) return;
  if (!options_.dry_run) commit_if_due(true);
  archive::View view = archive_.view();
  std::vector<archive::Editor::Gone> gone;
  for (const Lost& one : lost) {
    gone.push_back({one.directory, one.name, options_.dry_run ? "" : moved_to(view, one)});
    ++(gone.back().moved_to.empty() ? report.vanished : report.moved);
    if (gone.back().moved_to.empty()) gone_.emplace_back(one.item, files::join_path(one.directory, one.name));
  }
  // A drive that is not mounted is an empty folder, and every other tree lacks most of what this one had.
  if (report.vanished > present && !options_.allow_vanished) {
    report.not_believed = std::exchange(report.vanished, 0);
    gone_.clear();
    std::erase_if(gone, [](const auto& one) { return one.moved_to.empty(); });
  }
  if (options_.on_file)
    for (const auto& one : gone)
      options_.on_file(one.moved_to.empty() ? "vanished" : "moved",
                       files::join_path(one.directory, one.name));
  if (options_.dry_run) return;
  constexpr std::size_t kPerEntry = 1000;
  for (std::size_t done = 0; done < gone.size(); done += kPerEntry) {
    const auto begin = gone.begin() + static_cast<std::ptrdiff_t>(done);
    const std::vector part(begin,
                           begin + static_cast<std::ptrdiff_t>(std::min(kPerEntry, gone.size() - done)));
    editor_->mark_vanished(options_.volume, part);
  }
}

void ScanRecorder::find_last_copies() {
  constexpr std::size_t kMostNamed = 10'000;
  if (options_.dry_run || (overwritten_.empty() && gone_.empty())) return;
  commit_if_due(true);
  archive::View view = archive_.view();
  std::unordered_set<Row> looked_at;
  const auto look_at = [&](const std::vector<std::pair<Row, std::string>>& all, bool overwritten) {
    for (const auto& [item, path] : all) {
      if (item == ledger::kNoRow || !looked_at.insert(item).second) continue;
      if (std::ranges::any_of(view.copies_of(item), [](const archive::CopyInfo& copy) {
            return copy.row.state == archive::CopyRow::State::live;
          }))
        continue;
      ++report.without_copy;
      if (report.last_copies.size() < kMostNamed)
        report.last_copies.push_back({path, view.item(item).digest, overwritten});
    }
  };
  look_at(overwritten_, true);
  look_at(gone_, false);
}

void ScanRecorder::finish(ScanReport& to, UtcTime started) {
  if (!options_.dry_run) {
    assign_source();
    if (!later_names_.empty()) commit_if_due(true);  // they are told once their contents are committed
    archive::RunSummary run;
    run.kind = "scan";
    run.volume = options_.volume;
    run.folder = files::absolute_path(options_.folder);
    run.result = report.interrupted ? "INTERRUPTED" : "DONE";
    run.note = options_.note;
    run.started = started;
    run.ended = archive_.clock().now();
    // Of class inventory: how much was linked or assigned is no business of those who only verify.
    run.counts = {{"seen", report.seen},           {"indexed", report.indexed},
                  {"unchanged", report.unchanged}, {"skipped", report.skipped},
                  {"failed", report.failed},       {"moved", report.moved},
                  {"vanished", report.vanished},   {"bytes_read", report.bytes_read}};
    if (report.not_believed > 0) run.counts.emplace_back("not_believed", report.not_believed);
    if (report.without_copy > 0) run.counts.emplace_back("without_copy", report.without_copy);
    run.exceptions = report.problems;
    editor_->add_run(run);
    commit_if_due(true);
  }
  to = std::move(report);
}

}  // namespace dalil::jobs
