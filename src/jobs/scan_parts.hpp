#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/content.hpp"
#include "dalil/jobs/queue.hpp"
#include "dalil/jobs/scan.hpp"
#include "dalil/media/parser_client.hpp"
#include "failed_directories.hpp"
#include "lookahead.hpp"

/// The stages of a scan: the walk finds what is new or changed, readers read it, the recorder writes it down.
namespace dalil::jobs {

using Exception = archive::RunSummary::Exception;

/// Another name of a file that is read under its first name.
struct HardLink {
  std::string directory, name;
  files::FileStat stat;
  Expected expected{};
};

struct Symlink {
  std::string directory, name, target;
  files::FileStat stat;
};

/// What was read under one name.
struct ReadFile {
  FileTask task;
  Content content;
  crypto::TagNonce nonce{};
  std::optional<media::MediaFacts> facts;
  std::optional<archive::Row> held;  ///< the item, if the archive had it, and wants facts of it all the same
};

/// Adds the claims that are not among them.
void add_times(std::vector<media::TimeClaim>& times, const std::vector<media::TimeClaim>& more);

/// Whether something is to be found out of an item that the archive holds.
bool wants_facts(archive::View& view, archive::Row item, LookAgain which);

/// From the walk and the readers to the recorder.
struct Findings {
  std::vector<ReadFile> files;
  std::vector<HardLink> hard_links;
  std::vector<Symlink> symlinks;
  std::vector<Exception> problems;
  /// Unchanged files that rules may want to link: path and item.
  std::vector<std::pair<std::string, archive::Row>> known;
  std::uint64_t unchanged = 0, unchanged_symlinks = 0, skipped = 0;
  std::uint64_t refused = 0;  ///< among the problems: of another size than is believed
};

/// A name that the index has and the tree has not.
struct Lost {
  std::string directory, name;
  archive::Row item;
};

/// What the walk learned beyond the files themselves.
struct WalkResult {
  std::vector<Lost> lost;
  std::uint64_t present = 0;  ///< names with a live copy on record, changed or not
  std::uint64_t directories = 0, seen = 0;
  std::uint64_t not_taken = 0;  ///< files of another size than on record, of which there are too many
};

using TaskQueue = Queue<std::vector<FileTask>>;
using ScanLookahead = Lookahead<FileTask>;
using FindingsQueue = Queue<Findings>;

class ScanWalk {
 public:
  ScanWalk(const archive::Archive& archive, const ScanOptions& options, Progress& progress,
           const StopFlag& stop);
  /// Runs to the end of the tree; closes neither queue.
  void run(TaskQueue& tasks, FindingsQueue& findings);
  WalkResult result;

 private:
  void look_at(const files::Directory& directory);
  void look_at_entry(const files::Directory& directory, const std::string& path,
                     const files::DirectoryEntry& entry, const archive::CopyRow* known);
  bool unchanged(const files::FileStat& stat, const archive::CopyRow& known) const;
  void queue_file(const FileTask& task);
  void decide(bool at_end);
  void refuse_changed(const FileTask& task);
  void hand_over_batch();
  void hand_over(bool everything);
  void find_lost_directories();

  const ScanOptions& options_;
  Progress& progress_;
  const StopFlag& stop_;
  archive::View view_;
  files::Walker walker_;
  bool stable_inodes_ = true;
  std::uint64_t live_before_;    ///< live copies of the volume when the scan began
  archive::Seq entries_before_;  ///< entries of the ledger then
  bool is_drive_;                ///< a backup drive, which has files of its own beside the evidence
  bool wants_known_;
  TaskQueue* tasks_ = nullptr;
  FindingsQueue* findings_ = nullptr;
  std::vector<FileTask> batch_;
  std::uint64_t batch_bytes_ = 0;
  Findings found_;
  std::unordered_set<std::string> visited_;  ///< directories that the index knows
  FailedDirectories failed_;
  std::unordered_set<std::uint64_t> inodes_;  ///< of files with several names, hashed with their device
  std::uint64_t live_seen_ = 0;
  /// Whether it is believed that files which are known have another size: once enough were looked at.
  enum class Belief : std::uint8_t { undecided, believed, refused } belief_;
  std::uint64_t of_known_size_ = 0, of_other_size_ = 0;
  std::vector<FileTask> undecided_;
};

/// Key of an inode for tables that live as long as a scan.
inline std::uint64_t inode_key(const files::FileStat& stat) {
  return stat.inode * 0x9E3779B97F4A7C15ULL ^ stat.device;
}

/// How many batches may wait for the parser while more is read, and how many while it is still starting.
/// Their files stay open.
struct Awaiting {
  std::size_t batches = 1, batches_at_launch = 1;
};

/// Reads and parses until the tasks end. One per thread.
class ScanReader {
 public:
  ScanReader(const archive::Archive& archive, const ScanOptions& options, bool spinning,
             const Awaiting& awaiting, std::shared_ptr<media::Nursery> nursery, Progress& progress,
             const StopFlag& stop);
  void run(ScanLookahead& ahead, FindingsQueue& findings);
  std::string hash_backend() const { return reader_.hash_backend(); }
  /// Layers of the parser's sandbox that this system lacks, and why; empty if there was no parser. After
  /// run().
  std::vector<std::string> missing_locks() const;

 private:
  Findings read(std::vector<FileTask> tasks, std::vector<Content> contents);
  void parse(Findings& findings);
  /// A batch that was read, and how many of its files have what the parser says of them.
  struct Awaited {
    Findings findings;
    std::size_t collected = 0;
  };
  std::size_t most_awaited() const;
  bool hand_over(FindingsQueue& findings, std::size_t most_held);
  bool collect(Awaited& batch, bool wait);
  void add_what_names_say(ReadFile& file);

  const ScanOptions& options_;
  const Awaiting awaiting_;
  Progress& progress_;
  const StopFlag& stop_;
  archive::View view_;
  ContentReader reader_;
  std::shared_ptr<media::Nursery> nursery_;  ///< of all readers
  std::unique_ptr<media::ParserClient> parser_;
  std::deque<Awaited> awaited_;  ///< oldest first
};

/// Appends what was found, links it, and commits as it goes. In the calling thread.
class ScanRecorder {
 public:
  ScanRecorder(archive::Archive& archive, const ScanOptions& options, Progress& progress);
  void record(Findings findings);
  void commit_if_due(bool now = false);
  /// Names of files that were to come under another name; those whose reading failed have failed, too.
  void record_waiting(bool interrupted);
  /// `present`: how many copies that were known are there.
  void record_lost(const std::vector<Lost>& lost, std::uint64_t present);
  /// Contents that were overwritten, or vanished, and have no live copy any more.
  void find_last_copies();
  void finish(ScanReport& report, UtcTime started);
  ScanReport report;

 private:
  void add_file(ReadFile& file);
  void add_hard_link(const HardLink& link);
  void add_copy(const ReadFile& file, const std::string& directory, const std::string& name,
                const files::FileStat& stat, const Expected& expected);
  /// A copy that was recorded as the file still looks turned out to be damaged.
  void record_damage(const std::string& directory, const std::string& name, archive::Verdict verdict);
  void link(const std::string& path, archive::Row item);
  void link_to(archive::Row item, const std::string& incident, archive::LinkType type);
  void assign_source();
  void not_understood(const std::string& path, const std::string& problem);
  /// Where the content is on the volume now; empty if nowhere.
  std::string moved_to(archive::View& view, const Lost& one) const;
  void problem(Exception exception);

  archive::Archive& archive_;
  const ScanOptions& options_;
  Progress& progress_;
  std::optional<archive::Editor> editor_;
  bool links_wanted_;
  std::unordered_set<std::uint64_t> links_;  ///< that stand already
  std::optional<archive::Row> source_;
  std::unordered_set<archive::Row> looked_again_;  ///< items of before that have new facts
  std::vector<archive::Row> from_source_;          ///< items that are not assigned to it yet
  std::unordered_map<std::uint64_t, ReadFile>
      by_inode_;                   ///< files with several names, without their descriptors
  std::vector<HardLink> waiting_;  ///< for their first name's reading
  /// After a commit: a second name of a content tells its time, too.
  void add_later_names();

  std::vector<std::pair<archive::Row, std::string>>
      later_names_;  ///< of contents that were known, with facts
  std::vector<std::pair<archive::Row, std::string>> overwritten_, gone_;  ///< contents, and where they were
  std::uint64_t first_seq_ = 0;
  UtcTime last_commit_{};
  std::uint64_t uncommitted_files_ = 0;
};

/// Problem of one path, in the words of the run's record.
Exception exception_for(std::string path, archive::Verdict verdict, int error_number, std::string detail);
/// What a reading that did not succeed has to tell.
Exception exception_for(const FileTask& task, const Content& content);

/// `*` and `?` match anything, `/` included; a pattern without wildcards matches a path and everything below
/// it.
bool matches_pattern(std::string_view pattern, std::string_view path);

}  // namespace dalil::jobs
