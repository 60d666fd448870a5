#pragma once

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "dalil/drives/drive.hpp"
#include "dalil/drives/offline.hpp"
#include "dalil/files/read.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/content.hpp"
#include "dalil/jobs/queue.hpp"
#include "folders.hpp"

/// The parts of a check without an archive: what the drive says of itself, its list, and the readers.
namespace dalil::drives::offline {

/// A file and the content that it should have.
struct Listed {
  std::string path;
  Digest digest;
};

/// What a drive says of itself.
struct Statement {
  archive::DriveKind kind = archive::DriveKind::plain;
  const char* list = nullptr;     ///< path of the list of all payload
  const char* payload = nullptr;  ///< the folder that it is about
  std::optional<DriveNote> note;
  /// The drive's own files, as the note has them.
  std::vector<Listed> own_files;
  bool only_begun() const { return note && note->drive.sequence == 0; }
};

/// A whole small file of the drive, by the medium if so wanted.
struct SmallFile {
  std::optional<std::string> bytes;
  int error_number = 0;
};
SmallFile read_small(int root_fd, const char* path, files::ReadFrom from);

/// Something that is wrong with the drive's own files; fails the check.
void add_problem(OfflineReport& report, const char* path, std::string text,
                 archive::Verdict verdict = archive::Verdict::corrupt);

/// Reads note, checkpoint and signers, and judges what they say of each other; fills the report but for the
/// verdicts. Error(not_found) if this is no backup drive.
Statement read_statement(int root_fd, const OfflineOptions& options, OfflineReport& report);

/// One reading of a list, whatever its length.
struct ListReading {
  Digest digest;                 ///< of its bytes
  std::uint64_t lines = 0;       ///< that name a file
  std::uint64_t ill_formed = 0;  ///< that do not
  int error_number = 0;          ///< it could not be opened, or not be read whole
  std::uint64_t error_offset = 0;
};
ListReading read_list(int root_fd, const Statement& statement, files::ReadFrom from,
                      const std::function<void(Listed)>& on_line, const jobs::StopFlag& stop);

/// Of a line of the list, without its line feed; absent if it names no file of the payload.
std::optional<Listed> listed_from(std::string_view line, const Statement& statement);

/// A file that is to be read.
struct Task {
  jobs::FileTask file;
  Digest digest;
  bool own = false;  ///< one of the drive's own files
};

/// Files that are read by one reader in one go. From the medium small ones come after their pages were
/// dropped, so that many can be fetched at once; larger ones go around the cache.
struct Batch {
  std::vector<Task> tasks;
  std::uint64_t bytes = 0;
  bool small = false;
};

/// One check of one drive.
class Check {
 public:
  Check(const OfflineOptions& options, jobs::Progress& progress, const jobs::StopFlag& stop);
  OfflineReport run(const Clock& clock);

 private:
  using Exception = archive::RunSummary::Exception;
  using Fingerprint = std::array<std::uint8_t, 16>;  ///< of a path

  void read_all();
  void hand_out();
  void hand_out(const Listed& listed, bool own);
  void hand_over(Batch& batch);
  void read_tasks();
  void judge_batch(const std::vector<Task>& tasks, std::vector<jobs::Content> contents);
  std::optional<Exception> look_again(const Task& task, const Exception& first);
  void take(Exception exception, bool own, const jobs::Content* content);
  void judge_list(const ListReading& reading);
  void look_at_parity();
  void find_extra();
  void look_for_extra(const files::Directory& directory);
  void compare_counts();
  void look_at_tiles();
  std::string result() const;
  void problem(const char* path, std::string text, archive::Verdict verdict = archive::Verdict::corrupt);
  jobs::ContentNeeds needs(files::ReadFrom from, bool spinning) const;

  const OfflineOptions& options_;
  jobs::Progress& progress_;
  const jobs::StopFlag& stop_;
  files::Fd root_;
  Folders folders_;  ///< of the thread that hands out
  bool spinning_ = false;
  unsigned readers_ = 1;
  OfflineReport report_;
  Statement statement_;
  std::vector<Fingerprint> listed_;
  ListReading list_;
  Batch small_{{}, 0, true}, large_;  ///< that are gathered
  std::uint64_t intact_bytes_ = 0;
  std::unique_ptr<jobs::Queue<Batch>> tasks_;
  std::mutex mutex_;  ///< of the report while readers run
  std::map<files::ReadPath, std::uint64_t> read_paths_;
};

}  // namespace dalil::drives::offline
