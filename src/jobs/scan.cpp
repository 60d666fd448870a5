#include "dalil/jobs/scan.hpp"

#include <thread>

#include "crew.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/volume.hpp"
#include "scan_parts.hpp"

namespace dalil::jobs {

namespace {

/// A spinning disk gets one reader, whose order is the disk's; anything else as many as there are processors.
unsigned reader_count(const ScanOptions& options) {
  if (options.threads > 0) return options.threads;
  if (files::identify_volume(options.folder).rotational.value_or(false)) return 1;
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

ScanReport scan(archive::Archive& archive, const ScanOptions& options, Progress& progress,
                const StopFlag& stop) {
  const UtcTime started = archive.clock().now();
  files::raise_open_file_limit();
  const unsigned readers = reader_count(options);
  TaskQueue tasks(std::size_t{readers} * 4);
  FindingsQueue findings(std::size_t{readers} * 4 + 4);
  ScanRecorder recorder(archive, options, progress);
  ScanWalk walk(archive, options, progress, stop);

  Crew crew([&] {
    tasks.close();
    findings.close();
  });
  std::atomic<unsigned> producers{readers + 1};
  const auto finished = [&] {
    if (--producers == 0) findings.close();
  };
  std::string backend;
  std::mutex backend_mutex;
  crew.start([&] {
    walk.run(tasks, findings);
    tasks.close();
    finished();
  });
  for (unsigned i = 0; i < readers; ++i)
    crew.start([&] {
      ScanReader reader(archive, options, progress, stop);
      reader.run(tasks, findings);
      if (stop.requested()) tasks.close();
      const std::lock_guard lock(backend_mutex);
      backend = reader.hash_backend();
      finished();
    });
  crew.guard([&] {
    while (auto found = findings.pop()) recorder.record(std::move(*found));
  });
  crew.join();

  ScanReport& report = recorder.report;
  report.interrupted = stop.requested();
  report.hash_backend = backend;
  recorder.record_lost(report.interrupted ? std::vector<Lost>{} : walk.result.lost);
  report.directories = walk.result.directories;
  report.seen = walk.result.seen;
  ScanReport result;
  recorder.finish(result, started);
  return result;
}

}  // namespace dalil::jobs
