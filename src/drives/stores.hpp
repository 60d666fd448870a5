#pragma once

#include <map>
#include <optional>

#include "dalil/drives/drive.hpp"
#include "dalil/jobs/content.hpp"
#include "folders.hpp"
#include "store.hpp"

namespace dalil::drives {

/// What both kinds of stores do alike: temporary names below the drive's folder, reading back, putting in
/// place.
class FolderStore : public DriveStore {
 public:
  /// `root` is the drive's folder, open; `mount` the path that it was opened by.
  FolderStore(std::shared_ptr<const files::Fd> root, std::string mount, archive::DriveId id);
  void prepare() override;
  void abandon() override;
  void sync() override;
  std::vector<std::string> read_back(const std::vector<Pending>& files, const jobs::StopFlag& stop) override;
  std::optional<Stored> publish(const Pending& file, std::string& why) override;
  void discard(const Pending& file) override;
  void check_identity() override;
  std::string read_path() const override;

 protected:
  void put(ByteView bytes);
  int fd() const { return file_.get(); }
  /// Closes the file; its temporary name.
  std::string close_part();

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

/// Files as they are, below data/: the payload of a bag.
class PlainStore : public FolderStore {
 public:
  using FolderStore::FolderStore;
  void write(ByteView bytes) override { put(bytes); }
  Pending seal(SourceFile file, std::string& lost) override;
};

/// Padded, encrypted objects below objects/.
class SealedStore : public FolderStore {
 public:
  /// `tag_key`: Archive::tag_key.
  SealedStore(std::shared_ptr<const files::Fd> root, std::string mount, archive::DriveId id,
              std::vector<std::string> recipients, crypto::Secret tag_key);
  void prepare() override;
  void write(ByteView bytes) override { sealer_->update(bytes); }
  Pending seal(SourceFile file, std::string& lost) override;
  void abandon() override;

 private:
  const std::vector<std::string> recipients_;
  const crypto::Secret tag_key_;
  std::optional<jobs::ObjectSealer> sealer_;
};

/// Drops parts of files that an earlier run left. Makes the folder if need be.
void clear_partial(Folders& folders, bool of_an_earlier_version);

/// Removes everything below an open folder, without leaving it by links.
void clear_folder(const files::Fd& folder);

/// One of the drive's own files as it lies there now; nothing of it is judged. Absent if there is none.
std::optional<std::string> read_drive_file(int root_fd, const std::string& path);

/// `dalil/drive.note` as it lies there now; nothing of it is judged.
struct NoteOnDrive {
  std::optional<std::string> bytes;         ///< absent if it cannot be read
  std::optional<merkle::Note> signed_note;  ///< absent if it is none
  std::optional<DriveNote> note;            ///< absent if it is none of a drive
};
NoteOnDrive read_drive_note(int root_fd);

/// Moves a file to dalil/aside, which is made if need be; the name that it has there. Never over something.
std::string set_aside(Folders& folders, int folder, const std::string& name, const std::string& target);

}  // namespace dalil::drives
