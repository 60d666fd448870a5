#pragma once

#include <functional>
#include <map>
#include <memory>

#include "dalil/drives/repair.hpp"
#include "folders.hpp"

/// What a repair looks at, before it reads anything.
namespace dalil::drives {

/// A copy that is to be read, and mended if need be.
struct RepairTask {
  std::string path;
  archive::CopyRow row;
  std::string was;  ///< by its name and size alone; empty if they are as recorded
};

struct RepairPlan {
  std::vector<RepairTask> tasks;  ///< by path
  std::vector<RepairProblem> left;
  /// Files on the volume that are not what they should be, by their size: what a copy lacks may lie there.
  std::multimap<std::uint64_t, std::string> strays;
};

/// Whether a run was killed between putting a copy at its place and recording that.
using WasInterrupted = std::function<bool(const std::string& path, archive::Row item)>;

/// Error(conflict) if nothing of the volume is in the folder; unless it is known to be the volume, also if
/// most of it is not.
RepairPlan plan_repair(archive::View& view, const RepairOptions& options, int root_fd, bool is_known,
                       const WasInterrupted& was_interrupted);

/// Error(conflict) unless the drive's note is this drive's, or is damaged itself. Why its lists have to be
/// written anew; empty if they have not.
std::string drive_lists_fault(const archive::Archive& archive, archive::View& view,
                              const archive::Volume& volume, const std::string& folder, int root_fd);
/// Writes them, and states the drive.
void rewrite_drive_lists(archive::Archive& archive, archive::Editor& editor, const archive::Volume& volume,
                         const std::string& folder, std::shared_ptr<const files::Fd> root);

}  // namespace dalil::drives
