#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "dalil/jobs/progress.hpp"

namespace dalil::cli {

/// Plain numbers of one moment, so that the wording can be tested.
struct ProgressMoment {
  std::uint64_t files_done = 0, files_expected = 0, bytes_done = 0, bytes_expected = 0, problems = 0;
  bool walk_finished = false;
  double elapsed_s = 0;
};
/// "scan  1,234 of 200,000 files  34.2 of 95.0 GB  36%  812.0 MB/s  1:12 left"
std::string progress_text(const std::string& what, const ProgressMoment& moment);

/// While it lives, one line at the bottom of the terminal says how far a job is. Nothing when not `shown`.
class ProgressLine {
 public:
  ProgressLine(std::string what, const jobs::Progress& progress, bool shown);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  /// Ends the drawing and wipes the line.
  void stop();

 private:
  void draw_until_stopped();
  ProgressMoment now() const;

  std::string what_;
  const jobs::Progress& progress_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace dalil::cli
