#pragma once

#include <map>
#include <memory>
#include <unordered_set>
#include <vector>

#include "dalil/jobs/content.hpp"
#include "dalil/archive/archive.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/verify.hpp"
#include "failed_directories.hpp"
#include "dalil/jobs/queue.hpp"

/// The stages of a verification: the walk compares the tree with the index, checkers read the copies, the
/// recorder gathers the verdicts.
namespace dalil::jobs {

using Exception = archive::RunSummary::Exception;

/// A copy that is to be read and judged.
struct CheckTask {
  FileTask file;
  archive::CopyRow row;
  std::uint64_t directory = 0;  ///< number of its DirectoryNews
};

/// A verdict on its way to the recorder.
struct Judged {
  std::uint64_t directory = 0;
  Exception exception;  ///< path, verdict ...; of an intact copy only the verdict counts
  std::string name;
  std::uint64_t bytes = 0;
  bool expected = true;  ///< false for an extra file
  files::ReadPath read_path = files::ReadPath::cache_allowed;
  bool was_read = false;
};

/// A file that no row expects, kept to be matched with what is missing.
struct Extra {
  FileTask file;
  bool matched = false;
};

/// A copy that should be there and is not.
struct Absent {
  std::string directory;
  archive::CopyRow row;
};

/// A directory as the walk left it: how many verdicts of its copies are still to come from the checkers.
struct DirectoryNews {
  std::uint64_t number = 0;
  std::string path;
  std::uint64_t to_come = 0;
  std::vector<std::string> names_to_come;
  std::uint64_t absent = 0;
};

struct VerifyNews {
  std::vector<Judged> judged;
  std::vector<DirectoryNews> directories;
};

using CheckQueue = Queue<std::vector<CheckTask>>;
using NewsQueue = Queue<VerifyNews>;

class VerifyWalk {
 public:
  VerifyWalk(const archive::Archive& archive, const VerifyOptions& options, Progress& progress,
             const StopFlag& stop);
  void run(CheckQueue& tasks, NewsQueue& news);

  std::uint64_t expected = 0;  ///< live copies met in the index
  std::vector<Absent> absent;
  std::vector<Extra> extras;

 private:
  void look_at(const files::Directory& directory);
  void compare(const files::Directory& directory, DirectoryNews& news, const files::DirectoryEntry& entry,
               const archive::CopyRow& row);
  void hand_over_batch();
  void hand_over(bool everything);
  void find_lost_directories();
  void lose(DirectoryNews& news, const archive::CopyRow& row);
  void judge(std::uint64_t directory, const std::string& path, const std::string& name,
             archive::Verdict verdict, std::string detail, int error_number = 0);

  const VerifyOptions& options_;
  Progress& progress_;
  const StopFlag& stop_;
  archive::View view_;
  files::Walker walker_;
  CheckQueue* tasks_ = nullptr;
  NewsQueue* news_ = nullptr;
  std::vector<CheckTask> batch_;
  std::uint64_t batch_bytes_ = 0;
  VerifyNews found_;
  bool is_drive_ = false;  ///< has files of its own beside the evidence
  std::unordered_set<std::string> visited_;
  FailedDirectories failed_;
  std::uint64_t directories_ = 0;
};

/// Reads copies and compares them with what the ledger says. One per thread.
class VerifyChecker {
 public:
  VerifyChecker(const archive::Archive& archive, const VerifyOptions& options, bool spinning,
                Progress& progress, const StopFlag& stop);
  void run(CheckQueue& tasks, NewsQueue& news);

 private:
  VerifyNews check(const std::vector<CheckTask>& tasks, std::vector<Content> contents);
  bool read(std::uint32_t tag_epoch, const std::vector<std::size_t>& which,
            const std::vector<CheckTask>& tasks, const std::vector<archive::Copy>& copies,
            std::vector<Content>& contents);
  Judged judge(const CheckTask& task, const archive::Copy& copy, const Content& content);
  Judged look_again(const CheckTask& task, const archive::Copy& copy, Judged first);
  std::vector<Content> open(const std::vector<CheckTask>& tasks);

  const VerifyOptions& options_;
  Progress& progress_;
  const StopFlag& stop_;
  archive::View view_;
  ContentReader& reader_for(std::uint32_t tag_epoch);

  const archive::Archive& archive_;
  const ContentNeeds needs_;
  std::map<std::uint32_t, ContentReader> readers_;  ///< one for each epoch of keys whose tags are compared
  std::vector<FileTask> files_;
};

/// What a verification compares: needs of the content reader.
ContentNeeds needs_of(const VerifyOptions& options, bool spinning);

/// Matches what is absent with extra files of the same content: told apart from loss. Two candidates that fit
/// equally are both named in the verdict's detail.
std::vector<Exception> match_absent(const archive::Archive& archive, const VerifyOptions& options,
                                    const std::vector<Absent>& absent, std::vector<Extra>& extras,
                                    Progress& progress, const StopFlag& stop);

}  // namespace dalil::jobs
