#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::jobs {

enum class VerifyMode : std::uint8_t {
  quick,   ///< presence and size
  tags,    ///< every byte against the keyed tags: damage located to the MiB
  sha256,  ///< every byte against SHA-256, what a court repeats; tags besides, to locate
};
const char* name_of(VerifyMode mode);

struct VerifyOptions {
  std::string folder;
  std::string path_prefix;  ///< where `folder` lies within the volume; only copies below it are expected
  archive::Row volume = ledger::kNoRow;
  VerifyMode mode = VerifyMode::tags;
  bool from_medium = false;  ///< read around the cache
  bool record = true;        ///< append the run to the ledger
  unsigned threads = 0;
  std::function<void(const archive::RunSummary::Exception&)>
      on_verdict;  ///< all but intact; one thread at a time
};

struct VerifyReport {
  std::uint64_t expected = 0;  ///< live copies of the volume below the prefix
  std::uint64_t checked = 0;   ///< of those, the ones with a verdict of this run other than not_checked
  std::map<archive::Verdict, std::uint64_t> verdicts;
  std::vector<archive::RunSummary::Exception> exceptions;  ///< all but intact, extras included
  std::uint64_t bytes_checked = 0;
  bool interrupted = false;
  bool recorded = false;
  std::string read_path;  ///< "direct", "dropped pages", "cache allowed", or a mixture with counts
  VerifyMode mode = VerifyMode::tags;
  /// "PASS" only if checked == expected > 0 and all are intact (extras are listed and do not fail it);
  /// "FAIL" if anything is damaged, missing or changed; else "INCOMPLETE".
  std::string result() const;
};

VerifyReport verify(archive::Archive& archive, const VerifyOptions& options, Progress& progress,
                    const StopFlag& stop);

}  // namespace dalil::jobs
