#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "dalil/base/digest.hpp"
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

/// What `drive_lists_fault` says if the drive does not prove which one it is.
inline constexpr const char* kNoteFault = "the drive's note is missing or damaged";
/// Error(conflict) unless the drive's note is this drive's, or is damaged itself. Why its own files have to
/// be written anew; empty if they have not.
std::string drive_lists_fault(archive::View& view, const archive::Volume& volume, const std::string& folder,
                              int root_fd, const jobs::StopFlag& stop);
/// Writes them, and states the drive.
void rewrite_drive_lists(archive::Archive& archive, archive::Editor& editor, const archive::Volume& volume,
                         const RepairOptions& options, std::shared_ptr<const files::Fd> root);

/// Files below a drive's payload that no entry expects there: a copy that was moved or renamed is among them.
class Strays {
 public:
  Strays(archive::View& view, archive::Row volume, int root_fd);
  /// One with this content, read from the medium; absent if there is none.
  std::optional<std::string> find(std::uint64_t size_bytes, const Digest& digest, const jobs::StopFlag& stop);
  const std::multimap<std::uint64_t, std::string>& by_size() const { return by_size_; }
  void forget(const std::string& path);

 private:
  const int root_;
  std::multimap<std::uint64_t, std::string> by_size_;
  std::map<std::string, std::optional<Digest>> digests_;  ///< absent: it cannot be read whole
};

}  // namespace dalil::drives
