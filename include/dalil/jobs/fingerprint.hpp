#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::jobs {

struct FingerprintOptions {
  std::string folder;       ///< where the volume lies, or a folder below its root
  std::string path_prefix;  ///< where `folder` lies within the volume, "" for its root
  archive::Row volume = ledger::kNoRow;
  bool again = false;          ///< look also at what has fingerprints on record
  std::string parser_program;  ///< empty: found by the media module
  unsigned threads = 0;        ///< 0: as many as processors
};

struct FingerprintReport {
  std::uint64_t wanted =
      0;  ///< pictures and videos with a live copy here and none on record; = the three below
  std::uint64_t done = 0;     ///< looked at and recorded: among them those of `without`
  std::uint64_t failed = 0;   ///< not read, or another content by now
  std::uint64_t left = 0;     ///< not come to, after an interruption
  std::uint64_t known = 0;    ///< had fingerprints on record
  std::uint64_t without = 0;  ///< could not be decoded, or show nothing: recorded without any, and why
  std::uint64_t prints = 0;
  std::vector<archive::RunSummary::Exception> problems;  ///< of `failed` and `without`, with their reasons
  bool interrupted = false;
  std::vector<std::string> missing_locks;
};

/// Looks at pictures and videos that were scanned before, and records what they look like.
///
/// Each file is hashed before it is decoded: what is recorded is of the item and nothing else. Commits as it
/// goes; interrupted, what is done is kept, and the next run goes on. Error(wrong_key) without the evidence
/// class.
FingerprintReport fingerprint(archive::Archive& archive, const FingerprintOptions& options,
                              Progress& progress, const StopFlag& stop);

}  // namespace dalil::jobs
