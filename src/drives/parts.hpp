#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "dalil/crypto/hash.hpp"
#include "dalil/drives/backup.hpp"
#include "dalil/drives/drive.hpp"
#include "dalil/files/read.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/jobs/content.hpp"
#include "dalil/jobs/queue.hpp"
#include "folders.hpp"
#include "limits.hpp"
#include "store.hpp"

/// The stages of a backup: one reader, and for each drive a writer and a verifier; the calling thread
/// records.
namespace dalil::drives {

/// One live copy of a source that is wanted on the drives.
struct PlannedFile {
  std::uint32_t source = 0;              ///< in the options
  archive::Row volume = ledger::kNoRow;  ///< the source's
  std::string path;                      ///< within it
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;  ///< as recorded
  archive::Row item = ledger::kNoRow;
  archive::Seq seq = 0;  ///< of the copy on the source
  Digest digest;
};

/// What is to happen to one file on one drive.
/// `again`: to be copied, since what was recorded there is gone.
enum class Action : std::uint8_t { there, copy, again, examine, replace, leave_out };

/// An object of a sealed drive that the ledger has, and that is not there as recorded.
struct LostObject {
  std::string path;
  archive::Seq seq = 0;
};

/// A drive that takes part: who it is, what it can hold, and what it lacks.
struct DriveJob {
  BackupTarget target;
  std::shared_ptr<const files::Fd> root;
  files::VolumeIdentity identity;
  Limits limits;
  std::optional<archive::Volume> volume;  ///< absent while it is not known to the archive
  archive::Drive drive;
  bool is_new = false;          ///< no note on it yet
  std::vector<Action> actions;  ///< one a file of the plan
  /// Copies that the ledger has, and that are not at their place.
  std::vector<std::pair<std::string, archive::Verdict>> lost;
  DriveReport report;
  std::vector<std::string> prefixes;     ///< one a source: "data/disk"
  std::uint64_t noted_tree_size = 0;     ///< of the checkpoint on it
  std::set<std::string> parity_leaving;  ///< names of sets that its lists are to leave out
  unsigned parity_percent = 0;           ///< that it is to have
  // Of a sealed one:
  bool of_an_earlier_version = false;                      ///< without identity and note
  std::unordered_set<std::string> objects;                 ///< that the ledger has
  std::unordered_map<std::size_t, LostObject> superseded;  ///< by index of the plan: by the copy to come

  bool sealed() const { return drive.kind == archive::DriveKind::sealed; }
  /// Where a file goes: on a sealed drive each time elsewhere. Absent if the drive cannot hold it.
  std::optional<std::string> target_path(const PlannedFile& file, bool rename_safe) const;
};

/// For people, between quotation marks.
std::string quoted(const std::string& text);
/// What a drive is in after such a failure.
DriveReport::State state_of(DriveFailure::Kind kind);

/// Somebody who may sign for this archive has, and no signature in their names is wrong.
bool is_signed_for(archive::View& view, const merkle::Note& note);

/// Looks at the drive without writing. Error(conflict) if it is not what the archive expects.
DriveJob open_drive(const archive::Archive& archive, archive::View& view, const BackupTarget& target);

/// Live copies that are selected, in the order of their volumes and paths.
std::vector<PlannedFile> make_plan(archive::View& view, const BackupOptions& options, BackupReport& report);
/// Fills actions and counts of a drive, and what it cannot hold.
void plan_drive(archive::View& view, const BackupOptions& options, const std::vector<PlannedFile>& plan,
                DriveJob& job, BackupReport& report);

/// A piece of memory that several drives write from; goes back to its pool when the last one is done.
class BufferPool {
 public:
  static constexpr std::size_t kBytes = 9 << 20;
  std::shared_ptr<files::AlignedBuffer> take();

 private:
  std::shared_ptr<std::pair<std::mutex, std::vector<std::unique_ptr<files::AlignedBuffer>>>> free_ =
      std::make_shared<std::pair<std::mutex, std::vector<std::unique_ptr<files::AlignedBuffer>>>>();
};

/// From the reader to every writer: whole small files, or a piece of a long one.
struct Parcel {
  std::shared_ptr<files::AlignedBuffer> buffer;
  struct Whole {
    SourceFile file;
    std::size_t offset = 0;
  };
  std::vector<Whole> whole;
  // Of a long file:
  std::size_t index = 0;
  std::size_t bytes = 0;
  bool first = false;
  bool given_up = false;           ///< forget what came of it
  std::optional<SourceFile> last;  ///< with this piece it is whole, and right
};
using ParcelQueue = jobs::Queue<std::shared_ptr<const Parcel>>;

/// From the drives to the recorder.
struct News {
  std::size_t drive = 0;
  struct Copied {
    SourceFile file;
    Stored stored;
  };
  std::vector<Copied> copied;
  std::vector<BackupProblem> problems;
  std::uint64_t failed = 0;
  /// What a source was found to be, by index of the plan: read twice, the second time from the medium.
  std::vector<std::pair<std::size_t, archive::Verdict>> found = {};
};
using NewsQueue = jobs::Queue<News>;

/// Writes, syncs, reads back and publishes on one drive, in two threads.
class DriveWriter {
 public:
  DriveWriter(std::size_t number, const std::vector<PlannedFile>& plan, bool rename_safe, DriveJob& job,
              DriveStore& store, NewsQueue& news, jobs::Progress& progress);
  /// Until the parcels end; whatever happens to the drive, they are taken from the queue.
  void write(ParcelQueue& parcels);
  void verify();
  bool ended() const { return ended_.load(); }

 private:
  void take(const Parcel& parcel);
  void finish_file(SourceFile file);
  void hand_over();
  void hand_over_if_due();
  void publish_durable();
  void check(std::vector<Pending> batch);
  void end(DriveReport::State state, const std::string& why);
  void guard(const std::function<void()>& work);
  DriveReport::State state();
  bool usable();

  const std::size_t number_;
  const std::vector<PlannedFile>& plan_;
  const bool rename_safe_;
  DriveJob& job_;
  DriveStore& store_;
  NewsQueue& news_;
  jobs::Progress& progress_;
  const jobs::StopFlag never_{};  ///< what is written is brought to its end
  std::vector<Pending> batch_;
  std::uint64_t batch_bytes_ = 0;
  std::chrono::steady_clock::time_point last_hand_over_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration batch_age_{};
  bool in_file_ = false;
  jobs::Queue<std::vector<Pending>> to_check_{1};
  std::mutex mutex_;
  std::vector<News::Copied> published_;  ///< at their place, durable after the next sync
  std::atomic<bool> ended_{false}, checked_all_{false};
};

/// Reads each file once for all drives.
class SourceReader {
 public:
  SourceReader(const archive::Archive& archive, const BackupOptions& options,
               const std::vector<PlannedFile>& plan, std::vector<DriveJob>& jobs,
               std::vector<std::unique_ptr<ParcelQueue>>& queues,
               std::vector<std::unique_ptr<DriveWriter>>& writers, NewsQueue& news,
               const jobs::StopFlag& stop);
  void run();
  std::uint64_t failed = 0;

 private:
  struct Open {
    std::size_t index = 0;
    files::Opened file;
  };
  Open open(std::size_t index, const PlannedFile& file) const;
  bool wanted(std::size_t index) const;
  void send(std::shared_ptr<const Parcel> parcel);
  void read_group(std::vector<Open> group);
  bool read_long(std::size_t index, Open& opened, std::string& why);
  void read_again(std::size_t index, std::string why);
  bool read_elsewhere(std::size_t index, std::string& from);
  SourceFile describe(std::size_t index, const Open& opened) const;
  bool everybody_ended() const;

  const archive::Archive& archive_;
  const BackupOptions& options_;
  const std::vector<PlannedFile>& plan_;
  std::vector<DriveJob>& jobs_;
  std::vector<std::unique_ptr<ParcelQueue>>& queues_;
  std::vector<std::unique_ptr<DriveWriter>>& writers_;
  NewsQueue& news_;
  const jobs::StopFlag& stop_;
  std::vector<files::Fd> folders_;
  BufferPool pool_;
  bool nobody_listens_ = false;  ///< the run is being ended by a failure
  crypto::Sha256Batch hasher_;
  files::Prefetcher prefetcher_;
  jobs::ContentReader second_reader_{
      {}, {.digest = true, .tags = false, .sniff = false, .from = files::ReadFrom::medium}};
};

/// Puts what happened into the ledger.
class BackupRecorder {
 public:
  BackupRecorder(archive::Archive& archive, archive::Editor& editor, const std::vector<PlannedFile>& plan,
                 std::vector<DriveJob>& jobs, BackupReport& report, jobs::Progress& progress);
  void take(News news);
  void record(std::size_t drive, const PlannedFile& file, const Stored& stored);
  /// An object that is whole, with other times than it was recorded with.
  void record_again(archive::Seq seq, const files::FileStat& stat);
  /// What the drive turned out not to hold as recorded: it counts no more, whatever the run comes to. To be
  /// committed before anything else takes the place.
  void found(const DriveJob& job, const std::string& path, archive::Verdict verdict);
  void moved(std::size_t drive, const std::string& from, const std::string& to, archive::Seq seq,
             const files::FileStat& stat);
  void problem(BackupProblem problem);
  void commit_if_due(bool now);
  /// The newest state; until the next commit, which none may outlive.
  archive::View& view();

 private:
  archive::Copy copy_for(const PlannedFile& file, const Stored& stored);
  archive::Archive& archive_;
  archive::Editor& editor_;
  archive::View view_;
  bool resting_ = false;
  const std::vector<PlannedFile>& plan_;
  std::vector<DriveJob>& jobs_;
  BackupReport& report_;
  jobs::Progress& progress_;
  UtcTime last_commit_{};
};

/// Reads again, from the medium, what lies where a copy should.
class PlaceReader {
 public:
  explicit PlaceReader(int root_fd) : folders_(root_fd) {}
  struct Found {
    std::shared_ptr<const files::Fd> folder;  ///< null if it is not there
    std::string name;                         ///< in it
    jobs::Content content;
    bool stopped = false;
  };
  Found read(const std::string& path, const jobs::StopFlag& stop);
  Folders& folders() { return folders_; }

 private:
  Folders folders_;
  jobs::ContentReader reader_{
      {}, {.digest = true, .tags = false, .sniff = false, .from = files::ReadFrom::medium}};
};

/// Takes down what is left to do for a file that was looked at.
void settle(DriveJob& job, std::size_t index, const PlannedFile& file, Action action);

/// Files that are at their place and not as recorded: taken in if their content is right, else set aside.
void examine_drive(const BackupOptions& options, std::size_t number, DriveJob& job,
                   const std::vector<PlannedFile>& plan, BackupRecorder& recorder,
                   const jobs::StopFlag& stop);
/// The same of a sealed drive, and objects that no entry knows.
void examine_objects(DriveJob& job, const std::vector<PlannedFile>& plan, BackupRecorder& recorder,
                     const jobs::StopFlag& stop);

/// Moves objects that no entry knows to dalil/aside; how many there were. DriveFailure.
std::uint64_t set_aside_unknown_objects(const DriveJob& job, Folders& folders);

/// Error(io) if what is to be copied does not fit. Parts that a killed run left count as free, and what lies
/// at its place with the right content takes no more: it is read where that decides. Nothing is written, but
/// that a sealed drive's unknown objects are set aside before it is refused: then somebody can remove them.
void refuse_lack_of_room(const archive::Archive& archive, const BackupOptions& options,
                         const std::vector<PlannedFile>& plan, DriveJob& job, const jobs::StopFlag& stop);

/// Bytes that a file takes on a drive of this kind, at most.
std::uint64_t size_on_drive(const DriveJob& job, std::size_t recipients, std::uint64_t size_bytes);

}  // namespace dalil::drives
