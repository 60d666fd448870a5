#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "verify_parts.hpp"

namespace dalil::jobs {

/// Tallies verdicts and writes a directory's down as soon as all of its own are in, or some of them when it
/// takes long: what was written down survives everything.
class VerifyRecorder {
 public:
  VerifyRecorder(archive::Archive& archive, const VerifyPlan& plan, Progress& progress, VerifyReport& report,
                 std::optional<archive::Editor>& editor);

  void take(VerifyNews news);
  /// What is absent, after it was matched with extra files: `directories` are theirs, one an exception.
  void take_absent(std::vector<Exception> exceptions, const std::vector<Absent>& absent);
  void take_extra(const Extra& extra);
  /// What earlier runs of the pass found damaged and this one did not come to.
  void take_damaged_before(std::map<std::string, Exception>& damaged);
  void finish(UtcTime started);

 private:
  using Named = std::vector<std::pair<std::string, archive::Verdict>>;
  struct State {
    std::string path;
    DirectoryNews news;
    bool announced = false;
    std::uint64_t arrived = 0;
    bool whole = true;          ///< everything is in `named`
    Named named;                ///< not written down yet
    std::int64_t since_ms = 0;  ///< of the first of them
  };

  void take(Judged judged);
  void add(std::uint64_t number, std::string name, archive::Verdict verdict);
  void count(Exception exception, bool expected);
  void settle(std::uint64_t number);
  void write_down(State& state, bool finished);
  void write_down_slow(bool all);
  void commit_if_due(bool now);

  archive::Archive& archive_;
  const VerifyPlan& plan_;
  const VerifyOptions& options_;
  Progress& progress_;
  VerifyReport& report_;
  std::optional<archive::Editor>& editor_;
  std::unordered_map<std::uint64_t, State> states_;
  std::unordered_set<std::uint64_t> pending_;  ///< directories of which something is not written down
  std::unordered_set<std::string> damaged_seen_;
  UtcTime last_commit_{};

 public:
  std::map<files::ReadPath, std::uint64_t> read_paths;
};

}  // namespace dalil::jobs
