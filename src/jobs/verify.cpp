#include "dalil/jobs/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "dalil/base/error.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/jobs/crew.hpp"
#include "verify_parts.hpp"
#include "verify_recorder.hpp"

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
    case VerifyMode::sample:
      return "sample";
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
  if (!own_files.wrong.empty()) return "FAIL";
  const std::uint64_t found = count(Verdict::intact) + count(Verdict::moved) + count(Verdict::renamed);
  const bool complete =
      !interrupted && !out_of_time && expected > 0 && checked == expected && found == expected;
  if (!complete) return "INCOMPLETE";
  return mode == VerifyMode::sample ? "SAMPLED" : "PASS";
}

namespace {

/// Batches of verdicts that may wait for the recorder while it commits.
constexpr std::size_t kNewsAhead = 256;
/// Batches that wait for each checker.
constexpr std::size_t kTasksAhead = 4;

unsigned checker_count(const VerifyOptions& options, bool spinning) {
  if (options.threads > 0) return options.threads;
  if (spinning) return 1;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// So many files a batch that all that wait, each with its directory, may be open at once.
std::size_t batch_files(std::uint64_t open_file_limit, unsigned checkers) {
  constexpr std::uint64_t kOthers = 48, kBatchesAChecker = kTasksAhead + 2 * 2;
  const std::uint64_t room = open_file_limit > kOthers ? open_file_limit - kOthers : 0;
  return std::clamp<std::uint64_t>(room / (kBatchesAChecker * checkers), 1, kBatchFiles);
}

/// What tells this medium from another: where the system does not say, the folder has to be the same.
std::string medium_of(const files::VolumeIdentity& identity, const std::string& folder) {
  if (identity.uuid.empty() && identity.serial.empty()) return "folder " + folder;
  return identity.uuid + " " + identity.serial;
}

/// The pass that this run is of: one that an earlier run left, or a new one, which is durable before anything
/// is read. Absent if nothing is recorded or not everything is read.
std::optional<archive::VerificationPass> pass_for(archive::Archive& archive, const VerifyPlan& plan,
                                                  const files::VolumeIdentity& identity,
                                                  std::optional<archive::Editor>& editor,
                                                  VerifyReport& report) {
  const VerifyOptions& options = plan.options;
  if (!editor || !plan.reads_everything()) return std::nullopt;
  archive::VerificationPass pass;
  pass.volume = options.volume;
  pass.below = options.path_prefix;
  pass.mode = name_of(options.mode);
  pass.from_medium = options.from_medium;
  pass.medium = medium_of(identity, options.folder);
  pass.began = archive.clock().now();
  for (const archive::VerificationPass& open : archive.view().open_passes(options.volume)) {
    if (open.below != pass.below || open.mode != pass.mode || open.from_medium != pass.from_medium) continue;
    // The file's times are compared with the beginning: a clock that was ahead then makes them worthless.
    if (options.restart || open.began > pass.began) continue;
    if (open.medium == pass.medium) return open;
    report.other_medium = true;
  }
  pass.seq = editor->begin_pass(pass);
  editor->commit();
  return pass;
}

/// Beside its objects a sealed drive has lists and a snapshot of its own, which no entry names.
bool may_be_extra(bool sealed, const Extra& extra) {
  return !sealed || extra.directory->starts_with("objects");
}

/// A walk that was ended has not met all of them.
std::uint64_t copies_expected(const archive::Archive& archive, const VerifyOptions& options) {
  archive::View view = archive.view();
  if (options.path_prefix.empty()) return view.volume(options.volume).live_copies;
  std::uint64_t count = 0;
  view.for_each_copy(options.volume, [&](archive::Row, const std::string& directory,
                                         const std::vector<archive::CopyRow>& rows) {
    if (directory != options.path_prefix && !directory.starts_with(options.path_prefix + "/")) return;
    count += static_cast<std::uint64_t>(
        std::ranges::count(rows, archive::CopyRow::State::live, &archive::CopyRow::state));
  });
  return count;
}

void conclude_sample(const ChunkSampler& sampler, VerifyReport& report) {
  if (sampler.passed() != report.sample->population && !report.interrupted)
    throw Error(ErrorCode::conflict, "the archive has changed during the verification", "run the same again");
  if (report.interrupted || report.sample->drawn != sampler.draws() || sampler.draws() == 0) return;
  report.sample->bad_below =
      bad_share_below(report.sample->drawn, report.sample->bad, report.sample->confidence);
}

/// The walk, the checkers and the recorder, each in its own threads, until all is done or somebody ends it.
void run_stages(archive::Archive& archive, const VerifyPlan& plan, unsigned checkers, VerifyWalk& walk,
                VerifyRecorder& recorder, Progress& progress, const StopFlag& stop) {
  CheckQueue tasks(std::size_t{checkers} * kTasksAhead);
  NewsQueue news(kNewsAhead);
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
      VerifyChecker checker(archive, plan, progress, stop);
      checker.run(tasks, news);
      if (checker.stopped()) tasks.close();
      finished();
    });
  crew.guard([&] {
    while (auto found = news.pop()) recorder.take(std::move(*found));
  });
  crew.join();
}

}  // namespace

VerifyReport verify(archive::Archive& archive, const VerifyOptions& options, Progress& progress,
                    const StopFlag& stop) {
  const UtcTime started = archive.clock().now();
  const std::uint64_t may_be_open = files::raise_open_file_limit();
  const files::VolumeIdentity identity = files::identify_volume(options.folder);
  VerifyReport report;
  report.mode = options.mode;
  VerifyPlan plan{options, {}, options.spinning.value_or(identity.rotational.value_or(false)), kBatchFiles};
  const unsigned checkers = checker_count(options, plan.spinning);
  plan.batch_files = batch_files(may_be_open, checkers);
  std::optional<archive::Editor> editor;
  if (options.record) editor.emplace(archive.edit());
  VerifyWalk walk(archive, plan, progress, stop);
  plan.pass = report.pass = pass_for(archive, plan, identity, editor, report);
  if (walk.sampler) {
    report.sample.emplace();
    report.sample->population = walk.sampler->population();
    report.sample->seed = options.sample.seed;
    report.sample->confidence = options.sample.confidence;
    report.sample->census = walk.sampler->census();
  }
  VerifyRecorder recorder(archive, plan, progress, report, editor);
  run_stages(archive, plan, checkers, walk, recorder, progress, stop);

  report.interrupted = stop.requested();
  report.expected = report.interrupted ? copies_expected(archive, options) : walk.expected;
  if (!report.interrupted && walk.root()) {
    const bool sealed = archive.view().volume(options.volume).sealed;
    std::vector<Exception> matched =
        match_absent(archive, options, *walk.root(), walk.absent, walk.extras, progress, stop);
    // A search that was ended has found nobody missing.
    if (!stop.requested()) {
      recorder.take_absent(std::move(matched), walk.absent);
      for (const Extra& extra : walk.extras)
        if (!extra.matched && may_be_extra(sealed, extra)) recorder.take_extra(extra);
    }
  }
  recorder.take_damaged_before(walk.damaged_before);
  if (options.own_files && !stop.requested()) report.own_files = options.own_files(stop);
  report.interrupted = stop.requested();
  report.out_of_time = !report.interrupted && report.remaining() > 0 && options.out_of_time != nullptr;
  report.pass_open = report.pass && (report.interrupted || report.out_of_time);
  if (walk.sampler) conclude_sample(*walk.sampler, report);
  std::ranges::sort(report.exceptions, {}, &Exception::path);
  report.read_path = describe_read_paths(recorder.read_paths);
  recorder.finish(started);
  return report;
}

}  // namespace dalil::jobs
