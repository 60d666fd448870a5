#include "dalil/jobs/fingerprint.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "dalil/archive/similar.hpp"
#include "dalil/archive/thumbnails.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/jobs/crew.hpp"
#include "scan_parts.hpp"

namespace dalil::jobs {

namespace {

/// Handed to the parser and not answered yet, of each reader: it has work while the next files are hashed.
constexpr std::size_t kBatchesAwaited = 2;
constexpr std::size_t kTasksPerBatch = 16;
constexpr std::uint64_t kBytesPerBatch = 32 << 20;
constexpr std::chrono::milliseconds kCommitEvery{1000};

struct Wanted {
  std::string path;  ///< within the folder
  archive::Row item;
  Digest digest;
  std::uint64_t size_bytes;
  bool prints = false, thumbnails = false;  ///< what it lacks
};

/// What came of one file.
struct LookedAt {
  Wanted file;
  std::optional<media::Looks> looks;
  Exception problem;  ///< if there are none
};
using Batch = std::vector<Wanted>;
using BatchQueue = Queue<Batch>;
using LookQueue = Queue<std::vector<LookedAt>>;

/// Pictures, videos and, if they are listened to, sounds that have a live copy below the folder, each content
/// once.
class WantedFinder {
 public:
  WantedFinder(archive::View& view, const FingerprintOptions& options, FingerprintReport& report)
      : view_(view), options_(options), report_(report) {}

  std::vector<Wanted> find() {
    view_.for_each_copy(options_.volume, [&](archive::Row, const std::string& directory, const auto& rows) {
      const auto below = within(directory);
      if (!below) return;
      for (const archive::CopyRow& row : rows)
        if (row.state == archive::CopyRow::State::live && seen_.insert(row.item).second)
          consider(files::join_path(*below, row.name), row);
    });
    std::ranges::sort(wanted_, {}, &Wanted::path);
    return std::move(wanted_);
  }

 private:
  /// The directory's path within the folder; absent if it lies elsewhere.
  std::optional<std::string> within(const std::string& directory) const {
    const std::string& prefix = options_.path_prefix;
    if (prefix.empty()) return directory;
    if (directory == prefix) return "";
    if (!directory.starts_with(prefix + "/")) return std::nullopt;
    return directory.substr(prefix.size() + 1);
  }

  void consider(std::string path, const archive::CopyRow& row) {
    const auto kind = archive::kind_of(view_, row.item);
    const bool heard = kind == media::MediaKind::audio && options_.fingerprints && options_.sound;
    const bool seen = kind == media::MediaKind::photo || kind == media::MediaKind::video;
    if (!heard && !seen) return;
    const Digest digest = view_.item(row.item).digest;
    const bool prints =
        options_.fingerprints && (options_.again || !archive::fingerprints_entry(view_, row.item));
    const bool thumbnails =
        seen && options_.thumbnails && (options_.again || !archive::has_thumbnails(view_, digest));
    if (prints || thumbnails)
      wanted_.push_back({std::move(path), row.item, digest, row.size_bytes, prints, thumbnails});
    else
      ++report_.known;
  }

  archive::View& view_;
  const FingerprintOptions& options_;
  FingerprintReport& report_;
  std::unordered_set<archive::Row> seen_;
  std::vector<Wanted> wanted_;
};

media::ParserWork work_of(const FingerprintOptions& options) {
  if (!options.thumbnails) return media::ParserWork::fingerprints;
  return options.fingerprints ? media::ParserWork::looks : media::ParserWork::thumbnails;
}

/// Reads, hashes, and has the parser look. One per thread.
class Looker {
 public:
  Looker(const FingerprintOptions& options, std::shared_ptr<media::Nursery> nursery,
         std::shared_ptr<const files::Fd> root, Progress& progress, const StopFlag& stop)
      : root_(std::move(root)),
        progress_(progress),
        stop_(stop),
        reader_({}, {.digest = true, .tags = false, .sniff = true}),
        parser_({.wall_limit = media::kDecodingLimit,
                 .work = work_of(options),
                 .sound = options.sound,
                 .nursery = std::move(nursery)}) {}

  void run(BatchQueue& batches, LookQueue& looks) {
    while (!stop_.requested()) {
      auto batch = batches.pop();
      if (!batch || !read(std::move(*batch))) break;
      if (!hand_over(looks, kBatchesAwaited - 1)) return;
    }
    hand_over(looks, 0);
  }

  std::vector<std::string> missing_locks() const {
    std::vector<std::string> missing;
    if (!used_ || parser_.launching()) return missing;
    for (const media::SandboxLock& lock : parser_.sandbox().locks)
      if (!lock.active()) missing.push_back(std::string(lock.title) + ": " + media::reason_of(lock));
    return missing;
  }

 private:
  struct Awaited {
    std::vector<LookedAt> looks;
    std::vector<Content> contents;  ///< hold the descriptors until the answer
    std::vector<bool> submitted;
  };

  bool read(Batch batch) {
    std::vector<FileTask> tasks;
    for (const Wanted& one : batch) tasks.push_back({root_, "", one.path, {}, {}});
    Awaited now;
    now.contents = reader_.open(tasks);
    reader_.read(tasks, now.contents, std::vector<crypto::TagNonce>(tasks.size()), progress_, stop_);
    if (reader_.stopped()) return false;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const Content& content = now.contents[i];
      LookedAt look{std::move(batch[i]), std::nullopt, {}};
      if (!content.ok())
        look.problem = exception_for(tasks[i], content);
      else if (content.digest != look.file.digest)
        look.problem = exception_for(look.file.path, archive::Verdict::changed, 0,
                                     "another content than the archive has; scan it first");
      now.submitted.push_back(look.problem.detail.empty());
      if (now.submitted.back()) parser_.submit(content.fd.get(), content.sniffed);
      used_ = used_ || now.submitted.back();
      now.looks.push_back(std::move(look));
    }
    awaited_.push_back(std::move(now));
    return true;
  }

  bool hand_over(LookQueue& looks, std::size_t most_held) {
    while (awaited_.size() > most_held) {
      Awaited batch = std::move(awaited_.front());
      awaited_.pop_front();
      for (std::size_t i = 0; i < batch.looks.size(); ++i) {
        if (batch.submitted[i]) batch.looks[i].looks = parser_.collect_looks();
        ++progress_.files_done;
      }
      if (!looks.push(std::move(batch.looks))) return false;
    }
    return true;
  }

  std::shared_ptr<const files::Fd> root_;
  Progress& progress_;
  const StopFlag& stop_;
  ContentReader reader_;
  media::ParserClient parser_;
  bool used_ = false;
  std::deque<Awaited> awaited_;
};

/// Writes down what was seen, and commits as it goes.
class LookRecorder {
 public:
  LookRecorder(archive::Archive& archive, FingerprintReport& report, Progress& progress)
      : archive_(archive), report_(report), progress_(progress) {}

  void record(std::vector<LookedAt> looks) {
    for (LookedAt& look : looks) {
      if (!look.looks) {
        ++report_.failed;
        problem(std::move(look.problem));
        continue;
      }
      if (!editor_) editor_.emplace(archive_.edit());
      const bool prints_found = !look.file.prints || keep(look.file, look.looks->fingerprints);
      const bool pictures_made = !look.file.thumbnails || keep(look.file, look.looks->thumbnails);
      ++report_.done;
      ++uncommitted_;
      if (prints_found && pictures_made) continue;
      ++report_.without;
      const std::string& why =
          prints_found ? look.looks->thumbnails.problem : why_without(look.looks->fingerprints);
      problem(exception_for(look.file.path, archive::Verdict::not_checked, 0,
                            why.empty() ? "shows nothing to tell it by" : why));
    }
    commit_if_due();
  }

  void commit_if_due(bool now = false) {
    if (!editor_ || uncommitted_ == 0) return;
    const auto time = std::chrono::steady_clock::now();
    if (!now && time - last_commit_ < kCommitEvery) return;
    editor_->commit();
    progress_.files_committed += std::exchange(uncommitted_, 0);
    last_commit_ = std::chrono::steady_clock::now();
  }

 private:
  /// False if there are none to keep but the reason.
  bool keep(const Wanted& file, const media::Fingerprints& fingerprints) {
    editor_->add_fingerprints(file.item, fingerprints);
    report_.prints += fingerprints.prints.size();
    report_.sounds += fingerprints.sound.empty() ? 0 : 1;
    report_.sound_windows += fingerprints.sound.windows.size();
    return !fingerprints.empty();
  }
  static const std::string& why_without(const media::Fingerprints& fingerprints) {
    return fingerprints.problem.empty() ? fingerprints.sound.problem : fingerprints.problem;
  }
  bool keep(const Wanted& file, const media::Thumbnails& thumbnails) {
    archive::put_thumbnails(*editor_, file.digest, thumbnails);
    report_.thumbnails += thumbnails.pictures.size();
    for (const media::Thumbnail& one : thumbnails.pictures) report_.thumbnail_bytes += one.jpeg.size();
    return !thumbnails.pictures.empty();
  }

  void problem(Exception exception) {
    ++progress_.problems;
    report_.problems.push_back(std::move(exception));
  }

  archive::Archive& archive_;
  FingerprintReport& report_;
  Progress& progress_;
  std::optional<archive::Editor> editor_;
  std::uint64_t uncommitted_ = 0;
  std::chrono::steady_clock::time_point last_commit_ = std::chrono::steady_clock::now();
};

std::shared_ptr<const files::Fd> open_root(const std::string& folder) {
  files::Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw system_error("open", folder, errno);
  return std::make_shared<const files::Fd>(std::move(fd));
}

void push_batches(const std::vector<Wanted>& wanted, BatchQueue& batches) {
  Batch batch;
  std::uint64_t bytes = 0;
  for (const Wanted& one : wanted) {
    batch.push_back(one);
    bytes += one.size_bytes;
    if (batch.size() < kTasksPerBatch && bytes < kBytesPerBatch) continue;
    if (!batches.push(std::exchange(batch, {}))) return;
    bytes = 0;
  }
  if (!batch.empty()) batches.push(std::move(batch));
}

void refuse_sealed(archive::View& view, archive::Row row) {
  if (!view.volume(row).sealed) return;
  throw Error(ErrorCode::invalid,
              fmt::format("volume '{}' is a sealed drive, whose files are encrypted",
                          escape_for_display(view.volume(row).label)),
              "do it where the files lie in clear");
}

}  // namespace

FingerprintReport fingerprint(archive::Archive& archive, const FingerprintOptions& options,
                              Progress& progress, const StopFlag& stop) {
  FingerprintReport report;
  std::vector<Wanted> wanted;
  {
    archive::View view = archive.view();
    refuse_sealed(view, options.volume);
    archive::coverage(view);  // Error(wrong_key)
    wanted = WantedFinder(view, options, report).find();
  }
  report.wanted = wanted.size();
  progress.files_expected = wanted.size();
  for (const Wanted& one : wanted) progress.bytes_expected += one.size_bytes;
  progress.walk_finished = true;
  const auto root = open_root(options.folder);
  const auto nursery = media::make_nursery(options.parser_program);
  const unsigned threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  BatchQueue batches(std::size_t{threads} * 2);
  LookQueue looks(std::size_t{threads} * 4);
  LookRecorder recorder(archive, report, progress);
  Crew crew([&] {
    batches.close();
    looks.close();
  });
  std::atomic<unsigned> lookers{threads};
  std::mutex mutex;
  crew.start([&] {
    push_batches(wanted, batches);
    batches.close();
  });
  for (unsigned i = 0; i < threads; ++i)
    crew.start([&] {
      Looker looker(options, nursery, root, progress, stop);
      looker.run(batches, looks);
      if (stop.requested()) batches.close();
      auto missing = looker.missing_locks();
      const std::lock_guard lock(mutex);
      if (!missing.empty()) report.missing_locks = std::move(missing);
      if (--lookers == 0) looks.close();
    });
  crew.guard([&] {
    while (true) {
      auto [found, closed] = looks.pop_within(kCommitEvery);
      if (closed) break;
      if (found) recorder.record(std::move(*found));
      recorder.commit_if_due();
    }
    recorder.commit_if_due(true);
  });
  crew.join();
  report.interrupted = stop.requested();
  report.left = report.wanted - report.done - report.failed;
  return report;
}

}  // namespace dalil::jobs
