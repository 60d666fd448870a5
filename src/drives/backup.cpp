#include "dalil/drives/backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/drives/unfinished.hpp"
#include "dalil/files/attributes.hpp"
#include "dalil/jobs/crew.hpp"
#include "drive_files.hpp"
#include "par2.hpp"
#include "parity_keeper.hpp"
#include "parity_plan.hpp"
#include "parts.hpp"
#include "stores.hpp"

namespace dalil::drives {

namespace {

constexpr std::size_t kParcelsAhead = 12, kRunsSearched = 10'000;
constexpr const char* kParityCount = "parity";  ///< persistent: a count of a run, in percent

/// Two names for one thing would each be taken for a copy of its own.
void refuse_doubles(const archive::Archive& archive, const BackupOptions& options,
                    const std::vector<DriveJob>& jobs) {
  const auto identity = [](int fd) {
    const files::FileStat stat = files::stat_fd(fd).stat;
    return std::pair(stat.device, stat.inode);
  };
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const files::Fd above(::openat(jobs[i].root->get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (above && lies_in_a_drive(above.get()))
      throw Error(ErrorCode::conflict,
                  fmt::format("{} lies within another backup drive", quoted(jobs[i].target.folder)),
                  "name a folder of its own: a drive holds nothing but what its lists name");
    for (std::size_t k = 0; k < i; ++k)
      if (identity(jobs[i].root->get()) == identity(jobs[k].root->get()) ||
          jobs[i].target.volume == jobs[k].target.volume)
        throw Error(ErrorCode::conflict, fmt::format("{} is named twice", quoted(jobs[i].target.folder)),
                    "name each drive and each volume once");
    for (const BackupSource& source : options.sources) {
      const files::Fd fd(::open(source.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!fd) {
        const Error cause = system_error("open the source's folder", source.folder, errno);
        throw Error(ErrorCode::not_found, cause.what(),
                    "say where the volume is now: --folder VOLUME=FOLDER");
      }
      if (identity(fd.get()) == identity(jobs[i].root->get()))
        throw Error(ErrorCode::conflict, fmt::format("{} is a source itself", quoted(jobs[i].target.folder)),
                    "name another folder for the backup");
      if (lies_in(jobs[i].root->get(), fd.get()))
        throw Error(ErrorCode::conflict,
                    fmt::format("{} lies in what is to be copied, {}", quoted(jobs[i].target.folder),
                                quoted(source.folder)),
                    "name a folder on another drive: a copy beside the original goes with it");
    }
    const files::Fd own(::open(archive.ledger().directory().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (own && lies_in(jobs[i].root->get(), own.get()))
      throw Error(ErrorCode::conflict, fmt::format("{} is the archive itself", quoted(jobs[i].target.folder)),
                  "name another folder for the backup");
  }
}

/// Attributes are looked for only where they would be lost: it takes opening every file. That a sealed drive
/// keeps none refuses nothing: it is told beforehand with a dry run, and else of each file that is copied.
void find_lost_attributes(const BackupOptions& options, const std::vector<PlannedFile>& plan, DriveJob& job,
                          BackupReport& report) {
  if (job.sealed() ? !options.dry_run : job.limits.attributes) return;
  std::vector<files::Fd> folders;
  for (const BackupSource& source : options.sources)
    folders.emplace_back(::open(source.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (job.actions[i] == Action::there || job.actions[i] == Action::leave_out) continue;
    const files::Opened opened = files::open_regular(folders[plan[i].source].get(), plan[i].path.c_str());
    if (opened.error_number != 0 || files::user_attributes(opened.fd.get()).empty()) continue;
    if (job.sealed())
      report.problems.push_back(
          {job.report.label, plan[i].path,
           "would be copied without its extended attributes: a sealed drive keeps none"});
    else
      report.losses.push_back({job.report.label, plan[i].path, "its extended attributes are lost"});
  }
}

void tell_limits(const DriveJob& job, BackupReport& report) {
  if (job.limits.times != nullptr)
    report.notes.push_back(fmt::format("{} ({}) keeps times to {}; the ledger has the exact ones",
                                       job.report.label, job.report.file_system, job.limits.times));
}

void tell_same_device(const std::vector<DriveJob>& jobs, const BackupOptions& options, BackupReport& report) {
  const auto device = [](const std::string& folder) {
    const files::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd ? files::stat_fd(fd.get()).stat.device : 0;
  };
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::uint64_t own = device(jobs[i].target.folder);
    for (const BackupSource& source : options.sources)
      if (device(source.folder) == own)
        report.notes.push_back(fmt::format(
            "{} is on the same file system as what it copies: one failure takes both", jobs[i].report.label));
    for (std::size_t k = 0; k < i; ++k)
      if (device(jobs[k].target.folder) == own)
        report.notes.push_back(fmt::format("{} and {} are on one file system: one failure takes both",
                                           jobs[k].report.label, jobs[i].report.label));
  }
}

/// The run in which the threads are.
class BackupRun {
 public:
  BackupRun(archive::Archive& archive, const BackupOptions& options, const std::vector<PlannedFile>& plan,
            std::vector<DriveJob>& jobs, BackupReport& report, jobs::Progress& progress,
            const jobs::StopFlag& stop)
      : archive_(archive),
        options_(options),
        plan_(plan),
        jobs_(jobs),
        report_(report),
        progress_(progress),
        stop_(stop),
        editor_(archive.edit()),
        started_(archive.clock().now()) {}

  void run() {
    files::raise_open_file_limit();
    state_new_drives();
    for (DriveJob& job : jobs_) job.parity_percent = options_.parity.value_or(parity_wanted(job));
    record_begin();
    BackupRecorder recorder(archive_, editor_, plan_, jobs_, report_, progress_);
    begin(recorder);
    copy(recorder);
    recorder.commit_if_due(true);
    report_.interrupted = stop_.requested();
    record_closing();
    for (std::size_t i = 0; i < jobs_.size(); ++i) close(i);
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      keep_parity(i);
      report_.drives.push_back(jobs_[i].report);
    }
    for (DriveReport& lost : lost_) report_.drives.push_back(std::move(lost));
  }

 private:
  void state_new_drives() {
    for (DriveJob& job : jobs_) {
      if (!job.is_new) continue;
      archive::Volume volume = job.volume.value_or(archive::Volume{});
      volume.label = job.target.volume;
      volume.kind = archive::VolumeKind::backup;
      volume.sealed = job.sealed();
      if (!job.target.kept_at.empty()) volume.kept_at = job.target.kept_at;
      volume.root = files::absolute_path(job.target.folder);
      volume.file_system = job.identity.file_system;
      volume.uuid = job.identity.uuid;
      volume.serial = job.identity.serial;
      volume.file_system_label = job.identity.label;
      volume.capacity_bytes = job.identity.size_bytes;
      if (job.volume)
        editor_.update_volume(volume);
      else
        volume.row = editor_.add_volume(volume);
      editor_.state_drive(volume.row, job.drive);
      editor_.commit();
      archive::View view = archive_.view();
      job.volume = view.volume(volume.row);
      job.report.id = job.volume->id;
    }
  }

  /// From here on the drives are written to.
  void begin(BackupRecorder& recorder) {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      archive::View view = archive_.view();
      DriveJob& job = jobs_[i];
      stores_.push_back(nullptr);
      try {
        Folders folders(job.root->get());
        clear_partial(folders, job.of_an_earlier_version);
        if (job.is_new) write_first_note(archive_, view, job);
        stores_.back() = make_store(job);
        stores_.back()->sync();  // what a killed run left may count after a look, so it has to be durable
        for (const auto& [path, verdict] : job.lost) recorder.found(job, path, verdict);
        if (!job.lost.empty()) recorder.commit_if_due(true);
        if (job.sealed())
          examine_objects(job, plan_, recorder, stop_);
        else
          examine_drive(options_, i, job, plan_, recorder, stop_);
      } catch (const DriveFailure& failure) {
        job.report.state = state_of(failure.kind);
        job.report.why = failure.what();
        stores_.back() = nullptr;
      }
      if (!stores_.back()) continue;
      progress_.files_expected += job.report.to_copy;
      progress_.bytes_expected += job.report.to_copy_bytes;
    }
    progress_.walk_finished = true;
  }

  std::unique_ptr<DriveStore> make_store(const DriveJob& job) const {
    if (job.sealed())
      return std::make_unique<SealedStore>(job.root, job.target.folder, job.drive.id, options_.recipients,
                                           archive_.tag_key());
    return std::make_unique<PlainStore>(job.root, job.target.folder, job.drive.id);
  }

  void copy(BackupRecorder& recorder) {
    NewsQueue news(64);
    std::vector<std::unique_ptr<ParcelQueue>> queues;
    std::vector<std::unique_ptr<DriveWriter>> writers;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      if (!stores_[i]) return copy_with_others(recorder, i);
      queues.push_back(std::make_unique<ParcelQueue>(kParcelsAhead));
      writers.push_back(std::make_unique<DriveWriter>(i, plan_, options_.rename_safe, jobs_[i], *stores_[i],
                                                      news, progress_));
    }
    jobs::Crew crew([&] {
      for (auto& queue : queues) queue->close();
      news.close();
    });
    std::atomic<std::size_t> producers{writers.size() * 2 + 1};
    const auto finished = [&] {
      if (--producers == 0) news.close();
    };
    std::uint64_t source_failed = 0;
    crew.start([&] {
      SourceReader reader(archive_, options_, plan_, jobs_, queues, writers, news, stop_);
      reader.run();
      source_failed = reader.failed;
      for (auto& queue : queues) queue->close();
      finished();
    });
    for (std::size_t i = 0; i < writers.size(); ++i) {
      crew.start([&, i] {
        writers[i]->write(*queues[i]);
        finished();
      });
      crew.start([&, i] {
        writers[i]->verify();
        finished();
      });
    }
    crew.guard([&] {
      while (true) {
        auto popped = news.pop_within(std::chrono::milliseconds(500));
        if (popped.closed) break;
        if (popped.value) recorder.take(std::move(*popped.value));
        recorder.commit_if_due(false);
      }
    });
    crew.join();
    report_.source_failed = source_failed;
    for (std::size_t i = 0; i < jobs_.size(); ++i) jobs_[i].report.read_path = stores_[i]->read_path();
  }

  /// A drive that failed before the copying takes no part in it.
  void copy_with_others(BackupRecorder& recorder, std::size_t without) {
    DriveJob lost = std::move(jobs_[without]);
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(without));
    stores_.erase(stores_.begin() + static_cast<std::ptrdiff_t>(without));
    if (!jobs_.empty()) copy(recorder);
    lost_.push_back(std::move(lost.report));
  }

  /// Lists and note, also after Ctrl-C and on a full drive: what is on it is worth checking.
  void close(std::size_t i) {
    DriveJob& job = jobs_[i];
    if (report_.interrupted && job.report.state == DriveReport::State::done)
      job.report.state = DriveReport::State::stopped;
    try {
      if (is_reachable(job)) write_lists(i);
    } catch (const DriveFailure& failure) {
      if (job.report.why.empty()) job.report.why = failure.what();
      if (job.report.state != DriveReport::State::full) job.report.state = state_of(failure.kind);
    }
    record_run(job);
    editor_.commit();
  }

  static bool is_reachable(const DriveJob& job) {
    return job.report.state != DriveReport::State::gone && job.report.state != DriveReport::State::failed;
  }

  void write_lists(std::size_t i) {
    DriveJob& job = jobs_[i];
    stores_[i]->check_identity();
    job.report.closed = false;
    archive::View view = archive_.view();
    editor_.state_drive(job.volume->row, write_drive_files(archive_, view, job, options_, report_));
    job.report.closed = true;
    job.report.free_bytes = files::identify_volume(job.target.folder).free_bytes;
  }

  /// What was wanted of the last backup, whatever came of it, and what lists on the drive tell.
  unsigned parity_wanted(const DriveJob& job) const {
    const unsigned percent = parity_percent_on(job.root->get());
    archive::View view = archive_.view();
    for (const archive::RunSummary& run : view.runs(kRunsSearched))  // the newest first
      if (run.kind == "backup" && run.volume == job.volume->row)
        return std::max(percent, static_cast<unsigned>(run.count(kParityCount)));
    return percent;
  }

  /// Last, and of what was verified. The drive is whole before it and after it, so that this may take hours,
  /// and be ended at any moment.
  void keep_parity(std::size_t i) {
    DriveJob& job = jobs_[i];
    if (!job.report.closed || !is_reachable(job)) return;
    try {
      ParityKeeper keeper(job.root, job.target.folder, live_files(job), progress_, stop_);
      const unsigned percent = job.parity_percent;
      if (job.report.state == DriveReport::State::done &&
          (percent > 0 || parity_percent_on(job.root->get()) > 0))
        keeper.make(percent, options_.parity.has_value());
      job.report.parity = keeper.report();
      if (!keeper.changed()) return;
      job.parity_leaving = keeper.leaving();
      write_lists(i);
      keeper.remove_leaving();
      editor_.commit();
    } catch (const DriveFailure& failure) {
      job.report.why = job.report.parity.why = failure.what();
      job.report.state = state_of(failure.kind);
      if (job.report.closed) return;
      record_run(job);
      editor_.commit();
    }
  }

  std::vector<ParityFile> live_files(const DriveJob& job) const {
    archive::View view = archive_.view();
    return files_for_parity(view, job.volume->row, job.sealed());
  }

  archive::RunSummary run_of(const DriveJob& job) const {
    archive::RunSummary run;
    run.kind = "backup";
    run.volume = job.volume->row;
    run.folder = files::absolute_path(job.target.folder);
    run.started = started_;
    return run;
  }

  /// Parity that was begun is gone on with by the next run, which nobody has to tell so.
  static void count_parity(archive::RunSummary& run, const DriveJob& job) {
    if (job.parity_percent > 0) run.counts.emplace_back(kParityCount, job.parity_percent);
  }

  /// Of a run that is killed nothing else tells that more was to come than what it recorded.
  void record_begin() {
    for (const DriveJob& job : jobs_) {
      archive::RunSummary run = run_of(job);
      run.result = kRunBegun;
      run.ended = started_;
      run.counts = {{"selected", report_.selected}, {"there", job.report.there}};
      count_parity(run, job);
      editor_.add_run(run);
    }
    editor_.commit();
  }

  /// For the snapshots that the drives are about to get: how the run ended is told only after them.
  void record_closing() {
    for (const DriveJob& job : jobs_)
      if (is_reachable(job)) record_result(job, kRunClosing);
    editor_.commit();
  }

  void record_run(const DriveJob& job) {
    const bool all = job.report.state == DriveReport::State::done && job.report.closed &&
                     job.report.failed == 0 && job.report.left_out == 0 && report_.source_failed == 0;
    record_result(job, job.report.state == DriveReport::State::stopped ? "INTERRUPTED"
                       : all                                           ? "DONE"
                                                                       : "INCOMPLETE");
  }

  void record_result(const DriveJob& job, const char* result) {
    archive::RunSummary run = run_of(job);
    run.result = result;
    run.ended = archive_.clock().now();
    run.counts = {{"selected", report_.selected},
                  {"copied", job.report.copied},
                  {"there", job.report.there},
                  {"adopted", job.report.adopted},
                  {"set_aside", job.report.set_aside},
                  {"left_out", job.report.left_out},
                  {"failed", job.report.failed + report_.source_failed},
                  {"bytes", job.report.copied_bytes}};
    count_parity(run, job);
    if (!job.report.closed && std::string_view(result) != kRunClosing)
      run.counts.emplace_back(kListsLacking, 1);
    editor_.add_run(run);
  }

  archive::Archive& archive_;
  const BackupOptions& options_;
  const std::vector<PlannedFile>& plan_;
  std::vector<DriveJob>& jobs_;
  BackupReport& report_;
  jobs::Progress& progress_;
  const jobs::StopFlag& stop_;
  archive::Editor editor_;
  const UtcTime started_;
  std::vector<std::unique_ptr<DriveStore>> stores_;
  std::vector<DriveReport> lost_;
};

}  // namespace

const char* name_of(DriveReport::State state) {
  switch (state) {
    case DriveReport::State::done:
      return "done";
    case DriveReport::State::stopped:
      return "stopped";
    case DriveReport::State::full:
      return "full";
    case DriveReport::State::gone:
      return "gone";
    case DriveReport::State::failed:
      return "failed";
  }
  return "unknown";
}

bool BackupReport::complete() const {
  return !interrupted && !refused && !dry_run && selected > 0 && source_failed == 0 && !drives.empty() &&
         std::ranges::all_of(drives, [this](const DriveReport& drive) {
           return drive.state == DriveReport::State::done && drive.closed && drive.failed == 0 &&
                  drive.left_out == 0 && drive.copied + drive.there + drive.adopted == selected;
         });
}

BackupReport backup(archive::Archive& archive, const BackupOptions& options, jobs::Progress& progress,
                    const jobs::StopFlag& stop) {
  BackupReport report;
  report.dry_run = options.dry_run;
  if (options.parity.value_or(0) > 0) require_par2();
  archive::View view = archive.view();
  std::vector<DriveJob> jobs;
  for (const BackupTarget& target : options.targets) jobs.push_back(open_drive(archive, view, target));
  refuse_doubles(archive, options, jobs);
  const std::vector<PlannedFile> plan = make_plan(view, options, report);
  for (DriveJob& job : jobs) {
    plan_drive(view, options, plan, job, report);
    find_lost_attributes(options, plan, job, report);
    tell_limits(job, report);
  }
  tell_same_device(jobs, options, report);
  report.refused = !report.losses.empty() && !options.allow_losses;
  if (!report.refused)
    for (DriveJob& job : jobs) refuse_lack_of_room(archive, options, plan, job, stop);
  if (report.refused || options.dry_run || plan.empty()) {
    for (DriveJob& job : jobs) report.drives.push_back(std::move(job.report));
    return report;
  }
  view.rest();
  BackupRun(archive, options, plan, jobs, report, progress, stop).run();
  return report;
}

}  // namespace dalil::drives
