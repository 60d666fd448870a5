#pragma once

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/content.hpp"
#include "dalil/jobs/queue.hpp"
#include "dalil/jobs/verify.hpp"
#include "failed_directories.hpp"
#include "verify_sample.hpp"

/// The stages of a verification: the walk compares the tree with the index, checkers read the copies, the
/// recorder gathers the verdicts.
namespace dalil::jobs {

using Exception = archive::RunSummary::Exception;

/// What all stages of one verification know.
struct VerifyPlan {
  const VerifyOptions& options;
  std::optional<archive::VerificationPass> pass;  ///< what is recorded belongs to
  bool spinning = false;
  std::size_t batch_files = kBatchFiles;  ///< fewer where few files may be open
  bool reads_everything() const {
    return options.mode == VerifyMode::tags || options.mode == VerifyMode::sha256;
  }
  /// Those copies are read first that have not been verified for longest.
  bool oldest_first() const { return reads_everything() && options.out_of_time != nullptr; }
};

/// A copy that is to be read and judged.
struct CheckTask {
  FileTask file;
  archive::CopyRow row;
  std::uint64_t directory = 0;        ///< number of its DirectoryNews
  std::vector<std::uint64_t> chunks;  ///< of a sample: only these are read; one may stand there twice
  bool damaged_before = false;        ///< an earlier run of the pass found it damaged
};

/// A verdict on its way to the recorder.
struct Judged {
  std::uint64_t directory = 0;
  Exception exception;  ///< path, verdict ...; of an intact copy only the verdict counts
  std::string name;
  std::uint64_t bytes = 0;
  files::ReadPath read_path = files::ReadPath::cache_allowed;
  bool was_read = false;
  bool before = false;  ///< an earlier run of the pass found it intact
  bool damaged_before = false;
  std::uint64_t drawn = 0, drawn_bad = 0;  ///< chunks of a sample
};

/// A file that no row expects, kept to be matched with what is missing. It is opened anew when it is read:
/// there may be more of them than files that may be open.
struct Extra {
  std::shared_ptr<const std::string> directory;  ///< in the volume
  std::string name;
  std::uint64_t size_bytes = 0;
  bool matched = false;
};

/// A copy that should be there and is not.
struct Absent {
  std::string directory;
  archive::CopyRow row;
  std::uint64_t drawn = 0;  ///< chunks of a sample
};

/// A directory as the walk left it: how many verdicts of its copies are still to come from the checkers.
struct DirectoryNews {
  std::uint64_t number = 0;
  std::string path;
  std::uint64_t to_come = 0;
  std::uint64_t absent = 0;
  bool whole = true;  ///< these are all live copies of the directory
};

struct VerifyNews {
  std::vector<Judged> judged;
  std::vector<DirectoryNews> directories;
};

using CheckQueue = Queue<std::vector<CheckTask>>;
using NewsQueue = Queue<VerifyNews>;

class VerifyWalk {
 public:
  VerifyWalk(const archive::Archive& archive, const VerifyPlan& plan, Progress& progress,
             const StopFlag& stop);
  void run(CheckQueue& tasks, NewsQueue& news);

  std::uint64_t expected = 0;  ///< live copies met in the index
  std::vector<Absent> absent;
  std::vector<Extra> extras;
  /// What earlier runs of the pass found damaged, by path.
  std::map<std::string, Exception> damaged_before;
  std::optional<ChunkSampler> sampler;
  std::shared_ptr<const files::Fd> root() const { return root_; }

 private:
  /// Copies of one directory that were last verified on one day, to be read in their turn.
  struct Deferred {
    std::int64_t day = 0;  ///< since 1970; 0: never verified
    std::size_t directory = 0;
    std::vector<archive::Seq> copies;  ///< empty: all of the directory
  };
  struct Met {
    const archive::CopyRow* row;
    std::vector<std::uint64_t> chunks;  ///< drawn
  };

  void look_at(const files::Directory& directory);
  void compare(const files::Directory& directory, DirectoryNews& news, const files::DirectoryEntry& entry,
               Met met);
  void compare_size(const files::Directory& directory, DirectoryNews& news,
                    const files::DirectoryEntry& entry, Met met);
  bool was_checked(const archive::CopyRow& row, const files::FileStat& stat) const;
  bool was_found_damaged(const archive::CopyRow& row) const;
  void note_damaged(const std::string& directory, const archive::CopyRow& row);
  void defer(const archive::CopyRow& row);
  void close_deferred(DirectoryNews& news, std::size_t live);
  void read_deferred();
  void read_deferred(const Deferred& deferred);
  void add_task(CheckTask task);
  bool hand_over_batch();
  bool push_batch(std::vector<CheckTask> batch);
  bool hand_over_in_disk_order();
  void hand_over(bool everything);
  void find_lost_directories();
  void lose(DirectoryNews& news, const archive::CopyRow& row);
  Judged& judge(const DirectoryNews& news, const std::string& name, archive::Verdict verdict,
                std::string detail, int error_number = 0);
  std::string relative(const std::string& directory) const;

  const VerifyPlan& plan_;
  const VerifyOptions& options_;
  Progress& progress_;
  const StopFlag& stop_;
  archive::View view_;
  files::Walker walker_;
  std::shared_ptr<const files::Fd> root_;
  CheckQueue* tasks_ = nullptr;
  NewsQueue* news_ = nullptr;
  bool wanted_ = true;  ///< by the checkers
  std::vector<CheckTask> batch_;
  std::uint64_t batch_bytes_ = 0;
  std::size_t batch_directories_ = 0;
  VerifyNews found_;
  bool is_drive_ = false;  ///< has files of its own beside the evidence
  std::unordered_set<std::string> visited_;
  FailedDirectories failed_;
  std::uint64_t directories_ = 0;
  std::map<std::int64_t, std::vector<archive::Seq>> to_defer_;  ///< of the directory in hand, by day
  std::vector<Deferred> deferred_;
  std::vector<std::string> deferred_paths_;
};

/// Reads copies and compares them with what the ledger says. One per thread.
class VerifyChecker {
 public:
  VerifyChecker(const archive::Archive& archive, const VerifyPlan& plan, Progress& progress,
                const StopFlag& stop);
  void run(CheckQueue& tasks, NewsQueue& news);
  bool stopped() const { return stop_.requested(); }

 private:
  VerifyNews check(const std::vector<CheckTask>& tasks, std::vector<Content> contents);
  void read(std::uint32_t tag_epoch, const std::vector<std::size_t>& which,
            const std::vector<CheckTask>& tasks, const std::vector<archive::Copy>& copies,
            std::vector<Content>& contents);
  Judged judge(const CheckTask& task, const archive::Copy& copy, const Content& content) const;
  Judged look_again(const CheckTask& task, const archive::Copy& copy, Judged first);
  Judged sample(const CheckTask& task, const archive::Copy& copy);
  std::vector<Content> open(const std::vector<CheckTask>& tasks);
  ContentReader& reader_for(std::uint32_t tag_epoch);

  const VerifyPlan& plan_;
  const VerifyOptions& options_;
  Progress& progress_;
  archive::View view_;
  const archive::Archive& archive_;
  const ContentNeeds needs_;
  std::map<std::uint32_t, ContentReader> readers_;  ///< one for each epoch of keys whose tags are compared
  std::vector<FileTask> files_;
  std::uint64_t judged_ = 0;
  const StopFlag stop_;  ///< once a copy was judged also when the time is up: each run gets on
};

/// What a verification compares: needs of the content reader.
ContentNeeds needs_of(const VerifyOptions& options, bool spinning);

/// A verdict on a copy, but for what was read. Error(corrupt) if the entry is of another copy.
Judged judged_for(const CheckTask& task, const archive::Copy& copy);

/// `second` is a reading of what `first` found wrong, from the medium: says in it what the first one found
/// and it does not confirm.
void compare_readings(const Exception& first, Exception& second);

/// Reads the drawn chunks of a copy and compares their tags.
Judged check_sample(const CheckTask& task, const archive::Copy& copy, const crypto::ChunkTagger& tagger,
                    bool from_medium, Progress& progress);

/// Too many open files is no finding about a volume. Error(io).
void refuse_if_out_of_descriptors(int error_number);

/// Matches what is absent with extra files of the same content: told apart from loss. Two candidates that fit
/// equally are both named in the verdict's detail.
std::vector<Exception> match_absent(const archive::Archive& archive, const VerifyOptions& options,
                                    const files::Fd& root, const std::vector<Absent>& absent,
                                    std::vector<Extra>& extras, Progress& progress, const StopFlag& stop);

}  // namespace dalil::jobs
