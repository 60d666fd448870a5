#include <fmt/format.h>

#include "dalil/base/error.hpp"
#include "dalil/files/walk.hpp"
#include "parity_keeper.hpp"
#include "parity_plan.hpp"

namespace dalil::drives {

std::vector<ParityFile> files_for_parity(archive::View& view, archive::Row drive, bool sealed) {
  std::vector<ParityFile> files;
  const auto add = [&](const std::string& directory, const archive::CopyRow& row) {
    if (row.state != archive::CopyRow::State::live) return;
    std::string path = files::join_path(directory, row.name);
    if (sealed) {
      const archive::Copy copy = view.copy(row.seq);
      if (copy.stored) files.push_back({std::move(path), copy.stored->digest, copy.stored->size_bytes});
    } else if (path.starts_with("data/")) {
      files.push_back({std::move(path), view.item(row.item).digest, row.size_bytes});
    }
  };
  view.for_each_copy(
      drive, [&](archive::Row, const std::string& directory, const std::vector<archive::CopyRow>& rows) {
        for (const archive::CopyRow& row : rows) add(directory, row);
      });
  return files;
}

std::uint64_t room_for_parity(const BackupOptions& options, const std::vector<PlannedFile>& plan,
                              const DriveJob& job) {
  const unsigned percent = options.parity.value_or(0);
  if (percent == 0) return 0;
  bool has_it = false;
  for (const ParitySet& set : parity_sets_on(job.root->get())) has_it = has_it || set.name.percent == percent;
  std::vector<ParityFile> files;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (job.actions[i] == Action::leave_out || (has_it && job.actions[i] == Action::there)) continue;
    files.push_back({plan[i].path, {}, size_on_drive(job, options.recipients.size(), plan[i].size_bytes)});
  }
  std::uint64_t room = 0;
  for (const std::vector<ParityFile>& group : group_for_parity(std::move(files), percent))
    room += parity_room(group, percent);
  return room;
}

}  // namespace dalil::drives
