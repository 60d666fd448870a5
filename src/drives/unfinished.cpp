#include "dalil/drives/unfinished.hpp"

#include <algorithm>

namespace dalil::drives {

namespace {

constexpr std::size_t kRunsSearched = 10'000;

std::optional<UnfinishedBackup> judge(const archive::RunSummary& run) {
  UnfinishedBackup backup{run.started, run.count("selected"), 0, false};
  if (run.result == kRunBegun) return backup;
  const std::uint64_t settled =
      run.count("copied") + run.count("there") + run.count("adopted") + run.count("left_out");
  backup.only_lists = settled >= backup.selected && run.result == kRunClosing;
  if (settled >= backup.selected && !backup.only_lists && run.count(kListsLacking) == 0) return std::nullopt;
  backup.lacking = backup.selected - std::min(settled, backup.selected);
  return backup;
}

}  // namespace

std::map<archive::Row, UnfinishedBackup> unfinished_backups(archive::View& view) {
  std::map<archive::Row, std::optional<UnfinishedBackup>> last;
  for (const archive::RunSummary& run : view.runs(kRunsSearched))  // the newest first
    if (run.kind == "backup" && !last.contains(run.volume)) last.emplace(run.volume, judge(run));
  std::map<archive::Row, UnfinishedBackup> unfinished;
  for (const auto& [volume, backup] : last)
    if (backup) unfinished.emplace(volume, *backup);
  // One that an earlier version began, and did not end.
  for (const archive::Volume& volume : view.volumes())
    if (volume.drive && volume.drive->sequence == 0) unfinished.try_emplace(volume.row);
  return unfinished;
}

}  // namespace dalil::drives
