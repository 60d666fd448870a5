#include "dalil/jobs/scan.hpp"

#include <fmt/format.h>

#include <thread>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/jobs/crew.hpp"
#include "scan_parts.hpp"

namespace dalil::jobs {

namespace {

/// Batches that may wait for the recorder: while it commits (an fsync of a second's work) the readers go on.
constexpr std::size_t kFindingsAhead = 256;
/// What was read becomes durable also while one large file keeps the readers busy.
constexpr std::chrono::milliseconds kCommitEvery{1000};

/// A spinning disk gets one reader, whose order is the disk's; anything else as many as there are processors.
unsigned reader_count(const ScanOptions& options, bool spinning) {
  if (options.threads > 0) return options.threads;
  if (spinning) return 1;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// What may be open at a time, over all readers, is a matter of how many files a process may have open: with
/// few, as in some containers, there is less ahead.
struct OpenFiles {
  AheadLimits ahead;
  Awaiting awaiting;  ///< of each reader
};
OpenFiles open_files(std::uint64_t limit, unsigned readers) {
  constexpr std::size_t kAheadFiles = 256, kAheadBytes = 32 << 20;
  constexpr Awaiting kAwaiting = {.batches = 4, .batches_at_launch = 32};
  const std::size_t wanted = readers * (kAheadFiles + kAwaiting.batches_at_launch * kBatchFiles);
  if (limit / 4 < wanted) return {{kBatchFiles * readers, kBatchBytes * readers}, {1, 1}};
  return {{kAheadFiles * readers, kAheadBytes * readers}, kAwaiting};
}

/// What lies there is encrypted: taken in, each object would pass for an item of its own.
void refuse_sealed(const archive::Archive& archive, archive::Row row) {
  archive::View view = archive.view();
  if (row == ledger::kNoRow || !view.volume(row).sealed) return;
  throw Error(ErrorCode::invalid,
              fmt::format("volume '{}' is a sealed drive, which is not scanned",
                          escape_for_display(view.volume(row).label)),
              "what lies on it is recorded as it is written; 'dalil verify' checks it");
}

}  // namespace

ScanReport scan(archive::Archive& archive, const ScanOptions& options, Progress& progress,
                const StopFlag& stop) {
  refuse_sealed(archive, options.volume);
  const UtcTime started = archive.clock().now();
  const std::uint64_t open_file_limit = files::raise_open_file_limit();
  const bool spinning = files::identify_volume(options.folder).rotational.value_or(false);
  const unsigned readers = reader_count(options, spinning);
  const OpenFiles open = open_files(open_file_limit, readers);
  TaskQueue tasks(std::size_t{readers} * 4);
  ScanLookahead ahead(tasks, open.ahead);
  FindingsQueue findings(kFindingsAhead);
  ScanRecorder recorder(archive, options, progress);
  ScanWalk walk(archive, options, progress, stop);
  const auto nursery = media::make_nursery(options.parser_program);

  Crew crew([&] {
    tasks.close();
    findings.close();
  });
  std::atomic<unsigned> producers{readers + 1};
  const auto finished = [&] {
    if (--producers == 0) findings.close();
  };
  std::string backend;
  std::vector<std::string> missing_locks;
  std::mutex results_mutex;
  crew.start([&] {
    walk.run(tasks, findings);
    tasks.close();
    finished();
  });
  for (unsigned i = 0; i < readers; ++i)
    crew.start([&] {
      ScanReader reader(archive, options, spinning, open.awaiting, nursery, progress, stop);
      reader.run(ahead, findings);
      if (stop.requested()) tasks.close();
      const std::lock_guard lock(results_mutex);
      backend = reader.hash_backend();
      if (auto missing = reader.missing_locks(); !missing.empty()) missing_locks = std::move(missing);
      finished();
    });
  crew.guard([&] {
    while (true) {
      auto [found, closed] = findings.pop_within(kCommitEvery);
      if (closed) break;
      if (found) recorder.record(std::move(*found));
      recorder.commit_if_due();
    }
  });
  crew.join();

  ScanReport& report = recorder.report;
  report.interrupted = stop.requested();
  report.hash_backend = backend;
  report.missing_locks = std::move(missing_locks);
  recorder.record_waiting(report.interrupted);
  report.not_taken = walk.result.not_taken;
  if (!report.interrupted) recorder.record_lost(walk.result.lost, walk.result.present);
  recorder.find_last_copies();
  report.directories = walk.result.directories;
  if (options.dry_run)  // what a scan would read
    report.indexed = walk.result.seen - report.unchanged - report.skipped - report.failed;
  // Interrupted, the walk is ahead of what was dealt with, and the rest belongs to the next scan.
  report.seen = report.interrupted ? report.indexed + report.unchanged + report.skipped + report.failed
                                   : walk.result.seen;
  ScanReport result;
  recorder.finish(result, started);
  return result;
}

}  // namespace dalil::jobs
