#include "dalil/jobs/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <unordered_map>

#include "dalil/jobs/crew.hpp"
#include "dalil/files/volume.hpp"
#include "verify_parts.hpp"

namespace dalil::jobs {

using archive::Verdict;

const char* name_of(VerifyMode mode) {
  switch (mode) {
    case VerifyMode::quick:
      return "quick";
    case VerifyMode::tags:
      return "tags";
    case VerifyMode::sha256:
      return "sha256";
  }
  return "unknown";
}

std::string VerifyReport::result() const {
  const auto count = [this](Verdict verdict) {
    const auto found = verdicts.find(verdict);
    return found == verdicts.end() ? std::uint64_t{0} : found->second;
  };
  for (const Verdict bad : {Verdict::corrupt, Verdict::unreadable, Verdict::missing, Verdict::changed})
    if (count(bad) > 0) return "FAIL";
  const std::uint64_t found = count(Verdict::intact) + count(Verdict::moved) + count(Verdict::renamed);
  return !interrupted && expected > 0 && checked == expected && found == expected ? "PASS" : "INCOMPLETE";
}

namespace {

/// Name of a count in the run's record: only a part of the volume was looked at (docs/formats/entry.md).
constexpr const char* kPartialRun = "partial";

/// Batches of verdicts that may wait for the recorder while it commits.
constexpr std::size_t kNewsAhead = 256;

/// Tallies verdicts and writes a directory's down as soon as all of its own are in.
class VerifyRecorder {
 public:
  VerifyRecorder(archive::Archive& archive, const VerifyOptions& options, Progress& progress,
                 VerifyReport& report)
      : archive_(archive), options_(options), progress_(progress), report_(report) {
    if (options.record) editor_.emplace(archive.edit());
    last_commit_ = archive.clock().now();
  }

  void take(VerifyNews news) {
    for (DirectoryNews& directory : news.directories) {
      State& state = states_[directory.number];
      state.news = std::move(directory);
      state.announced = true;
      settle(state.news.number);
    }
    for (Judged& judged : news.judged) take(std::move(judged));
    commit_if_due(false);
  }

  /// What is absent, after it was matched with extra files: `directories` are theirs, one an exception.
  void take_absent(std::vector<Exception> exceptions, const std::vector<Absent>& absent) {
    std::unordered_map<std::string, std::uint64_t> number_of;
    for (const auto& [number, state] : states_)
      if (state.news.absent > 0) number_of[state.news.path] = number;
    for (std::size_t i = 0; i < exceptions.size(); ++i) {
      State& state = states_[number_of[absent[i].directory]];
      state.exceptions.emplace_back(absent[i].row.name, exceptions[i].verdict);
      if (state.news.absent > 0) --state.news.absent;
      count(std::move(exceptions[i]), true);
      settle(number_of[absent[i].directory]);
    }
  }

  void take_extra(const Extra& extra) {
    Exception exception;
    exception.path = files::join_path(extra.file.directory, extra.file.name);
    exception.verdict = Verdict::extra;
    count(std::move(exception), false);
  }

  void finish(UtcTime started) {
    if (!editor_) return;
    archive::RunSummary run;
    run.kind = "verify";
    run.volume = options_.volume;
    run.folder = options_.folder;
    run.mode = name_of(options_.mode);
    run.result = report_.result();
    run.started = started;
    run.ended = archive_.clock().now();
    run.counts = {
        {"expected", report_.expected}, {"checked", report_.checked}, {"bytes", report_.bytes_checked}};
    if (!options_.path_prefix.empty()) run.counts.emplace_back(kPartialRun, 1);
    for (const auto& [verdict, number] : report_.verdicts) run.counts.emplace_back(name_of(verdict), number);
    run.exceptions = report_.exceptions;
    editor_->add_run(run);
    commit_if_due(true);
    report_.recorded = true;
  }

 private:
  struct State {
    DirectoryNews news;
    bool announced = false;
    std::uint64_t arrived = 0;
    std::vector<std::pair<std::string, Verdict>> exceptions;
  };

  void take(Judged judged) {
    State& state = states_[judged.directory];
    ++state.arrived;
    // A quick check reads nothing: it may report loss, and never says of a content that it is intact.
    const bool unread = options_.mode == VerifyMode::quick && judged.exception.verdict == Verdict::intact;
    if (unread)
      state.exceptions.emplace_back(judged.name, Verdict::not_checked);
    else if (judged.exception.verdict != Verdict::intact)
      state.exceptions.emplace_back(judged.name, judged.exception.verdict);
    report_.bytes_checked += judged.bytes;
    if (judged.was_read) ++read_paths_[judged.read_path];
    const std::uint64_t directory = judged.directory;
    count(std::move(judged.exception), true);
    settle(directory);
  }

  void count(Exception exception, bool expected) {
    ++report_.verdicts[exception.verdict];
    if (expected) {
      ++report_.checked;
      ++progress_.files_done;
    }
    if (exception.verdict == Verdict::intact && exception.detail.empty()) return;
    if (exception.verdict != Verdict::intact) ++progress_.problems;
    if (options_.on_verdict) options_.on_verdict(exception);
    report_.exceptions.push_back(std::move(exception));
  }

  void settle(std::uint64_t number) {
    const auto found = states_.find(number);
    State& state = found->second;
    if (!state.announced || state.arrived < state.news.to_come || state.news.absent > 0) return;
    const auto says_nothing = [](const auto& named) { return named.second == Verdict::not_checked; };
    const bool nothing_new =
        options_.mode == VerifyMode::quick && std::ranges::all_of(state.exceptions, says_nothing);
    if (editor_ && !nothing_new)
      editor_->record_verdicts(options_.volume, state.news.path, state.exceptions,
                               archive_.clock().now().ms / 1000);
    states_.erase(found);
  }

  void commit_if_due(bool now) {
    if (!editor_) return;
    const UtcTime time = archive_.clock().now();
    if (!now && time.ms - last_commit_.ms < 1000) return;
    editor_->commit();
    last_commit_ = archive_.clock().now();
  }

  archive::Archive& archive_;
  const VerifyOptions& options_;
  Progress& progress_;
  VerifyReport& report_;
  std::optional<archive::Editor> editor_;
  std::unordered_map<std::uint64_t, State> states_;
  UtcTime last_commit_{};

 public:
  std::map<files::ReadPath, std::uint64_t> read_paths_;
};

unsigned checker_count(const VerifyOptions& options, bool spinning) {
  if (options.threads > 0) return options.threads;
  if (spinning) return 1;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Beside its objects a sealed drive has lists and a snapshot of its own, which no entry names.
bool may_be_extra(bool sealed, const Extra& extra) {
  return !sealed || extra.file.directory.starts_with("objects");
}

}  // namespace

VerifyReport verify(archive::Archive& archive, const VerifyOptions& options, Progress& progress,
                    const StopFlag& stop) {
  const UtcTime started = archive.clock().now();
  files::raise_open_file_limit();
  const bool spinning = files::identify_volume(options.folder).rotational.value_or(false);
  const unsigned checkers = checker_count(options, spinning);
  CheckQueue tasks(std::size_t{checkers} * 4);
  NewsQueue news(kNewsAhead);
  VerifyReport report;
  report.mode = options.mode;
  VerifyRecorder recorder(archive, options, progress, report);
  VerifyWalk walk(archive, options, progress, stop);

  Crew crew([&] {
    tasks.close();
    news.close();
  });
  std::atomic<unsigned> producers{checkers + 1};
  const auto finished = [&] {
    if (--producers == 0) news.close();
  };
  crew.start([&] {
    walk.run(tasks, news);
    tasks.close();
    finished();
  });
  for (unsigned i = 0; i < checkers; ++i)
    crew.start([&] {
      VerifyChecker checker(archive, options, spinning, progress, stop);
      checker.run(tasks, news);
      if (stop.requested()) tasks.close();
      finished();
    });
  crew.guard([&] {
    while (auto found = news.pop()) recorder.take(std::move(*found));
  });
  crew.join();

  report.expected = walk.expected;
  report.interrupted = stop.requested();
  if (!report.interrupted) {
    const bool sealed = archive.view().volume(options.volume).sealed;
    recorder.take_absent(match_absent(archive, options, walk.absent, walk.extras, progress, stop),
                         walk.absent);
    for (const Extra& extra : walk.extras)
      if (!extra.matched && may_be_extra(sealed, extra)) recorder.take_extra(extra);
  }
  report.interrupted = stop.requested();
  std::ranges::sort(report.exceptions, {}, &Exception::path);
  report.read_path = describe_read_paths(recorder.read_paths_);
  recorder.finish(started);
  return report;
}

}  // namespace dalil::jobs
