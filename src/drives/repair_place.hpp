#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dalil/base/digest.hpp"
#include "dalil/files/attributes.hpp"
#include "dalil/files/read.hpp"
#include "dalil/jobs/progress.hpp"
#include "folders.hpp"

namespace dalil::drives {

/// What a file keeps beside its content.
struct FileManners {
  std::int64_t mtime_ns = 0;
  unsigned mode = 0600;
  std::vector<files::Attribute> attributes;
};
FileManners manners_of(int fd);

/// Where a volume's files are made anew: beside, then at their place, with what was there set aside.
///
/// Each file that was at a place is at every moment either there or set aside, under a name that follows from
/// the place: a run that goes on finds it. Throws DriveFailure when the volume cannot go on.
class RepairPlace {
 public:
  RepairPlace(std::shared_ptr<const files::Fd> root, std::string folder, bool is_drive);
  /// Begins a file of this size.
  void begin(std::uint64_t size_bytes);
  /// Drops what a run that was killed left under temporary names: what it replaced has a second name aside.
  void clear_parts();
  void put(std::uint64_t offset, ByteView bytes);
  /// Complete and durable. What cannot be kept is named.
  std::string finish(const FileManners& manners);
  /// From the medium; absent if it cannot be read or the flag stopped it.
  std::optional<Digest> read_back(const jobs::StopFlag& stop);
  void discard();

  struct Published {
    files::FileStat stat;
    std::string set_aside;  ///< path on the volume; empty if nothing was there
    std::string fault;      ///< why it is not there; the rest is then empty
  };
  /// Durable. `seen` is what was read there, absent if there was nothing: if something else is there by now,
  /// that is the fault.
  Published publish(const std::string& path, const std::optional<files::FileStat>& seen);

  /// Puts a file that lies elsewhere on the volume at this place, where nothing is; durable. Why not; empty
  /// if it is there.
  std::string bring_back(const std::string& from, const std::string& path, std::int64_t mtime_ns);
  /// Sets aside a file that is not wanted where it lies; where it is then.
  std::string set_aside(const std::string& path);

  /// What lay at this path and is set aside, also by earlier runs.
  std::vector<std::string> aside_of(const std::string& path);
  /// Of a file; false if it is none, or cannot be removed.
  bool remove_aside(const std::string& set_aside);
  /// A volume that is no backup drive does not keep what tells that Dalil was there: the folders of this, if
  /// nothing is in them. After the last file.
  void remove_empty_folders();
  std::string read_path() const;

 private:
  std::string aside_name(const std::string& path, unsigned number) const;
  std::string keep(int folder, const std::string& name, const std::string& path);
  std::string move_away(int folder, const std::string& name, const std::string& path);
  void sync(int fd) const;
  void list_aside();

  std::shared_ptr<const files::Fd> root_;
  const std::string mount_;
  const std::string aside_path_, partial_path_;
  Folders folders_;
  std::shared_ptr<const files::Fd> aside_, partial_;  ///< made when something is written
  files::Fd part_;
  std::string part_name_;
  std::uint64_t next_ = 0;
  std::optional<std::multimap<std::string, std::string>> aside_index_;
  std::optional<files::ReadPath> read_path_;
};

}  // namespace dalil::drives
