#include "verify_recorder.hpp"

#include <algorithm>

#include "dalil/files/volume.hpp"

namespace dalil::jobs {

using archive::Verdict;

namespace {

constexpr std::int64_t kCommitEveryMs = 1000;
/// A directory that takes longer than this is written down in parts.
constexpr std::int64_t kPartEveryMs = 10'000;

/// Names of further counts in the run's record (docs/formats/entry.md).
constexpr const char* kCheckedBefore = "checked_before";
constexpr const char* kInterrupted = "interrupted";
constexpr const char* kOutOfTime = "out_of_time";

std::string directory_of(const Judged& judged) {
  const std::size_t name = judged.name.size(), whole = judged.exception.path.size();
  return whole > name ? judged.exception.path.substr(0, whole - name - 1) : "";
}

}  // namespace

VerifyRecorder::VerifyRecorder(archive::Archive& archive, const VerifyPlan& plan, Progress& progress,
                               VerifyReport& report, std::optional<archive::Editor>& editor)
    : archive_(archive),
      plan_(plan),
      options_(plan.options),
      progress_(progress),
      report_(report),
      editor_(editor),
      last_commit_(archive.clock().now()) {}

void VerifyRecorder::take(VerifyNews news) {
  for (DirectoryNews& directory : news.directories) {
    State& state = states_[directory.number];
    state.path = directory.path;
    state.news = std::move(directory);
    state.announced = true;
    settle(state.news.number);
  }
  for (Judged& judged : news.judged) take(std::move(judged));
  commit_if_due(false);
}

void VerifyRecorder::take_absent(std::vector<Exception> exceptions, const std::vector<Absent>& absent) {
  std::unordered_map<std::string, std::uint64_t> number_of;
  for (const auto& [number, state] : states_)
    if (state.news.absent > 0) number_of[state.news.path] = number;
  for (std::size_t i = 0; i < exceptions.size(); ++i) {
    const std::uint64_t number = number_of.at(absent[i].directory);
    State& state = states_.at(number);
    // A name and a size that fit are no reading, and clear nothing that one has found.
    if (options_.mode == VerifyMode::quick && exceptions[i].verdict != Verdict::missing)
      state.whole = false;
    else
      add(number, absent[i].row.name, exceptions[i].verdict);
    if (state.news.absent > 0) --state.news.absent;
    if (report_.sample) {
      report_.sample->drawn += absent[i].drawn;
      if (exceptions[i].verdict == Verdict::missing) report_.sample->bad += absent[i].drawn;
    }
    count(std::move(exceptions[i]), true);
    settle(number);
  }
}

void VerifyRecorder::take_extra(const Extra& extra) {
  Exception exception;
  exception.path = files::join_path(*extra.directory, extra.name);
  exception.verdict = Verdict::extra;
  count(std::move(exception), false);
}

void VerifyRecorder::take_damaged_before(std::map<std::string, Exception>& damaged) {
  for (auto& [path, exception] : damaged) {
    if (damaged_seen_.contains(path)) continue;
    ++report_.checked_before;
    count(std::move(exception), true);
  }
}

void VerifyRecorder::take(Judged judged) {
  State& state = states_[judged.directory];
  ++state.arrived;
  if (!state.announced && state.path.empty()) state.path = directory_of(judged);
  if (judged.before) ++report_.checked_before;
  if (judged.damaged_before) damaged_seen_.insert(judged.exception.path);
  // What was not read whole is never said to be intact: only loss is.
  const bool unread =
      judged.before || (!plan_.reads_everything() && judged.exception.verdict == Verdict::intact);
  if (unread)
    state.whole = false;
  else
    add(judged.directory, std::move(judged.name), judged.exception.verdict);
  if (report_.sample) {
    report_.sample->drawn += judged.drawn;
    report_.sample->bad += judged.drawn_bad;
  }
  report_.bytes_checked += judged.bytes;
  if (judged.was_read) ++read_paths[judged.read_path];
  const std::uint64_t directory = judged.directory;
  count(std::move(judged.exception), true);
  settle(directory);
}

void VerifyRecorder::add(std::uint64_t number, std::string name, Verdict verdict) {
  if (!editor_) return;
  State& state = states_[number];
  if (state.named.empty()) {
    state.since_ms = archive_.clock().now().ms;
    pending_.insert(number);
  }
  state.named.emplace_back(std::move(name), verdict);
}

void VerifyRecorder::count(Exception exception, bool expected) {
  ++report_.verdicts[exception.verdict];
  if (exception.at_first) ++report_.hardware_warnings;
  if (expected) {
    ++report_.checked;
    ++progress_.files_done;
  }
  if (exception.verdict == Verdict::intact && exception.detail.empty() && !exception.at_first) return;
  if (exception.verdict != Verdict::intact || exception.at_first) ++progress_.problems;
  if (options_.on_verdict) options_.on_verdict(exception);
  report_.exceptions.push_back(std::move(exception));
}

void VerifyRecorder::settle(std::uint64_t number) {
  const auto found = states_.find(number);
  State& state = found->second;
  if (!state.announced || state.arrived < state.news.to_come || state.news.absent > 0) return;
  if (editor_) write_down(state, true);
  pending_.erase(number);
  states_.erase(found);
}

/// Once a directory is finished and all of it is in hand, what is intact need not be named.
void VerifyRecorder::write_down(State& state, bool finished) {
  const std::int64_t now_s = archive_.clock().now().ms / 1000;
  const archive::Seq pass = plan_.pass ? plan_.pass->seq : 0;
  if (finished && state.whole && state.news.whole) {
    std::erase_if(state.named, [](const auto& named) { return named.second == Verdict::intact; });
    editor_->record_verdicts(options_.volume, state.path, state.named, now_s, pass);
  } else {
    editor_->record_named_verdicts(options_.volume, state.path, state.named, now_s, pass);
    state.whole = false;
  }
  state.named.clear();
}

/// Of directories that are not finished: what has waited for long, or all.
void VerifyRecorder::write_down_slow(bool all) {
  const std::int64_t now_ms = archive_.clock().now().ms;
  for (auto at = pending_.begin(); at != pending_.end();) {
    State& state = states_.at(*at);
    const bool due = all || now_ms < state.since_ms || now_ms - state.since_ms >= kPartEveryMs;
    if (due) write_down(state, false);
    at = due ? pending_.erase(at) : std::next(at);
  }
}

void VerifyRecorder::commit_if_due(bool now) {
  if (!editor_) return;
  const UtcTime time = archive_.clock().now();
  const bool recent =
      time >= last_commit_ && time.ms - last_commit_.ms < kCommitEveryMs;  // nor was it set back
  if (!now && recent) return;
  write_down_slow(now);
  editor_->commit();
  last_commit_ = archive_.clock().now();
}

void VerifyRecorder::finish(UtcTime started) {
  if (!editor_) return;
  write_down_slow(true);
  archive::RunSummary run;
  run.kind = "verify";
  run.volume = options_.volume;
  run.folder = files::absolute_path(options_.folder);
  run.mode = name_of(options_.mode);
  run.result = report_.result();
  run.started = started;
  run.ended = archive_.clock().now();
  run.counts = {
      {"expected", report_.expected}, {"checked", report_.checked}, {"bytes", report_.bytes_checked}};
  const bool part = !options_.path_prefix.empty() || report_.interrupted || report_.out_of_time ||
                    options_.mode == VerifyMode::sample;
  if (part) run.counts.emplace_back(archive::kPartialRun, 1);
  if (report_.interrupted) run.counts.emplace_back(kInterrupted, 1);
  if (report_.out_of_time) run.counts.emplace_back(kOutOfTime, 1);
  if (report_.checked_before > 0) run.counts.emplace_back(kCheckedBefore, report_.checked_before);
  if (report_.hardware_warnings > 0)
    run.counts.emplace_back(archive::kHardwareWarnings, report_.hardware_warnings);
  if (const auto& sample = report_.sample) {
    run.counts.emplace_back("chunks", sample->population);
    run.counts.emplace_back("chunks_drawn", sample->drawn);
    run.counts.emplace_back("chunks_bad", sample->bad);
    run.counts.emplace_back("seed", sample->seed);
    run.counts.emplace_back("confidence_ppm", static_cast<std::uint64_t>(sample->confidence * 1e6 + 0.5));
  }
  for (const auto& [verdict, number] : report_.verdicts) run.counts.emplace_back(name_of(verdict), number);
  run.exceptions = report_.exceptions;
  const auto& own = report_.own_files.wrong;
  run.exceptions.insert(run.exceptions.end(), own.begin(), own.end());
  if (!own.empty()) run.counts.emplace_back("own_files_wrong", own.size());
  if (plan_.pass) {
    run.pass = plan_.pass->seq;
    run.pass_open = report_.pass_open;
    run.pass_began = plan_.pass->began;
  }
  editor_->add_run(run);
  commit_if_due(true);
  report_.recorded = true;
}

}  // namespace dalil::jobs
