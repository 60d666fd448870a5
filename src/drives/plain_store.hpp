#pragma once

#include <map>
#include <optional>

#include "dalil/jobs/content.hpp"
#include "folders.hpp"
#include "store.hpp"

namespace dalil::drives {

/// Files as they are, below data/: the payload of a bag.
class PlainStore : public DriveStore {
 public:
  /// `root` is the drive's folder, open; `mount` the path that it was opened by.
  PlainStore(std::shared_ptr<const files::Fd> root, std::string mount, archive::DriveId id);
  void prepare() override;
  void write(ByteView bytes) override;
  Pending seal(SourceFile file, std::string& lost) override;
  void abandon() override;
  void sync() override;
  std::vector<std::string> read_back(const std::vector<Pending>& files, const jobs::StopFlag& stop) override;
  std::optional<Stored> publish(const Pending& file, std::string& why) override;
  void discard(const Pending& file) override;
  void check_identity() override;
  std::string read_path() const override;

 private:
  std::shared_ptr<const files::Fd> root_, partial_;
  const std::string mount_;
  const archive::DriveId id_;
  Folders folders_;  ///< of the thread that publishes
  std::uint64_t next_ = 0;
  std::string part_;
  files::Fd file_;
  std::uint64_t written_ = 0, written_out_ = 0;
  jobs::ContentReader large_, small_;
  std::map<files::ReadPath, std::uint64_t> read_paths_;
};

/// Drops parts of files that an earlier run left. Makes the folder if need be.
void clear_partial(Folders& folders);

/// The drive's note as it lies there now, without its signatures being judged. Absent if there is none.
std::optional<std::string> read_drive_file(int root_fd, const char* path);

}  // namespace dalil::drives
