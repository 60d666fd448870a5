// Scans a folder with a clock that runs so fast that every few files are committed, and writes a line
// "committed N" whenever more of them are durable: what somebody who kills it may rely on.

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "dalil/base/error.hpp"
#include "dalil/jobs/scan.hpp"
#include "unlock.hpp"

namespace {

using namespace dalil;

/// A second passes every few looks at it.
class FastClock : public Clock {
 public:
  UtcTime now() const override { return {system_clock().now().ms + 300 * looks_++}; }

 private:
  mutable std::atomic<std::int64_t> looks_{0};
};

void say(std::uint64_t committed) {
  char line[40];
  const int size =
      std::snprintf(line, sizeof line, "committed %llu\n", static_cast<unsigned long long>(committed));
  if (write(STDOUT_FILENO, line, static_cast<std::size_t>(size)) != size) _exit(9);
}

/// Says what is committed until `done`.
void watch(const jobs::Progress& progress, const std::atomic<bool>& done) {
  std::uint64_t said = 0;
  while (true) {
    const bool last = done.load();
    if (const std::uint64_t now = progress.files_committed.load(); now != said) say(said = now);
    if (last) return;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

void run(const std::string& directory, const std::string& key_file, const std::string& folder) {
  const FastClock clock;
  archive::Archive archive = archive::Archive::open(directory, faults::unlock(directory, key_file), clock);
  jobs::ScanOptions options;
  options.folder = folder;
  options.volume = 0;
  options.metadata = false;
  jobs::Progress progress;
  const jobs::StopFlag stop;
  std::atomic<bool> done{false};
  std::thread watcher([&] { watch(progress, done); });
  const auto end = [&] {
    done = true;
    watcher.join();
  };
  try {
    jobs::scan(archive, options, progress, stop);
  } catch (...) {
    end();
    throw;
  }
  end();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s ARCHIVE KEY_FILE FOLDER\n", argv[0]);
    return 2;
  }
  try {
    run(argv[1], argv[2], argv[3]);
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 2;
  }
  return 0;
}
